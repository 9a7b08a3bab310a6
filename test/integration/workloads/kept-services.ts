import { randomUUID } from 'node:crypto';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { reclaimAnnotation, reclaimAtAnnotation } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { isNotFound } from '../../../src/kube/errors.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { deployments, events, pods, statefulSets, type Resource } from '../../../src/kube/resources.ts';
import { isReady, type ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { asking, byAlice, deploy, requestedFor, type RequestedNames } from './requested-services.ts';

/** Flags with which a process knows after a second that something is unused. */
export const watchful = { reclaimView: '1s', reclaimDeleteView: '1s' };
/** And with which that goes at once. */
export const hasty = { ...watchful, requestReclaim: '0s', bindingReclaim: '1s' };
/** The same on a command line. */
export const hastyArgs = ['view=1s', 'delete-view=1s']
  .map((flag) => `--reclaim-${flag}`)
  .concat('--request-reclaim=0s', '--binding-reclaim=1s');

export type Words = Readonly<Record<string, string>>;

export function reclaiming(name: string, policy: string): Words {
  return { [`reclaim.bind.servicecatalog.k8s.io/${name}`]: policy };
}

/** A requested service and its login, as they are in the cluster. */
export interface Service {
  readonly instance: ServiceInstance;
  readonly login: ServiceBinding;
}

/** Both of them, ready, with what is recorded of their future. */
export async function serviceOf(world: ServiceWorld, names: RequestedNames, policy = ''): Promise<Service> {
  const login = await world.binding(names.login, isReady, 'is ready');
  const isRecorded = ({ metadata }: ServiceInstance): boolean =>
    (metadata.annotations?.[reclaimAnnotation] ?? '') === policy;
  const instance = await world.instance(
    names.instance,
    (found) => isReady(found) && isRecorded(found),
    `is ready and kept as is said: ${policy}`,
  );
  return { instance, login };
}

/** What a Deployment has asked for. */
export async function deployed(
  world: ServiceWorld,
  workload: string,
  name: string,
  more: Words = {},
): Promise<Service> {
  await deploy(world, workload, { ...asking(name), ...more });
  const policy = more[`reclaim.bind.servicecatalog.k8s.io/${name}`] ?? '';
  return serviceOf(world, requestedFor(world.namespace, workload, name), policy);
}

/**
 * Waits until another service of the namespace has been made, was asked for no more, and is gone. All of a namespace is
 * judged at once: whatever was unused before that began has its time by then.
 */
export async function anotherGoes(world: ServiceWorld): Promise<void> {
  const name = `other-${randomUUID().slice(0, 8)}`;
  const { instance } = await deployed(world, name, name, reclaiming(name, '1s'));
  await world.remove(deployments, name);
  await goes(world, instance.metadata.name);
}

/**
 * Waits until an instance is gone of which nobody asks any more. What its workload said counts only for a process that has seen
 * that go, and a restart may be in between: so it is said once more, by hand, beside the time that it has got.
 */
export async function goes(world: ServiceWorld, name: string): Promise<void> {
  const ref = { namespace: world.namespace, name };
  const soon = { metadata: { annotations: { [reclaimAnnotation]: '1s' } } };
  const isGone = async (): Promise<boolean> => {
    const found = await world.find(serviceInstances, name);
    if (found === undefined || found.metadata.deletionTimestamp !== undefined) return true;
    const { annotations = {} } = found.metadata;
    if (annotations[reclaimAtAnnotation] === undefined || annotations[reclaimAnnotation] === '1s')
      return false;
    try {
      await world.client.patch(serviceInstances, ref, soon, { type: 'merge' });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return false;
  };
  await waitFor(isGone, { timeoutMs: 45_000, describe: `${name} is being deleted` });
  await world.gone(serviceInstances, name);
}

/** @throws when instance or login are others, have a time, or the broker does not hold them any more */
export async function stands(world: ServiceWorld, { instance, login }: Service): Promise<void> {
  await isSame(world, serviceInstances, instance);
  await isSame(world, serviceBindings, login);
  expect(world.broker.liveBindings().map(({ id }) => id)).toContain(idOf(login));
  await provisioned(world, instance);
}

/** The instance alone. */
export async function provisioned(world: ServiceWorld, instance: ServiceInstance): Promise<void> {
  await isSame(world, serviceInstances, instance);
  expect(world.broker.liveInstances().map(({ id }) => id)).toContain(idOf(instance));
}

export async function isSame(
  world: ServiceWorld,
  resource: Resource,
  { metadata }: KubeObject,
): Promise<void> {
  const now = await world.find(resource, metadata.name);
  expect(now?.metadata).toMatchObject({ uid: metadata.uid });
  expect(now?.metadata.deletionTimestamp).toBeUndefined();
  expect(now?.metadata.annotations?.[reclaimAtAnnotation]).toBeUndefined();
}

function idOf({ spec, status }: ServiceInstance | ServiceBinding): string | undefined {
  const { instanceID, bindingID } = (status ?? {}) as {
    readonly instanceID?: string;
    readonly bindingID?: string;
  };
  return instanceID ?? bindingID ?? spec.externalID;
}

/** Waits until it has a time to go, for this very object. */
export async function getsItsTime(
  world: ServiceWorld,
  resource: Resource,
  name: string,
): Promise<KubeObject> {
  return world.until(
    resource,
    name,
    ({ metadata }) => metadata.annotations?.[reclaimAtAnnotation]?.endsWith(` ${metadata.uid}`) === true,
    'has a time to go',
  );
}

/** Waits until it has none any more. */
export async function losesItsTime(world: ServiceWorld, resource: Resource, name: string): Promise<void> {
  await world.until(
    resource,
    name,
    ({ metadata }) => metadata.annotations?.[reclaimAtAnnotation] === undefined,
    'has no time to go',
  );
}

interface Told extends KubeObject {
  readonly involvedObject: { readonly name: string };
  readonly reason: string;
  readonly message: string;
}

/** Waits until this was told on the object. */
export async function isTold(
  world: ServiceWorld,
  name: string,
  reason: string,
  words: RegExp,
): Promise<void> {
  const find = async (): Promise<boolean> => {
    const { items } = await world.client.list<Told>(events, { namespace: world.namespace });
    return items.some(
      (event) => event.involvedObject.name === name && event.reason === reason && words.test(event.message),
    );
  };
  await waitFor(find, { timeoutMs: 45_000, describe: `${reason} is told on ${name}: ${words.source}` });
}

const hold = 'example.com/hold';

/** A workload whose Pods stay in their grace period until `letGo`. No node runs them. */
export async function deployWithPods(
  world: ServiceWorld,
  workload: string,
  name: string,
  options: { readonly resource?: Resource; readonly more?: Words; readonly isInjected?: boolean } = {},
): Promise<RequestedNames> {
  const { resource = deployments, more = {}, isInjected = false } = options;
  const { kind } = resource;
  const names = requestedFor(world.namespace, { kind, name: workload }, name);
  const labels = { app: workload };
  const volumes = isInjected ? [{ name: 'login', secret: { secretName: names.login } }] : [];
  const containers = [{ name: 'main', image: 'registry.example.com/app:1' }];
  await world.client.create(resource, {
    metadata: { name: workload, namespace: world.namespace, annotations: byAlice },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations: { ...asking(name), ...more }, finalizers: [hold] },
        spec: { volumes, containers },
      },
      ...(resource === statefulSets ? { serviceName: workload } : {}),
    },
  } as KubeObject);
  await waitFor(async () => (await podsOf(world, workload)).length > 0, {
    timeoutMs: 45_000,
    describe: `${workload} has a Pod`,
  });
  return names;
}

