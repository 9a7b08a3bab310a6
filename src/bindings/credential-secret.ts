import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { bindingIdAnnotation, bindingSecretLabel } from '../api/group.ts';
import { serviceBindings } from '../api/kinds.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists, isApiError, isNotFound, type KubeApiError } from '../kube/errors.ts';
import type { KubeObject } from '../kube/objects.ts';
import { secrets } from '../kube/resources.ts';
import { bindingIdOf, secretNameOf } from './binding-task.ts';
import type { SecretText } from './secret-data.ts';

interface Secret extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

export interface SecretContent {
  readonly data: SecretText;
  readonly type: string;
}

export type StoredSecret =
  | { readonly kind: 'stored' }
  /** The name is somebody else's, or the API server will not have it: a quota, a policy, a missing right. */
  | { readonly kind: 'refused'; readonly message: string };

type Writer = Pick<KubeClient, 'create' | 'get' | 'patch'>;

/**
 * Creates or replaces the binding's Secret. It is owned by the binding, so that it can not outlive it.
 * @throws KubeApiError, KubeConnectionError when the API server could not store it now
 */
export async function storeSecret(
  client: Writer,
  binding: ServiceBinding,
  content: SecretContent,
  signal: AbortSignal,
): Promise<StoredSecret> {
  try {
    return await writeSecret(client, binding, content, signal);
  } catch (error) {
    if (isRefusal(error)) return refused(binding, error, content);
    throw error;
  }
}

async function writeSecret(
  client: Writer,
  binding: ServiceBinding,
  content: SecretContent,
  signal: AbortSignal,
): Promise<StoredSecret> {
  const secret = secretObject(binding, content);
  try {
    await client.create<Secret>(secrets, secret, { signal });
    return { kind: 'stored' };
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }

  const ref = refOf(binding);
  const existing = await client.get<Secret>(secrets, ref, { signal });
  if (!isOwnedBy(existing, binding)) return foreign(binding);
  const data = secret.data ?? {};
  const vanished = Object.keys(existing.data ?? {}).filter((key) => !Object.hasOwn(data, key));
  const removed = Object.fromEntries(vanished.map((key) => [key, null]));
  const { annotations } = secret.metadata;
  // The type of a Secret is immutable; its data decides.
  const patch = { metadata: { uid: existing.metadata.uid, annotations }, data: { ...removed, ...data } };
  await client.patch(secrets, ref, patch, { type: 'merge', signal });
  return { kind: 'stored' };
}

/**
 * Asks, with a dry run, whether the Secret could be stored: binding first and finding out then would leave an orphan
 * every time.
 * @throws KubeApiError, KubeConnectionError when the API server did not say
 */
export async function probeSecret(
  client: Pick<KubeClient, 'create' | 'get'>,
  binding: ServiceBinding,
  signal: AbortSignal,
): Promise<StoredSecret> {
  const content = { data: { type: '', provider: '' }, type: 'servicebinding.io/probe' };
  try {
    await client.create<Secret>(secrets, secretObject(binding, content), { dryRun: true, signal });
    return { kind: 'stored' };
  } catch (error) {
    if (isRefusal(error)) return refused(binding, error, content);
    if (!isAlreadyExists(error)) throw error;
  }
  const existing = await findSecret(client, binding, signal);
  return existing === undefined || isOwnedBy(existing, binding) ? { kind: 'stored' } : foreign(binding);
}

/** The Secret holds what the broker gave out for the id that the binding has now. */
export async function isStored(
  client: Pick<KubeClient, 'get'>,
  binding: ServiceBinding,
  signal: AbortSignal,
): Promise<boolean> {
  const existing = await findSecret(client, binding, signal);
  return (
    existing !== undefined &&
    isOwnedBy(existing, binding) &&
    existing.metadata.annotations?.[bindingIdAnnotation] === bindingIdOf(binding)
  );
}

/**
 * Deletes the binding's Secret if it is the binding's. The garbage collector would do so as well, but it can be half a
 * minute late for a kind that is new to it, and revoked credentials should not lie about.
 * @throws KubeApiError
 */
export async function removeSecret(
  client: Pick<KubeClient, 'get' | 'delete'>,
  binding: ServiceBinding,
  signal: AbortSignal,
): Promise<void> {
  const existing = await findSecret(client, binding, signal);
  if (existing === undefined || !isOwnedBy(existing, binding)) return;
  try {
    await client.delete(secrets, refOf(binding), { uid: existing.metadata.uid, signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function findSecret(
  client: Pick<KubeClient, 'get'>,
  binding: ServiceBinding,
  signal: AbortSignal,
): Promise<Secret | undefined> {
  try {
    return await client.get<Secret>(secrets, refOf(binding), { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function secretObject(binding: ServiceBinding, content: SecretContent): Secret {
  const { group, version, kind } = serviceBindings;
  const { name, uid } = binding.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      ...refOf(binding),
      labels: { [bindingSecretLabel]: 'true' },
      annotations: { [bindingIdAnnotation]: bindingIdOf(binding) },
      ownerReferences: [
        {
          apiVersion: `${group}/${version}`,
          kind,
          name,
          uid: uid ?? '',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    type: content.type,
    data: encode(content.data),
  };
}

function isOwnedBy(secret: Secret, binding: ServiceBinding): boolean {
  return secret.metadata.ownerReferences?.some(({ uid }) => uid === binding.metadata.uid) === true;
}

function refOf(binding: ServiceBinding): { readonly namespace: string; readonly name: string } {
  return { namespace: binding.metadata.namespace ?? '', name: secretNameOf(binding) };
}

function foreign(binding: ServiceBinding): StoredSecret {
  const { namespace, name } = refOf(binding);
  return {
    kind: 'refused',
    message: `Secret "${namespace}/${name}" exists and is not owned by this ServiceBinding; delete it, or choose another secretName`,
  };
}

/** The API server looked at the Secret and said no. What heals by waiting a moment is none. */
function isRefusal(error: unknown): error is KubeApiError {
  if (!isApiError(error) || isAlreadyExists(error)) return false;
  const { status } = error;
  return (
    status >= 400 && status < 500 && status !== 401 && status !== 408 && status !== 409 && status !== 429
  );
}

/** Policies and webhooks choose their words themselves, so these could repeat what was to be kept secret. */
function refused(binding: ServiceBinding, error: KubeApiError, { data }: SecretContent): StoredSecret {
  const { namespace, name } = refOf(binding);
  const isTelling = Object.values(data).some((value) => value.length > 2 && error.message.includes(value));
  const said = isTelling ? `${error.status} ${error.reason}` : error.message;
  return { kind: 'refused', message: `Secret "${namespace}/${name}" can not be stored: ${said}` };
}

function encode(data: SecretText): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
}
