import { randomUUID } from 'node:crypto';
import { findCondition } from '../../../src/api/conditions.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { apiVersion, followParametersAnnotation } from '../../../src/api/group.ts';
import { clusterServiceBrokers, serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { namespaces, secrets } from '../../../src/kube/resources.ts';
import { waitFor } from '../../support/wait-for.ts';
import { isFailed, isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import {
  changePlan,
  changeSpec,
  expectCleanBroker,
  readyInstance,
  removeInstance,
} from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { maxRetryInterval: '200ms', secretCheckInterval: '300ms' } });
}, 60_000);
afterAll(() => world?.stop());
afterEach(() => expectCleanBroker(world));

/** Without a word to the broker, which has what it had. */
async function lose(name: string): Promise<void> {
  const ref = { namespace: world.namespace, name };
  await world.client.patch(serviceInstances, ref, { metadata: { finalizers: null } }, { type: 'merge' });
  await world.client.delete(serviceInstances, ref);
  await world.gone(serviceInstances, name);
  world.broker.forget();
}

/** As a backup has it: spec and metadata, no status, and a mark that is too old to be believed. */
async function restore({ metadata, spec }: ServiceInstance, changes: object = {}): Promise<ServiceInstance> {
  const { name, namespace, labels, annotations, finalizers } = metadata;
  const marks = { ...annotations, 'servicecatalog.k8s.io/id-made': '2020-01-01T00:00:00.000Z' };
  const kept = { name, namespace, labels, annotations: marks, finalizers };
  const object = { apiVersion, kind: 'ServiceInstance', metadata: kept, spec: { ...spec, ...changes } };
  return world.client.create(serviceInstances, object as KubeObject) as Promise<ServiceInstance>;
}

const ready = (name = 'db') => world.instance(name, isReady, 'is ready');

/** The broker has been told of it. */
const done = ({ metadata }: ServiceInstance) =>
  world.instance(
    metadata.name,
    ({ status }) => (status?.reconciledGeneration ?? 0) >= (metadata.generation ?? 0),
    'is as its spec says',
  );

const messageOf = ({ status }: ServiceInstance, type = 'Ready'): string =>
  findCondition(status?.conditions, type)?.message ?? '';

const countOf = (operation: 'getInstance' | 'provision' | 'update' | 'deprovision'): number =>
  world.broker.requestsOf(operation).length;

const liveIds = () => world.broker.liveInstances().map(({ id }) => id);

/** The plan and the parameters of the one service. */
function whatIs() {
  const [{ planId, parameters } = {}] = world.broker.liveInstances();
  return { planId, parameters };
}

/** The service of before is there, it alone, and nothing was changed or deleted. */
function expectSame({ spec: { externalID } }: ServiceInstance): void {
  expect(liveIds()).toEqual([externalID]);
  expect([countOf('update'), countOf('deprovision')]).toEqual([0, 0]);
}

/** The parameters of one who asks for another size, where the broker shows none. */
const other = { parameters: { size: 9 } };

