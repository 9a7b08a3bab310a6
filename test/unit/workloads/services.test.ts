import { markOf, requestedName, type RequestedIdentity } from '../../../src/api/requested-identity.ts';
import { generatedLabel, reclaimAtAnnotation, requestedForAnnotation } from '../../../src/api/group.ts';
import { servicesIn } from '../../../src/workloads/concerned-services.ts';
import { inUse, type NamespaceView } from '../../../src/workloads/keeping/in-use.ts';
import { knownView } from '../../../src/workloads/known-view.ts';
import { admittedServices } from '../../../src/workloads/making/wanted-services.ts';
import { onServiceChanges } from '../../../src/workloads/service-changes.ts';
import { serviceView } from '../../../src/workloads/service-view.ts';
import { Random } from '../../foul-weather/random.ts';
import { knownNamespace } from './known-namespace.ts';

type World = ReturnType<typeof knownNamespace>;

const bindOf = (binding: string): string => `bind.servicecatalog.k8s.io/${binding}`;
const kinds = ['Deployment', 'StatefulSet', 'ReplicaSet', 'Job'] as const;
const names = ['a', 'b', 'c', 'd'] as const;
const bindings = ['db', 'cache'] as const;

/** The instance and the login that a workload asks for with `request/pg/…`. */
function madeFor(kind: string, name: string, binding: string, shareAs?: string) {
  const workload = { kind, name };
  const service: RequestedIdentity =
    shareAs === undefined
      ? { of: 'workload', workload, binding, class: 'pg' }
      : { of: 'share', share: shareAs, class: 'pg' };
  const instance = requestedName('n', service);
  const login: RequestedIdentity = { of: 'login', workload, binding, instance, parameters: '' };
  return { service, instance, login, loginName: requestedName('n', login) };
}

/** The words under which everything is kept, so that what is asked for and what is there meet often. */
function everything() {
  const shares = [undefined, 'money'];
  return kinds.flatMap((kind) =>
    names.flatMap((name) =>
      bindings.flatMap((binding) => shares.map((share) => madeFor(kind, name, binding, share))),
    ),
  );
}

function dice(seed: number) {
  const random = new Random(seed);
  const next = (below: number): number => random.between(0, below - 1);
  const one = <T>(of: readonly T[]): T => {
    const found = random.pick(of);
    if (found === undefined) throw new Error('there is nothing to choose from');
    return found;
  };
  return { next, one };
}

type Dice = ReturnType<typeof dice>;
const all = everything();

function words({ next, one }: Dice): Record<string, string> {
  const binding = one(bindings);
  const key = bindOf(binding);
  const made = one(all);
  const sources = [
    'request/pg/small',
    'request/pg/large',
    'request/pg/small',
    'requst/pg/small',
    `instance/${made.instance}`,
    'instance/mine',
    `binding/${made.loginName}`,
    `secret/${made.loginName}`,
  ];
  return {
    [key]: one(sources),
    ...(next(3) === 0 ? { [`share.${key}`]: one(['money', 'Deployment/a', '?']) } : {}),
    ...(next(4) === 0 ? { [`reclaim.${key}`]: one(['keep', 'delete', '3d']) } : {}),
    ...(next(8) === 0 ? { 'bnd.servicecatalog.k8s.io/db': 'request/pg/small' } : {}),
    ...(next(4) === 0 ? words({ next, one }) : {}),
  };
}

function marked(name: string, identity: RequestedIdentity, isValid: boolean) {
  const annotations = {
    [requestedForAnnotation]: isValid ? markOf(identity) : '{}',
    // With a time to go it is news that somebody needs it.
    [reclaimAtAnnotation]: '2026-01-01T00:00:00Z u',
  };
  return { name, labels: { [generatedLabel]: 'true' }, annotations };
}

