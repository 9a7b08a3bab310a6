import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import {
  apiVersion,
  deletionPolicyAnnotation,
  generatedLabel,
  idMadeAnnotation,
  requestedForAnnotation,
} from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { markOf, requestedName } from '../../../src/api/requested-identity.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { namespaces } from '../../../src/kube/resources.ts';
import { startInstalled, tenant } from '../../support/installed-bindery.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { requestedFor, inUse, lookAround } from '../workloads/requested-services.ts';

let world: ServiceWorld;
/** May change instances and bindings, and not delete them: no role that is shipped does so by halves. */
let patcher: KubeClient;
let developer: KubeClient;
/** What somebody would write on an object to have it taken for one that was made for a workload that is gone. */
let marked: { readonly labels: object; readonly annotations: object };
/** A name that this mark gives. */
let forged: string;

beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  const identity = {
    of: 'workload',
    workload: { kind: 'Deployment', name: 'gone' },
    binding: 'db',
    class: 'postgresql',
  } as const;
  marked = {
    labels: { [generatedLabel]: 'true' },
    annotations: { [requestedForAnnotation]: markOf(identity) },
  };
  forged = requestedName(world.namespace, identity);
  await startInstalled(world);
  await world.register();
  const { controlPlane, namespace } = world;
  const resources = ['serviceinstances', 'servicebindings'].map(
    (name) => `--resource=${name}.servicecatalog.k8s.io`,
  );
  const create = ['create', 'clusterrole', 'patcher', '--verb=get,list,create,update,patch', ...resources];
  expect(await controlPlane.kubectl(create)).toMatchObject({ code: 0 });
  patcher = await tenant(world, 'mallory', { [namespace]: 'patcher' });
  developer = await tenant(world, 'developer', { [namespace]: 'edit' });
}, 90_000);
afterAll(() => world?.stop());

/** A merge patch of metadata, as mallory. */
function patch(name: string, metadata: object, resource = serviceInstances): Promise<ServiceInstance> {
  return patcher.patch(resource, { namespace: world.namespace, name }, { metadata }, { type: 'merge' });
}

const forbidden = { status: 403, message: expect.stringContaining('user mallory may not delete') as string };

it('who may patch an instance and not delete it can not have it deleted by marking it as generated', async () => {
  // The name that the mark gives, too.
  await world.createInstance(forged);
  await world.createBinding(forged, forged);
  await world.binding(forged, isReady, 'is ready');
  await waitFor(async () => {
    await expect(patch(forged, marked)).rejects.toMatchObject(forbidden);
    return true;
  });
  await expect(patch(forged, { labels: marked.labels })).rejects.toMatchObject(forbidden);
  await expect(patch(forged, marked, serviceBindings)).rejects.toMatchObject(forbidden);
  const idMade = { annotations: { [idMadeAnnotation]: new Date().toISOString() } };
  await expect(patch(forged, idMade)).rejects.toMatchObject(forbidden);
  // Everything else of it is theirs to change.
  await patch(forged, { labels: { tier: 'gold' }, annotations: { note: 'x' } });
  await lookAround(world);
  expect(isReady(await world.instance(forged, isReady, 'is ready'))).toBe(true);
  expect(world.broker.requestsOf('deprovision')).toEqual([]);
});

it('a mark alone does not make an instance of a person a generated one', async () => {
  await world.createInstance('mine');
  await world.instance('mine', isReady, 'is ready');
  const ref = { namespace: world.namespace, name: 'mine' };
  await developer.patch(serviceInstances, ref, { metadata: marked }, { type: 'merge' });
  await lookAround(world);
  const mine = await world.instance('mine', isReady, 'is ready');
  expect(mine.metadata.deletionTimestamp).toBeUndefined();
  expect(world.broker.requestsOf('deprovision')).toEqual([]);
});

it('who may not delete a generated instance can not keep it either by taking its marks away', async () => {
  await inUse(world, 'app', 'kept');
  const { instance: name, login } = requestedFor(world.namespace, 'app', 'kept');
  await expect(patch(name, { labels: { [generatedLabel]: null } })).rejects.toMatchObject(forbidden);
  await expect(patch(name, { annotations: { [requestedForAnnotation]: null } })).rejects.toMatchObject(
    forbidden,
  );
  await expect(patch(login, { labels: { [generatedLabel]: null } }, serviceBindings)).rejects.toMatchObject(
    forbidden,
  );
});

it('who has an id of others can not say that it was made for an object of theirs, and so get what was retained for others', async () => {
  const { namespace, client } = world;
  await world.createInstance('left', {}, { [deletionPolicyAnnotation]: 'retain' });
  const left = await world.instance('left', isReady, 'is ready');
  await world.remove(serviceInstances, 'left');
  await world.gone(serviceInstances, 'left');
  const theirs = `${namespace}-theirs`;
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: theirs } });
  const trudy = await tenant(world, 'trudy', { [theirs]: 'edit' });
  const ref = { namespace: theirs, name: 'taken' };
  const taken = await trudy.create<ServiceInstance>(serviceInstances, {
    apiVersion,
    kind: serviceInstances.kind,
    metadata: ref,
    spec: named(left.spec.externalID ?? ''),
  });
  const waits = async (): Promise<boolean> =>
    readyReason(await trudy.get(serviceInstances, ref)) === 'IdRetained';
  await waitFor(waits, { timeoutMs: 45_000, describe: 'it waits' });
  const say = (mark: string): Promise<ServiceInstance> =>
    trudy.patch(
      serviceInstances,
      ref,
      { metadata: { annotations: { [idMadeAnnotation]: mark } } },
      { type: 'merge' },
    );
  const { uid = '', creationTimestamp = '' } = taken.metadata;
  const refused = {
    status: 403,
    message: expect.stringContaining('user trudy may not say by servicecatalog.k8s.io/id-made') as string,
  };
  const almost = new Date(Date.parse(creationTimestamp) + 60_000).toISOString();
  for (const what of [uid, creationTimestamp, almost])
    for (const mark of [what, `${what}/0123456789abcdef`])
      await expect(say(mark)).rejects.toMatchObject(refused);
  // What says less than before is theirs to write, such as with an older manifest. Neither is believed.
  for (const mark of ['2020-01-01T00:00:00.000Z', new Date(creationTimestamp).toUTCString(), 'before'])
    await say(mark);
  await lookAround(world);
  expect(await waits()).toBe(true);
  expect(world.broker.requestsOf('provision').filter(isOf(left))).toHaveLength(1);
  await trudy.delete(serviceInstances, ref);
}, 120_000);

const isOf =
  ({ status }: ServiceInstance) =>
  ({ instanceId }: { readonly instanceId?: string | undefined }): boolean =>
    instanceId === status?.instanceID;

function named(externalID: string): ServiceInstance['spec'] {
  return {
    clusterServiceClassExternalName: 'postgresql',
    clusterServicePlanExternalName: 'small',
    externalID,
  };
}
