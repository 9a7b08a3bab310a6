import { randomUUID } from 'node:crypto';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { serviceBindings } from '../../../src/api/kinds.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { requestedByAnnotation } from '../../../src/api/group.ts';
import { deployments, statefulSets, type Resource } from '../../../src/kube/resources.ts';
import { requestedName, type WorkloadRef } from '../../../src/api/requested-identity.ts';
import { isReady, type ServiceWorld } from '../../support/world/service-world.ts';

/** Annotation that asks for a small PostgreSQL under the name. */
export function asking(name: string): Readonly<Record<string, string>> {
  return { [`bind.servicecatalog.k8s.io/${name}`]: source };
}

/** What is made for a workload: names of the instance, and of the binding and its Secret. */
export interface RequestedNames {
  readonly instance: string;
  readonly login: string;
}

/** What `asking(binding)` on the workload leads to. */
export function requestedFor(
  namespace: string,
  workload: string | WorkloadRef,
  binding: string,
  className = 'postgresql',
): RequestedNames {
  const of = typeof workload === 'string' ? { kind: 'Deployment', name: workload } : workload;
  const instance = requestedName(namespace, { of: 'workload', workload: of, binding, class: className });
  const login = requestedName(namespace, { of: 'login', workload: of, binding, instance, parameters: '' });
  return { instance, login };
}

/** Who asks where a story says nothing else: what the webhook would have written on the workload. */
export const byAlice = { [requestedByAnnotation]: 'alice' } as const;

/**
 * Creates a workload with these annotations on its Pod template, where the webhook would have put them.
 * @param own annotations of the workload itself
 */
export async function deploy(
  world: Pick<ServiceWorld, 'client' | 'namespace'>,
  name: string,
  annotations: Readonly<Record<string, string>>,
  resource: Resource = deployments,
  own: Readonly<Record<string, string>> = Object.keys(annotations).length > 0 ? byAlice : {},
): Promise<void> {
  const selector = { matchLabels: { app: name } };
  const template = {
    metadata: { labels: { app: name }, annotations },
    spec: { containers: [{ name: 'main', image: 'registry.example.com/app:1' }] },
  };
  await world.client.create(resource, {
    metadata: { name, namespace: world.namespace, annotations: own },
    spec: { selector, template, ...(resource === statefulSets ? { serviceName: name } : {}) },
  } as KubeObject);
}

/**
 * Edits what a Deployment asks for on its template.
 * @param own annotations of the workload itself
 */
export async function reask(
  world: Pick<ServiceWorld, 'client' | 'namespace'>,
  name: string,
  annotations: Readonly<Record<string, string | null>>,
  own: Readonly<Record<string, string | null>> = {},
): Promise<void> {
  const change = { metadata: { annotations: own }, spec: { template: { metadata: { annotations } } } };
  await world.client.patch(deployments, { namespace: world.namespace, name }, change, { type: 'merge' });
}

/** A service that was requested by annotation, in use. */
export async function inUse(world: ServiceWorld, workload: string, name: string): Promise<ServiceInstance> {
  await deploy(world, workload, asking(name));
  const { instance, login } = requestedFor(world.namespace, workload, name);
  await world.binding(login, isReady, 'is ready');
  return world.instance(instance, isReady, 'is ready');
}

/**
 * Waits until the controllers have looked at the whole namespace and done what came of it. A namespace is reconciled at
 * once, and never twice at the same time: the run that serves a second new request begins after the one that served
 * the first, and all that it took away, has ended.
 */
export async function lookAround(world: ServiceWorld): Promise<void> {
  for (const name of [uniqueName(), uniqueName()]) {
    await deploy(world, name, asking(name));
    await world.binding(requestedFor(world.namespace, name, name).login, isReady, 'is ready');
  }
}

/** @throws when the service is another one, is going, or the broker was asked to take anything away */
export async function isKept(world: ServiceWorld, { metadata, status }: ServiceInstance): Promise<void> {
  const instance = await world.instance(metadata.name, () => true, 'is there');
  const [login] = await loginsAt(world, metadata.name);
  expect(instance.metadata.uid).toBe(metadata.uid);
  expect(instance.metadata.deletionTimestamp).toBeUndefined();
  expect(login?.metadata.deletionTimestamp).toBeUndefined();
  expect(world.broker.liveInstances().map(({ id }) => id)).toContain(status?.instanceID);
  // A first try that was not answered in time has an id of its own, which is cleaned up.
  const taken = [...world.broker.requestsOf('unbind'), ...world.broker.requestsOf('deprovision')];
  expect(taken.filter(({ instanceId }) => instanceId === status?.instanceID)).toEqual([]);
}

/** The bindings of an instance. */
export async function loginsAt(
  { client, namespace }: Pick<ServiceWorld, 'client' | 'namespace'>,
  instance: string,
): Promise<readonly ServiceBinding[]> {
  const { items } = await client.list<ServiceBinding>(serviceBindings, { namespace });
  return items.filter(({ spec }) => spec.instanceRef.name === instance);
}

function uniqueName(): string {
  return `probe-${randomUUID().slice(0, 8)}`;
}

const source = 'request/postgresql/small';
