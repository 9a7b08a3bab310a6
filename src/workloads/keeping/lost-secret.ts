import type { ServiceBinding } from '../../api/generated/service-binding.ts';
import type { SecretObject } from '../../kube/data-objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isAlreadyExists, isNotFound } from '../../kube/errors.ts';
import { secrets } from '../../kube/resources.ts';

interface Deps {
  readonly client: Pick<KubeClient, 'get' | 'patch' | 'create' | 'delete'>;
}

/**
 * Takes a login's Secret away, before the login itself: whoever begins to use it from here on waits, and is seen.
 * @returns the Secret as it was, for `restoreSecret`; undefined when there was none that belongs to the binding
 * @throws KubeApiError 409 when it has changed since it was read
 */
export async function takeSecret(
  { client }: Deps,
  binding: ServiceBinding,
  signal: AbortSignal,
): Promise<SecretObject | undefined> {
  const secret = await readSecret(client, binding, signal);
  const isOwn = secret?.metadata.ownerReferences?.some(({ uid }) => uid === binding.metadata.uid) === true;
  if (secret === undefined || !isOwn) return undefined;
  const { uid, resourceVersion } = secret.metadata;
  try {
    await client.delete(secrets, refOf(binding), { uid, resourceVersion, signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return secret;
}

/** Puts it back word for word: somebody asks for the login after all. */
export async function restoreSecret(
  { client }: Deps,
  secret: SecretObject,
  signal: AbortSignal,
): Promise<void> {
  const { uid: _, resourceVersion: __, creationTimestamp: ___, ...metadata } = secret.metadata;
  try {
    await client.create<SecretObject>(secrets, { ...secret, metadata }, { signal });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

async function readSecret(
  client: Pick<KubeClient, 'get'>,
  binding: ServiceBinding,
  signal: AbortSignal,
): Promise<SecretObject | undefined> {
  try {
    return await client.get<SecretObject>(secrets, refOf(binding), { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function refOf({ metadata, spec }: ServiceBinding): { readonly namespace: string; readonly name: string } {
  return { namespace: metadata.namespace ?? '', name: spec.secretName ?? metadata.name };
}
