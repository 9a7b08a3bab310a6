import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { maxPerNamespaceAnnotation, namespacesAnnotation } from '../../../src/api/group.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { Offering } from '../../../src/model/resolve.ts';
import { Rooms } from '../../../src/model/rooms.ts';
import { createStores, type Stores } from '../../../src/model/stores.ts';

let stores: Stores;
let rooms: Rooms;
let version = 0;
beforeEach(() => {
  stores = createStores({ client: {} as KubeClient, logger: silentLogger });
  rooms = new Rooms(stores);
  labelled({});
});

type Texts = Readonly<Record<string, string>>;

function labelled(labels: Texts): void {
  stores.namespaces.store.put({ metadata: { name: 'team', labels, resourceVersion: `${++version}` } });
}

function offering(plan: string, ofPlan: Texts = {}, ofClass: Texts = {}): Offering {
  const item = (name: string, annotations: Texts): object => ({
    metadata: { name: `${name}-id`, annotations },
    spec: { externalName: name, externalID: `${name}-id` },
  });
  return { scope: 'cluster', class: item('pg', ofClass), plan: item(plan, ofPlan) } as unknown as Offering;
}

interface Made {
  readonly plan?: string;
  readonly at?: number;
  /** Ids of plans that are on record: what the broker has, and what it was asked for. */
  readonly has?: string;
  readonly asked?: string;
  readonly namespace?: string;
}

function made(
  name: string,
  { plan = 'small', at = 0, has, asked, namespace = 'team' }: Made = {},
): ServiceInstance {
  const instance: ServiceInstance = {
    metadata: {
      name,
      namespace,
      uid: `${namespace}-${name}`,
      creationTimestamp: new Date(at * 1000).toISOString(),
      resourceVersion: `${++version}`,
    },
    spec: {
      clusterServiceClassRef: { name: 'pg-id' },
      clusterServicePlanRef: { name: `${plan}-id` },
    },
    status: {
      ...(has === undefined ? {} : { externalProperties: { planID: has } }),
      ...(asked === undefined ? {} : { inProgressProperties: { planID: asked } }),
    },
  };
  stores.serviceInstances.store.put(instance);
  return instance;
}

const two = { [maxPerNamespaceAnnotation]: '2' };
const answer = (instance: ServiceInstance, wanted: Offering): string =>
  rooms.enter(instance, wanted)?.reason ?? 'enters';

describe('of a plan for some namespaces', () => {
  const forTeams = { [namespacesAnnotation]: 'team in (a, b), !closed' };

  it.each([
    [{ team: 'a' }, 'enters'],
    [{ team: 'c' }, 'NotForNamespace'],
    [{ team: 'a', closed: '' }, 'NotForNamespace'],
    [{}, 'NotForNamespace'],
  ])('a namespace with labels %j: %s', (labels, expected) => {
    labelled(labels);
    expect(answer(made('x'), offering('small', forTeams))).toBe(expected);
    expect(answer(made('y'), offering('small', {}, forTeams))).toBe(expected);
  });

  it.each(['', ' ', 'team in (a', 'team=a=b', '=a', 'a in'])('that says %j nobody gets any', (text) => {
    labelled({ team: 'a' });
    expect(rooms.enter(made('x'), offering('small', { [namespacesAnnotation]: text }))?.message).toContain(
      'can not be understood',
    );
  });

  it('what the broker has, or was asked for, goes on', () => {
    expect(answer(made('x', { has: 'small-id' }), offering('small', forTeams))).toBe('enters');
    expect(answer(made('y', { asked: 'small-id' }), offering('small', forTeams))).toBe('enters');
    expect(answer(made('z', { has: 'large-id' }), offering('small', forTeams))).toBe('NotForNamespace');
  });

  it('says who may, and who can change it', () => {
    expect(rooms.enter(made('x'), offering('small', forTeams))?.message).toBe(
      'Plan "pg/small" is not offered in namespace "team": ClusterServicePlan "small-id" is for namespaces with labels ' +
        '"team in (a, b), !closed" (annotation servicecatalog.k8s.io/namespaces); choose another plan, or ask whoever ' +
        'manages the catalog. It goes on by itself when that changes.',
    );
  });
});