describe('an instance that comes back without a status, of a service that its broker shows', () => {
  it('is taken up again: the broker is asked what it has before anything is put', async () => {
    const backup = await readyInstance(world, 'db');
    await lose('db');
    await restore(backup);
    const back = await ready();
    expectSame(backup);
    expect(world.broker.requests.map(({ operation }) => operation)).toEqual(['getInstance', 'provision']);
    expect(messageOf(back)).toBe('The instance was provisioned successfully');
    expect(back.status?.instanceID).toBe(backup.spec.externalID);
    await removeInstance(world, 'db');
  });

  it('keeps the plan that it has by now, says so, and follows the next change of its spec', async () => {
    const backup = await readyInstance(world, 'db');
    await done(await changePlan(world, 'db', 'large'));
    await lose('db');
    await restore(backup);
    const back = await ready();
    expectSame(backup);
    expect(messageOf(back)).toContain('plan "large" instead of "small"');
    const large = world.broker.liveInstances()[0]?.planId;
    expect(back.status?.externalProperties?.planID).toBe(large);
    await done(await changeSpec(world, 'db', { updateRequests: 1 }));
    expect(world.broker.liveInstances()[0]?.planId).not.toBe(large);
    await removeInstance(world, 'db');
  });

  it('keeps the parameters that it has by now, shows none of them, and says so', async () => {
    const backup = await readyInstance(world, 'db', { parameters: { size: 1 } });
    await done(await changeSpec(world, 'db', { parameters: { size: 2, word: 'unshown' } }));
    await lose('db');
    await restore(backup);
    const back = await ready();
    expectSame(backup);
    expect(messageOf(back)).toContain('with other parameters, and it stays so');
    expect(JSON.stringify(back.status)).not.toContain('unshown');
    // A merge patch: the word is in no spec.
    await done(await changeSpec(world, 'db', { parameters: { size: 3 } }));
    expect(world.broker.liveInstances()[0]?.parameters).toEqual({ size: 3 });
    await removeInstance(world, 'db');
  });

  it('keeps them also when the broker is told of its namespace, and when its Secrets are followed', async () => {
    const secret = { namespace: world.namespace, name: 'db-parameters' };
    const stringData = (word: string) => ({ stringData: { json: JSON.stringify({ word }) } });
    await world.client.create(secrets, { metadata: secret, ...stringData('first') });
    const parametersFrom = [{ secretKeyRef: { name: secret.name, key: 'json' } }];
    const followed = { [followParametersAnnotation]: 'enabled' };
    await world.createInstance('db', { parameters: { size: 1 }, parametersFrom }, followed);
    const backup = await ready();
    await done(await changeSpec(world, 'db', { parameters: { size: 2 } }));
    await done(await changePlan(world, 'db', 'large'));
    const had = whatIs();
    await lose('db');
    await restore(backup);
    await world.instance('db', (each) => messageOf(each, 'ParametersNotFollowed') !== '', 'says so');
    expectSame(backup);
    const shown = { metadata: { annotations: { 'servicecatalog.k8s.io/context-annotations': 'team' } } };
    await world.client.patch(clusterServiceBrokers, { name: 'test' }, shown, { type: 'merge' });
    for (const team of ['one', 'two']) {
      world.broker.forget();
      const told = { metadata: { annotations: { team } } };
      await world.client.patch(namespaces, { name: world.namespace }, told, { type: 'merge' });
      await world.client.patch(secrets, secret, stringData(team), { type: 'merge' });
      await waitFor(() => countOf('update') > 0, { describe: 'the broker is told' });
      await world.instance('db', (each) => isReady(each) && !each.status?.currentOperation, 'is at rest');
      const bodies = world.broker.requestsOf('update').map(({ body }) => body as Record<string, unknown>);
      for (const body of bodies)
        expect([body['plan_id'], body['parameters']]).toEqual([undefined, undefined]);
    }
    expect(whatIs()).toEqual(had);
    await done(await changeSpec(world, 'db', { updateRequests: 1 }));
    expect(whatIs().planId).not.toBe(had.planId);
    expect(whatIs().parameters).toEqual({ size: 1, word: 'two' });
    await removeInstance(world, 'db');
  }, 60_000);

  it('is not called new when its broker answers 202', async () => {
    const backup = await readyInstance(world, 'db');
    await lose('db');
    const later = { kind: 'answer', status: 202, body: { operation: 'x' } } as const;
    world.broker.script({ operation: 'provision' }, later);
    const done200 = { kind: 'answer', status: 200, body: { state: 'succeeded' } } as const;
    const polled = world.broker.script({ operation: 'pollInstance' }, done200, 'always');
    await restore(backup);
    expect(messageOf(await ready())).toContain('The broker had it already');
    polled.cancel();
    expectSame(backup);
    await removeInstance(world, 'db');
  });

  it('waits while the broker can not say what it has, and makes nothing meanwhile', async () => {
    const backup = await readyInstance(world, 'db');
    await lose('db');
    const deaf = world.broker.script({ operation: 'getInstance' }, { kind: 'answer', status: 500 }, 'always');
    await restore(backup);
    const waiting = await world.instance(
      'db',
      (instance) => readyReason(instance) === 'ErrorFetchingInstance' && (instance.status?.attempts ?? 0) > 1,
      'waits for an answer',
    );
    expect(messageOf(waiting)).toContain('Asking the broker what it has under this id failed');
    expect(countOf('provision')).toBe(0);
    deaf.cancel();
    await ready();
    expectSame(backup);
    await removeInstance(world, 'db');
  });

  it('asks for nothing under the id of a service of another class', async () => {
    const stranger = await readyInstance(world, 'other');
    await lose('other');
    const body = { service_id: 'another'.repeat(6000) };
    const shown = world.broker.script(
      { operation: 'getInstance' },
      { kind: 'answer', status: 200, body },
      'always',
    );
    await world.createInstance('db', { externalID: stranger.spec.externalID ?? '' });
    const refused = await world.instance('db', isFailed, 'is refused');
    expect(readyReason(refused)).toBe('IdOfAnotherService');
    expect(messageOf(refused).length).toBeLessThan(4096);
    expect(countOf('provision')).toBe(0);
    await removeInstance(world, 'db');
    expect(countOf('deprovision')).toBe(0);
    shown.cancel();
    await restore(stranger);
    await ready('other');
    await removeInstance(world, 'other');
  });

  it('is asked for like a new one where the broker can not be asked so', async () => {
    const backup = await readyInstance(world, 'db');
    await lose('db');
    world.broker.script({ operation: 'getInstance' }, { kind: 'answer', status: 405 }, 'always');
    await restore(backup);
    await ready();
    expectSame(backup);
    await removeInstance(world, 'db');
  });
});