/** A workload that alone can be seen: it is scaled to zero. */
export async function deployWithoutPods(
  { client, namespace }: ServiceWorld,
  name: string,
  annotations: Words,
  resource: Resource,
): Promise<void> {
  const labels = { app: name };
  const containers = [{ name: 'main', image: 'registry.example.com/app:1' }];
  const template = { metadata: { labels, annotations }, spec: { containers } };
  const spec = { replicas: 0, selector: { matchLabels: labels }, template };
  await client.create(resource, { metadata: { name, namespace, annotations: byAlice }, spec } as KubeObject);
}

export async function podsOf(
  { client, namespace }: ServiceWorld,
  workload: string,
): Promise<readonly KubeObject[]> {
  const { items } = await client.list<KubeObject>(pods, { namespace, labelSelector: `app=${workload}` });
  return items;
}

/** Waits until all Pods of the workload are in their grace period. */
export async function podsAreGoing(world: ServiceWorld, workload: string): Promise<void> {
  await waitFor(
    async () =>
      (await podsOf(world, workload)).every(({ metadata }) => metadata.deletionTimestamp !== undefined),
    { timeoutMs: 45_000, describe: `the Pods of ${workload} are being deleted` },
  );
}

/** The grace period of its Pods is over. */
export async function letGo(world: ServiceWorld, workload: string): Promise<void> {
  for (const { metadata } of await podsOf(world, workload)) {
    const ref = { namespace: world.namespace, name: metadata.name };
    await world.client.patch(pods, ref, { metadata: { finalizers: null } }, { type: 'merge' });
  }
}

/** Changes annotations of the Pod template. */
export async function annotateTemplate(
  world: ServiceWorld,
  workload: string,
  annotations: Readonly<Record<string, string | null>>,
  resource: Resource = deployments,
): Promise<void> {
  const patch = { spec: { template: { metadata: { annotations } } } };
  await world.client.patch(resource, { namespace: world.namespace, name: workload }, patch, {
    type: 'merge',
  });
}

/** The object goes without a word to anybody, as with a lost cluster. */
export async function lose(
  world: ServiceWorld,
  resource: Resource,
  { metadata: { name } }: KubeObject,
): Promise<void> {
  const ref = { namespace: world.namespace, name };
  try {
    await world.client.patch(resource, ref, { metadata: { finalizers: null } }, { type: 'merge' });
    await world.client.delete(resource, ref);
  } catch (error) {
    // The garbage collector takes a Secret away whose owner has gone.
    if (!isNotFound(error)) throw error;
  }
  await world.gone(resource, name);
}

/** And comes back from a backup: without status, uid and owners. */
export async function restore(
  { client }: ServiceWorld,
  resource: Resource,
  object: KubeObject,
): Promise<void> {
  const { status: _, metadata, ...rest } = object as KubeObject & { readonly status?: unknown };
  const { name, namespace = '', labels = {}, annotations = {} } = metadata;
  await client.create(resource, { ...rest, metadata: { name, namespace, labels, annotations } });
}