describe('of a plan with a limit', () => {
  it('the first ones get it, in order of creation, whoever is looked at first', () => {
    const [first, second, third] = [3, 1, 2].map((at) => made(`made-${at}`, { at }));
    expect([third, first, second].map((one) => one && answer(one, offering('small', two)))).toEqual([
      'enters',
      'LimitReached',
      'enters',
    ]);
  });

  it('whoever was let in before an older one was heard of has its room', () => {
    expect(answer(made('b', { at: 5 }), offering('small', { [maxPerNamespaceAnnotation]: '1' }))).toBe(
      'enters',
    );
    expect(answer(made('a', { at: 4 }), offering('small', { [maxPerNamespaceAnnotation]: '1' }))).toBe(
      'LimitReached',
    );
  });

  it('a lowered one takes nothing away, and lets nobody in', () => {
    made('a', { has: 'small-id' });
    made('b', { has: 'small-id' });
    made('c', { has: 'small-id' });
    expect(answer(made('a', { has: 'small-id' }), offering('small', two))).toBe('enters');
    expect(answer(made('d'), offering('small', two))).toBe('LimitReached');
  });

  it('those of other namespaces and other plans do not count, nor those that have left', () => {
    made('a', { has: 'small-id', namespace: 'other' });
    made('b', { has: 'large-id' });
    made('c', { plan: 'small', has: 'large-id' });
    const gone = made('d', { has: 'small-id' });
    made('e', { has: 'small-id' });
    expect(answer(made('x', { at: 9 }), offering('small', two))).toBe('LimitReached');
    stores.serviceInstances.store.remove(gone);
    expect(answer(made('x', { at: 9 }), offering('small', two))).toBe('enters');
  });

  it('one whose plan changes counts for both until it has', () => {
    made('a', { has: 'small-id', asked: 'large-id' });
    made('b', { has: 'large-id' });
    expect(answer(made('x', { at: 9 }), offering('large', two))).toBe('LimitReached');
    expect(answer(made('y', { at: 9 }), offering('small', { [maxPerNamespaceAnnotation]: '1' }))).toBe(
      'LimitReached',
    );
  });

  it('another plan needs room, too, and takes it from those who come then', () => {
    const one = { [maxPerNamespaceAnnotation]: '1' };
    const changing = made('a', { has: 'small-id', plan: 'large' });
    expect(answer(changing, offering('large', one))).toBe('enters');
    expect(answer(made('b', { at: 9, plan: 'large' }), offering('large', one))).toBe('LimitReached');
    // Refused by the broker, and back: nothing of it is left.
    made('a', { has: 'small-id', asked: 'large-id' });
    made('a', { has: 'small-id' });
    expect(answer(made('b', { at: 9, plan: 'large' }), offering('large', one))).toBe('enters');
  });

  it('the limit of a class counts all its plans, and lets plans be changed', () => {
    made('a', { has: 'small-id' });
    made('b', { has: 'large-id' });
    expect(answer(made('x', { at: 9 }), offering('small', {}, two))).toBe('LimitReached');
    made('c', { has: 'large-id' });
    expect(answer(made('a', { has: 'small-id', plan: 'large' }), offering('large', {}, two))).toBe('enters');
  });

  it.each(['', '-1', '2.5', 'two', '0'])('of %j nobody gets any', (text) => {
    expect(
      rooms.enter(made('x'), offering('small', { [maxPerNamespaceAnnotation]: text }))?.message,
    ).toContain('namespace "team" may have no new instances of plan "pg/small"'.slice(1));
  });

  it('names what is there, and what to do', () => {
    for (const name of 'abcdefg') made(name, { has: 'small-id' });
    expect(rooms.enter(made('x'), offering('small', two))?.message).toBe(
      'Namespace "team" has 7 of at most 2 instances of plan "pg/small": a, b, c, d, e and 2 more; delete one of them that ' +
        'is not needed any more, or ask whoever manages the catalog (annotation servicecatalog.k8s.io/max-per-namespace of ' +
        'ClusterServicePlan "small-id"). It goes on by itself when that changes.',
    );
  });
});
