import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { bindingSecretLabel } from '../api/group.ts';
import { serviceBindings } from '../api/kinds.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists, isNotFound } from '../kube/errors.ts';
import type { KubeObject } from '../kube/objects.ts';
import { secrets } from '../kube/resources.ts';
import { secretNameOf } from './binding-task.ts';
import type { SecretText } from './secret-data.ts';

interface Secret extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

export type StoredSecret =
  | { readonly kind: 'stored' }
  /** A Secret of this name belongs to somebody else; it is neither read into the status nor touched. */
  | { readonly kind: 'foreign'; readonly message: string };

/**
 * Creates or replaces the binding's Secret. It is owned by the binding, so that it can not outlive it.
 * @throws KubeApiError when the API server could not store it
 */
export async function storeSecret(
  client: Pick<KubeClient, 'create' | 'get' | 'patch'>,
  binding: ServiceBinding,
  content: { readonly data: SecretText; readonly type: string },
  signal: AbortSignal,
): Promise<StoredSecret> {
  const { metadata } = binding;
  const name = secretNameOf(binding);
  const namespace = metadata.namespace ?? '';
  const data = encode(content.data);
  try {
    await client.create<Secret>(secrets, secretObject(binding, data, content.type), { signal });
    return { kind: 'stored' };
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }

  const existing = await client.get<Secret>(secrets, { namespace, name }, { signal });
  if (!isOwnedBy(existing, binding)) return foreign(namespace, name);
  const vanished = Object.keys(existing.data ?? {}).filter((key) => !Object.hasOwn(data, key));
  const removed = Object.fromEntries(vanished.map((key) => [key, null]));
  // The type of a Secret is immutable; its data decides.
  const patch = { metadata: { uid: existing.metadata.uid }, data: { ...removed, ...data } };
  await client.patch(secrets, { namespace, name }, patch, { type: 'merge', signal });
  return { kind: 'stored' };
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
  const ref = { namespace: binding.metadata.namespace ?? '', name: secretNameOf(binding) };
  try {
    const existing = await client.get<Secret>(secrets, ref, { signal });
    const { uid } = existing.metadata;
    if (uid !== undefined && isOwnedBy(existing, binding)) await client.delete(secrets, ref, { uid, signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Looks before the broker is asked: binding first and finding the name taken would leave an orphan every time. */
export async function findForeignSecret(
  client: Pick<KubeClient, 'get'>,
  binding: ServiceBinding,
  signal: AbortSignal,
): Promise<StoredSecret> {
  const name = secretNameOf(binding);
  const namespace = binding.metadata.namespace ?? '';
  try {
    const existing = await client.get<Secret>(secrets, { namespace, name }, { signal });
    return isOwnedBy(existing, binding) ? { kind: 'stored' } : foreign(namespace, name);
  } catch (error) {
    if (isNotFound(error)) return { kind: 'stored' };
    throw error;
  }
}

function secretObject(binding: ServiceBinding, data: Record<string, string>, type: string): Secret {
  const { group, version, kind } = serviceBindings;
  const { name, namespace, uid } = binding.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: secretNameOf(binding),
      namespace: namespace ?? '',
      labels: { [bindingSecretLabel]: 'true' },
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
    type,
    data,
  };
}

function isOwnedBy(secret: Secret, binding: ServiceBinding): boolean {
  return secret.metadata.ownerReferences?.some(({ uid }) => uid === binding.metadata.uid) === true;
}

function foreign(namespace: string, name: string): StoredSecret {
  return {
    kind: 'foreign',
    message: `Secret "${namespace}/${name}" exists and is not owned by this ServiceBinding; delete it, or choose another secretName`,
  };
}

function encode(data: SecretText): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
}