/** What can happen to a namespace, one thing at a time. */
const steps: readonly ((world: World, dice: Dice) => void)[] = [
  ({ put }, random) => {
    const onTemplate = words(random);
    const beside = random.next(4) === 0 ? words(random) : {};
    put.workload(random.one(kinds), {
      metadata: { name: random.one(names), annotations: beside },
      spec: { replicas: random.next(3), template: { metadata: { annotations: onTemplate } } },
    });
  },
  ({ put }, random) => {
    // Of a Deployment: what it says belongs to that.
    const labels = { 'pod-template-hash': '7d9f' };
    put.workload('ReplicaSet', {
      metadata: { name: `${random.one(names)}-7d9f`, labels },
      spec: { replicas: random.next(2), template: { metadata: { labels, annotations: words(random) } } },
    });
  },
  ({ put }, { one }) => put.workload(one(kinds), { metadata: { name: one(names) } }),
  ({ remove }, { one }) => remove.workload(one(kinds), one(names)),
  ({ put }, random) => {
    const { service, instance } = random.one(all);
    put.instance({ metadata: marked(instance, service, random.next(8) > 0), spec: {} });
  },
  ({ put }, random) => {
    const { login, loginName, instance } = random.one(all);
    const of = random.next(8) === 0 ? random.one(all).instance : instance;
    const secret = random.next(8) === 0 ? random.one(all).loginName : loginName;
    put.binding({
      metadata: marked(loginName, login, random.next(8) > 0),
      spec: { instanceRef: { name: of }, secretName: secret },
    });
  },
  ({ put }, { one }) =>
    put.binding({ metadata: { name: 'mine' }, spec: { instanceRef: { name: one(all).instance } } }),
  ({ remove }, { one }) => remove.instance(one(all).instance),
  ({ remove }, { one }) => remove.binding(one([one(all).loginName, 'mine'])),
  ({ put }, random) => {
    const annotations = random.next(2) === 0 ? words(random) : {};
    const container = { name: 'main', envFrom: [{ secretRef: { name: random.one(all).loginName } }] };
    // A Pod does not change in what it needs.
    const name = `pod-${random.next(1_000_000)}`;
    put.pod({ metadata: { name, annotations }, spec: { containers: [container] } });
  },
  ({ put, known }, { one }) => {
    const [pod] = known.pods.store.byIndex('namespace', 'n');
    if (pod === undefined || pod.isFinished) return;
    const container = {
      name: 'main',
      envFrom: pod.needs.map((secret) => ({ secretRef: { name: secret } })),
    };
    const phase = one(['Running', 'Succeeded']);
    put.pod({
      metadata: { name: pod.metadata.name },
      spec: { containers: [container] },
      status: { phase },
    });
  },
  ({ remove, known }, { one }) => {
    const pods = known.pods.store.byIndex('namespace', 'n');
    if (pods.length > 0) remove.pod(one(pods).metadata.name);
  },
  ({ put }, { one }) => {
    const preset = { bindings: [{ name: 'x', binding: one(all).loginName }], selector: {} };
    put.preset({ metadata: { name: 'preset' }, spec: preset });
  },
];

/** All that is decided of each service, from what is seen: who keeps what of it, for how long, and who asks for it. */
function decided(view: NamespaceView, services: Iterable<string>): ReadonlyMap<string, string> {
  const { instances, bindings: logins } = inUse(view);
  const asking = [...view.workloads, ...view.pods.flatMap(({ asks }) => asks ?? [])];
  const waiting = view.pods.flatMap(({ waits }) => waits ?? []);
  return new Map(
    [...services].map((service) => {
      const name = service.slice('n/'.length);
      const asks = (workloads: typeof asking): readonly string[] => {
        const wanted = admittedServices(workloads, true, name);
        return [...wanted.instances.values(), ...wanted.bindings.values()]
          .flatMap((one) =>
            one.asks.map(({ workload, wish }) => {
              const who = `${workload.kind}/${workload.metadata.name} ${workload.requestedBy}`;
              return `${one.name} for ${who}: ${wish.request?.plan}`;
            }),
          )
          .toSorted();
      };
      const of = instances.filter(({ object }) => object.metadata.name === name);
      const at = logins.filter(({ object }) => object.spec.instanceRef.name === name);
      const said = {
        instances: of.map(({ object, usedBy, reclaims, logins: own }) => ({
          uid: object.metadata.uid,
          isUsed: usedBy !== undefined,
          reclaims: reclaims.map((reclaim) => JSON.stringify(reclaim) ?? '').toSorted(),
          logins: own.map((login) => login.object.metadata.name).toSorted(),
        })),
        logins: at
          .map(({ object, usedBy }) => `${object.metadata.name} ${usedBy === undefined ? '' : 'used'}`)
          .toSorted(),
        asks: asks(asking),
        waits: asks(waiting),
      };
      return [service, JSON.stringify(said)];
    }),
  );
}

