import { join } from 'node:path';
import { allKinds } from '../../../src/api/kinds.ts';
import { KubeClient } from '../../../src/kube/client.ts';
import { loadConnection } from '../../../src/kube/credentials.ts';
import { KubeApiError } from '../../../src/kube/errors.ts';
import {
  apiVersionOf,
  cronJobs,
  daemonSets,
  deployments,
  jobs,
  mutatingWebhookConfigurations,
  namespaces,
  pods,
  replicaSets,
  resourcePath,
  statefulSets,
  type Resource,
} from '../../../src/kube/resources.ts';
import type { ClusterAccess } from '../../cluster/cluster-access.ts';

export const root = join(import.meta.dirname, '../../..');

const knownKinds: readonly Resource[] = [
  ...allKinds,
  namespaces,
  pods,
  deployments,
  replicaSets,
  statefulSets,
  daemonSets,
  jobs,
  cronJobs,
  mutatingWebhookConfigurations,
];

export interface Manifest {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly spec?: unknown;
  readonly status?: unknown;
}

export interface StoredObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** What the API server made of a request: the object, or why it refused. */
export type Answer =
  | { readonly accepted: true; readonly object: StoredObject }
  | { readonly accepted: false; readonly message: string };

export interface Change {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly subresource?: 'status' | 'scale';
  /** A merge patch. */
  readonly patch: unknown;
}

/** A client with somebody's credentials; whoever asks for it closes it. */
export async function connect(kubeconfig: string): Promise<KubeClient> {
  return new KubeClient({ connection: await loadConnection({ kubeconfig }) });
}

/** Applies deploy/crds and waits until the kinds are served. Others may do the same at the same time. */
export async function installDefinitions(cluster: ClusterAccess): Promise<void> {
  const apply = ['apply', '--server-side', '--force-conflicts'];
  await expectDone(cluster, ...apply, '-f', join(root, 'deploy/crds'));
  const names = allKinds.map(({ group, plural }) => `crd/${plural}.${group}`);
  await expectDone(cluster, 'wait', '--for=condition=Established', '--timeout=30s', ...names);
}

/** Runs kubectl and throws what it says when it does not succeed. */
export async function expectDone(cluster: ClusterAccess, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(args);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Completes a manifest with its API version, a name and, for a namespaced kind, the namespace. */
export function manifest(object: Manifest, namespace: string, name = 'object'): Manifest {
  const resource = resourceOf(object.kind);
  const place = resource.namespaced ? { name, namespace } : { name };
  return { apiVersion: apiVersionOf(resource), ...object, metadata: { ...place, ...object.metadata } };
}

/** Asks whether the API server would take the object, every field of it known. Nothing is stored. */
export async function tryCreate(
  client: KubeClient,
  object: Manifest,
  fieldManager?: string,
): Promise<Answer> {
  const manager = fieldManager === undefined ? '' : `&fieldManager=${fieldManager}`;
  return post(client, object, `?dryRun=All&fieldValidation=Strict${manager}`);
}

export async function create(client: KubeClient, object: Manifest): Promise<Answer> {
  return post(client, object, '?fieldValidation=Strict');
}

/** Asks whether the API server would take a change. Nothing is stored. */
export async function tryPatch(client: KubeClient, change: Change): Promise<Answer> {
  const { name, patch, subresource } = change;
  const { resource, namespace } = placeOf(change.kind, change.namespace);
  if (subresource === 'scale') {
    const path = resourcePath(resource, { name, namespace, subresource });
    const metadata = { name, namespace };
    const body = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata, spec: patch };
    return answerOf(client.raw('PUT', `${path}?dryRun=All`, body));
  }
  const ref = namespace === undefined ? { name } : { namespace, name };
  const options = { type: 'merge', dryRun: true, subresource } as const;
  return answerOf(client.patch(resource, ref, patch, options));
}

/** For what has no namespace that goes with the cluster. */
export async function remove(client: KubeClient, object: StoredObject): Promise<void> {
  const { name, namespace } = object.metadata;
  await client.delete(resourceOf(object.kind), namespace === undefined ? { name } : { namespace, name });
}

/** Writes an object back, as `kubectl replace` does. */
export async function replace(client: KubeClient, object: StoredObject): Promise<Answer> {
  return answerOf(client.replace(resourceOf(object.kind), object));
}

/** @param refusal part of the message; `undefined` when the object has to be accepted */
export function expectAnswer(answer: Answer, refusal: string | undefined): void {
  if (refusal === undefined) expect(answer).toMatchObject({ accepted: true });
  else expect(answer).toEqual({ accepted: false, message: expect.stringContaining(refusal) as string });
}

function resourceOf(kind: string): Resource {
  const resource = knownKinds.find((candidate) => candidate.kind === kind);
  if (resource === undefined) throw new Error(`unknown kind ${kind}`);
  return resource;
}

function placeOf(
  kind: string,
  namespace: unknown,
): { readonly resource: Resource; readonly namespace: string | undefined } {
  const resource = resourceOf(kind);
  return { resource, namespace: resource.namespaced ? String(namespace) : undefined };
}

async function post(client: KubeClient, object: Manifest, query: string): Promise<Answer> {
  const { resource, namespace } = placeOf(object.kind, object.metadata?.['namespace']);
  return answerOf(client.raw('POST', resourcePath(resource, { namespace }) + query, object));
}

async function answerOf(request: Promise<unknown>): Promise<Answer> {
  try {
    return { accepted: true, object: (await request) as StoredObject };
  } catch (error: unknown) {
    if (error instanceof KubeApiError) return { accepted: false, message: error.message };
    throw error;
  }
}