describe('an instance that comes back and is nowhere', () => {
  it('is made under its id, and says that it is new and empty', async () => {
    const backup = await readyInstance(world, 'db');
    await removeInstance(world, 'db');
    // As a broker is that was itself set up anew: it has never heard of the id.
    await restore(backup, { externalID: randomUUID() });
    const made = await ready();
    expect(messageOf(made)).toContain('the service is new, and empty');
    expect(countOf('getInstance')).toBeGreaterThan(0);
    await removeInstance(world, 'db');
  });

  it('is made like any other under an id that a person chose', async () => {
    const made = await readyInstance(world, 'db', { externalID: randomUUID() });
    expect(messageOf(made)).toBe('The instance was provisioned successfully');
    await removeInstance(world, 'db');
  });
});

describe('an instance that comes back and whose service is not as it says (409)', () => {
  it('is never made anew, whatever becomes of its spec, and is there when it says what there is', async () => {
    const backup = await readyInstance(world, 'db', { parameters: { size: 1 } });
    await lose('db');
    // The broker shows no parameters.
    const hide = { kind: 'answer', status: 404, body: {} } as const;
    world.broker.script({ operation: 'getInstance' }, hide, 'always');
    await restore(backup, other);
    const refused = await world.instance('db', isFailed, 'is refused');
    expect(messageOf(refused, 'Stalled')).toContain('nothing is made under another id');
    expect(refused.status?.instanceID).toBe(backup.spec.externalID);
    const again = await changeSpec(world, 'db', { parameters: { size: 8 } });
    await world.instance(
      'db',
      (instance) => isFailed(instance) && instance.status?.observedGeneration === again.metadata.generation,
      'is refused again',
    );
    expectSame(backup);
    await changeSpec(world, 'db', { parameters: { size: 1 } });
    await ready();
    expectSame(backup);
    await removeInstance(world, 'db');
  });

  it('can go without a word to the broker', async () => {
    const backup = await readyInstance(world, 'db', { parameters: { size: 1 } });
    await lose('db');
    world.broker.script({ operation: 'getInstance' }, { kind: 'answer', status: 404, body: {} }, 'always');
    await restore(backup, other);
    await world.instance('db', isFailed, 'is refused');
    await removeInstance(world, 'db');
    expectSame(backup);
    await restore(backup);
    await ready();
    await removeInstance(world, 'db');
  });
});