const seeds = Array.from({ length: 10 }, (_none, index) => 1000 + index * 7919);
const changes = 150;

describe('a service that is looked at by itself', () => {
  it.each(seeds)('is decided as it is in its whole namespace (seed %d)', (seed) => {
    const random = dice(seed);
    const world = knownNamespace();
    for (let change = 0; change < changes; change++) {
      random.one(steps)(world, random);
      const services = servicesIn(world.known, 'n');
      const whole = decided(knownView(world.known, 'n'), services);
      for (const service of services) {
        const alone = decided(serviceView(world.known, 'n', service.slice('n/'.length)), [service]);
        expect(alone.get(service)).toBe(whole.get(service));
      }
    }
  });

  it.each(seeds)('is looked at when a change decides it anew (seed %d)', (seed) => {
    const random = dice(seed);
    const world = knownNamespace();
    const { known } = world;
    const looked = new Set<string>();
    onServiceChanges(known, (key) => looked.add(key));
    const possible = new Set([...all.map(({ instance }) => `n/${instance}`), 'n/mine']);
    const everyService = (): ReadonlySet<string> => new Set([...possible, ...servicesIn(known, 'n')]);
    let before = decided(knownView(known, 'n'), everyService());
    for (let change = 0; change < changes; change++) {
      looked.clear();
      random.one(steps)(world, random);
      const after = decided(knownView(known, 'n'), everyService());
      const nothing = [...decided({ ...emptyView, users: [] }, ['n/']).values()][0];
      for (const [service, now] of after) {
        const was = before.get(service) ?? nothing;
        if (was !== now && !looked.has('n')) expect([...looked]).toContain(service);
      }
      before = after;
    }
  });
});

const emptyView: NamespaceView = {
  workloads: [],
  pods: [],
  presets: [],
  instances: [],
  bindings: [],
  users: [],
  isThere: () => false,
};

describe('a change in a namespace of a thousand workloads', () => {
  const count = 1_000;

  function crowd() {
    const world = knownNamespace();
    const looked: string[] = [];
    for (let index = 0; index < count; index++) {
      const name = `app-${index}`;
      const { service, instance, login, loginName } = madeFor('Deployment', name, 'db');
      putWorkload(world, name, 'small');
      world.put.instance({ metadata: marked(instance, service, true), spec: {} });
      const spec = { instanceRef: { name: instance }, secretName: loginName };
      world.put.binding({ metadata: marked(loginName, login, true), spec });
    }
    onServiceChanges(world.known, (key) => looked.push(key));
    return { world, looked };
  }

  function putWorkload({ put }: World, name: string, plan: string): void {
    const annotations = { [bindOf('db')]: `request/pg/${plan}` };
    put.workload('Deployment', { metadata: { name }, spec: { template: { metadata: { annotations } } } });
  }

  it('has nothing looked at when it is one of a status alone', () => {
    const { world, looked } = crowd();
    putWorkload(world, 'app-7', 'small');
    expect(looked).toEqual([]);
    putWorkload(world, 'app-7', 'large');
    expect(looked).toHaveLength(1);
  });

  it.each([
    ['another plan', (world: World) => putWorkload(world, 'app-7', 'large')],
    ['a workload that goes', (world: World) => world.remove.workload('Deployment', 'app-7')],
    [
      'an instance that goes',
      (world: World) => world.remove.instance(madeFor('Deployment', 'app-7', 'db').instance),
    ],
    [
      'a login that goes',
      (world: World) => world.remove.binding(madeFor('Deployment', 'app-7', 'db').loginName),
    ],
  ])('has one service looked at, and of the others nothing: %s', (_what, change) => {
    const { world, looked } = crowd();
    change(world);
    const { instance } = madeFor('Deployment', 'app-7', 'db');
    expect(new Set(looked)).toEqual(new Set([`n/${instance}`]));
    const view = serviceView(world.known, 'n', instance);
    const seen = [view.workloads, view.pods, view.presets, view.instances, view.bindings, view.users];
    expect(Math.max(...seen.map((list) => list.length))).toBeLessThanOrEqual(1);
  });
});
