import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { adoptAnnotation, finalizer, idMadeAnnotation } from '../../../src/api/group.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { bindingKind } from '../../../src/bindings/binding-kind.ts';
import { InstanceLanes } from '../../../src/bindings/instance-lanes.ts';
import { RepairPace } from '../../../src/operations/repair-pace.ts';
import { SecretChecks } from '../../../src/operations/secret-checks.ts';
import { clusterMarkOf } from '../../../src/model/cluster-mark.ts';
import { createStores } from '../../../src/model/stores.ts';
import { instanceKind } from '../../../src/instances/instance-kind.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { keepHold } from '../../../src/operations/adopt.ts';
import type { Kind, OperationTask } from '../../../src/operations/kind.ts';
import type { BrokeredObject } from '../../../src/operations/operation-status.ts';

const lanes = new InstanceLanes({ stopwatch: { elapsedMs: () => 0 }, wake: () => undefined });
const checks = new SecretChecks({ keys: () => [], enqueue: () => undefined, roundMs: 1 });
const bindings = bindingKind(
  lanes,
  { checks, pace: new RepairPace(1), olderUsers: async () => true },
  new Set(),
);
const metadata = { name: 'db', namespace: 'shop', uid: 'u', resourceVersion: '1', generation: 2 };
const cluster = clusterMarkOf('us');
const recorded = { externalProperties: {}, observedGeneration: 1 };

function instance(fields: Partial<ServiceInstance> = {}): ServiceInstance {
  return { metadata, spec: {}, ...fields };
}

function binding(fields: Partial<ServiceBinding> = {}): ServiceBinding {
  return { metadata, spec: { instanceRef: { name: 'db' } }, ...fields };
}

/** @returns what is written to hold on to the object; undefined for nothing */
async function held<O extends BrokeredObject>(kind: Kind<O>, object: O): Promise<object | undefined> {
  let written: object | undefined;
  const client = {
    patch: (_resource: object, _ref: object, patch: object) => {
      written = patch;
      return Promise.resolve(object);
    },
  } as unknown as KubeClient;
  const stores = createStores({ client, logger: silentLogger });
  const newId = (): string => 'fresh';
  const clusterId = { get: async () => 'us', mark: async () => cluster };
  await keepHold({ kind, client, stores, newId, clusterId } as unknown as OperationTask<O>, object);
  return written;
}

describe('of what its broker may have', () => {
  it('finalizer and id are put back when they were lost together with a change of the spec', async () => {
    const back = { metadata: { finalizers: [finalizer] }, spec: { externalID: 'used' } };
    const lost = instance({ status: { ...recorded, instanceID: 'used' } });
    const patch = await held(instanceKind, lost);
    expect(patch).toMatchObject(back);
    const annotations = { [idMadeAnnotation]: `given/${cluster}` };
    expect(patch).toMatchObject({ metadata: { annotations } });
    const ofBinding = await held(bindings, binding({ status: { ...recorded, bindingID: 'used' } }));
    expect(ofBinding).toMatchObject(back);
    expect(ofBinding).toMatchObject({ metadata: { annotations } });
  });

  it('nothing is put back when only the finalizer was taken away: it is to go without a word', async () => {
    const status = { ...recorded, observedGeneration: 2 };
    const marked = { ...metadata, annotations: { [idMadeAnnotation]: `given/${cluster}` } };
    const left = instance({ metadata: marked, spec: { externalID: 'used' }, status });
    expect(await held(instanceKind, left)).toBeUndefined();
    const spec = { instanceRef: { name: 'db' }, externalID: 'used', secretName: 'db' };
    expect(await held(bindings, binding({ metadata: marked, spec, status }))).toBeUndefined();
  });
});

describe('of what no broker has heard of', () => {
  it('an instance is left alone until its class is known', async () => {
    expect(await held(instanceKind, instance())).toBeUndefined();
  });

  it('a binding gets what it lacks at once, and a mark that its id is new', async () => {
    expect(await held(bindings, binding())).toMatchObject({
      metadata: { finalizers: [finalizer], annotations: { [idMadeAnnotation]: `u/${cluster}` } },
      spec: { externalID: 'fresh', secretName: 'db' },
    });
  });
});

describe('the mark of an id', () => {
  const other = clusterMarkOf('them');
  const used = { ...recorded, instanceID: 'used' };
  const adopted = { ...used };
  const said = {};
  const creationTimestamp = '2026-03-01T12:00:00Z';
  const at = '2026-03-01T12:00:00.500Z';

  it.each<[string, string | undefined, object | undefined, string | undefined]>([
    ['is left alone where it names this cluster', `u/${cluster}`, used, undefined],
    ['names the cluster where the webhook did not know it', at, undefined, `u/${cluster}`],
    ['names the cluster of one that came back', '2020-01-01T00:00:00Z', undefined, `before/${cluster}`],
    ['names the cluster of one that a person chose', undefined, undefined, `given/${cluster}`],
    ['is of another cluster while nothing is known of it here', `before/${other}`, undefined, undefined],
    ['is of this cluster once it is used here', `before/${other}`, used, `before/${cluster}`],
    ['says as before who made it', `u/${other}`, used, `u/${cluster}`],
    ['says that it is adopted, and where', `before/${other}`, adopted, `adopted/${cluster}`],
    ['says so also of one that was made here', `u/${cluster}`, adopted, `adopted/${cluster}`],
    ['is left alone where it says so', `adopted/${cluster}`, adopted, undefined],
    ['is of another cluster that adopted it', `adopted/${other}`, said, undefined],
  ])('%s', async (_case, mark, status, written) => {
    const word = status === adopted || status === said ? { [adoptAnnotation]: 'true' } : {};
    const annotations = mark === undefined ? {} : { ...word, [idMadeAnnotation]: mark };
    const spec = { instanceRef: { name: 'db' }, externalID: 'used', secretName: 'db' };
    const marked = { ...metadata, creationTimestamp, finalizers: [finalizer], annotations };
    const patch = await held(bindings, binding({ metadata: marked, spec, ...(status && { status }) }));
    const expected = written && { metadata: { annotations: { [idMadeAnnotation]: written } } };
    if (expected === undefined) expect(patch).toBeUndefined();
    else expect(patch).toMatchObject(expected);
  });
});
