import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists, isApiError, isNotFound } from '../kube/errors.ts';
import type { SecretObject } from '../kube/data-objects.ts';
import { secrets } from '../kube/resources.ts';
import { withoutWords } from '../kube/secret-refusal.ts';
import { readAuthorityState, writePublishedNote } from './authority-data.ts';
import type { AuthorityState, PublishedNote } from './rotation.ts';

/** The Secret in which the replicas of the webhook keep their authority. */
export interface CaSecretRef {
  readonly namespace: string;
  readonly name: string;
}

/** By this name it comes with the manifests, and the roles of deploy/rbac know it. */
export const caSecretName = 'bindery-webhook-ca';

const timeoutMs = 10_000;

/**
 * The authority as the webhook has stored it; undefined when there is none yet. A Secret that is missing is made, empty:
 * the webhook may fill it and not create it.
 * @throws KubeApiError, KubeConnectionError
 */
export async function readPublicAuthority(
  client: KubeClient,
  ref: CaSecretRef,
  signal: AbortSignal,
): Promise<AuthorityState | undefined> {
  try {
    const { data } = await client.get<SecretObject>(secrets, ref, { signal, timeoutMs });
    return readAuthorityState(data ?? {});
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await createEmpty(client, ref, signal);
    return undefined;
  }
}

/**
 * Tells the webhook what verifiers were given. Touches nothing else: its replicas may have taken a step meanwhile.
 * @throws KubeApiError, KubeConnectionError
 */
export async function notePublished(
  client: KubeClient,
  ref: CaSecretRef,
  note: PublishedNote,
  signal: AbortSignal,
): Promise<void> {
  const patch = Object.entries(writePublishedNote(note)).map(([key, value]) => ({
    op: 'add',
    path: `/data/${key}`,
    value,
  }));
  try {
    await client.patch<SecretObject>(secrets, ref, patch, { type: 'json', signal, timeoutMs });
  } catch (error) {
    // It is logged, and whoever refused may have quoted the key.
    throw isApiError(error) ? withoutWords(error) : error;
  }
}

async function createEmpty(
  client: KubeClient,
  { namespace, name }: CaSecretRef,
  signal: AbortSignal,
): Promise<void> {
  const metadata = { namespace, name, labels: { 'app.kubernetes.io/managed-by': 'bindery' } };
  const secret: SecretObject = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque' };
  try {
    await client.create(secrets, secret, { signal, timeoutMs });
  } catch (error) {
    // Without its namespace (`bindery run` for development) there is no webhook that could use it.
    if (!isAlreadyExists(error) && !isNotFound(error)) throw error;
  }
}
