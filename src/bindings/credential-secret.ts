import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { bindingIdAnnotation, bindingSecretLabel, secretKeysAnnotation } from '../api/group.ts';
import { serviceBindings } from '../api/kinds.ts';
import type { SecretObject } from '../kube/data-objects.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists, isApiError, isNotFound, type KubeApiError } from '../kube/errors.ts';
import { secrets } from '../kube/resources.ts';
import { secretRefusal, withoutWords } from '../kube/secret-refusal.ts';
import { bindingIdOf } from './known-binding.ts';
import { keysOfOthers } from './secret-digest.ts';
import type { SecretText } from './secret-data.ts';
import { copiedIn } from './secret-note.ts';
import { isOfBindingId, secretNameOf, secretStanding, type SecretStanding } from './secret-standing.ts';

export interface StoredContent {
  readonly data: SecretText;
  readonly type: string;
  /** Base64: from other Secrets. */
  readonly copied?: Readonly<Record<string, string>> | undefined;
  /** Which of the keys are the broker's own: see `secret-note.ts`. */
  readonly note?: string | undefined;
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
  content: StoredContent,
  signal: AbortSignal,
): Promise<StoredSecret> {
  try {
    return await writeSecret(client, binding, content, signal);
  } catch (error) {
    if (isRefusal(error)) return refused(binding, error);
    throw isApiError(error) ? withoutWords(error) : error;
  }
}

async function writeSecret(
  client: Writer,
  binding: ServiceBinding,
  content: StoredContent,
  signal: AbortSignal,
): Promise<StoredSecret> {
  const secret = secretObject(binding, content);
  try {
    await client.create<SecretObject>(secrets, secret, { signal });
    return { kind: 'stored' };
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }

  const ref = refOf(binding);
  const existing = await client.get<SecretObject>(secrets, ref, { signal });
  const standing = secretStanding(existing, binding);
  if (standing !== 'own' && standing !== 'returned') return unusable(binding, standing);
  const { uid, resourceVersion } = existing.metadata;
  // What came back is taken back only as it was looked at: meanwhile somebody else may have taken it.
  const guard = standing === 'own' ? { uid } : { uid, resourceVersion };
  const data = secret.data ?? {};
  const copied = new Set(copiedIn(existing));
  const others = keysOfOthers(existing.data ?? {}, binding).filter((key) => !copied.has(key));
  const foreign = new Set(others);
  const vanished = Object.keys(existing.data ?? {}).filter(
    (key) => !Object.hasOwn(data, key) && !foreign.has(key),
  );
  const removed = Object.fromEntries(vanished.map((key) => [key, null]));
  const { ownerReferences } = secret.metadata;
  const annotations = { [secretKeysAnnotation]: null, ...secret.metadata.annotations };
  const ours = standing === 'own' ? { annotations } : { annotations, ownerReferences };
  // The type of a Secret is immutable; its data decides.
  const patch = { metadata: { ...guard, ...ours }, data: { ...removed, ...data } };
  await client.patch(secrets, ref, patch, { type: 'merge', signal });
  return { kind: 'stored' };
}

export type FoundSecret =
  /** `isReturned`: it came back from elsewhere and says that the broker has this binding already. */
  | { readonly kind: 'usable'; readonly isReturned: boolean }
  | { readonly kind: 'refused'; readonly message: string };

/**
 * Whose the Secret is, before anything is sent: binding first and finding out then would lose what the broker gives
 * out, or leave an orphan. `glance`: what the API server has in memory may say that there is none, at a third of the cost.
 * One made a moment ago is then found when ours is written, and what the broker gave out is unbound; so it is only for an id
 * that was made for this very object and that nobody has heard of yet: no Secret can hold anything of it. `look`: read live.
 * `probe`: and one that is not there could be stored, says a dry run.
 * @throws KubeApiError, KubeConnectionError when the API server did not say
 */
export async function findSecret(
  client: Pick<KubeClient, 'create' | 'get'>,
  binding: ServiceBinding,
  how: 'glance' | 'look' | 'probe',
  signal: AbortSignal,
): Promise<FoundSecret> {
  if (how === 'glance' && (await readSecret(client, binding, signal, true)) === undefined) {
    return { kind: 'usable', isReturned: false };
  }
  const standing = secretStanding(await readSecret(client, binding, signal), binding);
  if (standing === 'foreign' || standing === 'dying') return unusable(binding, standing);
  if (standing === 'absent' && how === 'probe') {
    const content = { data: { type: '', provider: '' }, type: 'servicebinding.io/probe' };
    try {
      await client.create<SecretObject>(secrets, secretObject(binding, content), { dryRun: true, signal });
    } catch (error) {
      if (isRefusal(error)) return refused(binding, error);
      // Made meanwhile: whose it is will be seen when it is written.
      if (!isAlreadyExists(error)) throw error;
    }
  }
  return { kind: 'usable', isReturned: standing === 'returned' };
}

/** `stored`: it holds what the broker gave out for the id that the binding has now. `returned`: it only says so. */
export async function storedCredentials(
  client: Pick<KubeClient, 'get'>,
  binding: ServiceBinding,
  signal: AbortSignal,
): Promise<'stored' | 'returned' | 'none'> {
  const existing = await readSecret(client, binding, signal);
  const standing = secretStanding(existing, binding);
  if (standing === 'returned') return 'returned';
  return standing === 'own' && existing !== undefined && isOfBindingId(existing, binding) ? 'stored' : 'none';
}

/**
 * Makes a Secret the binding's that came back from elsewhere, as it was looked at: the garbage collector would take it for
 * what an object of before has left.
 * @throws KubeApiError 409 when it has changed since
 */
export async function takeBack(
  client: Pick<KubeClient, 'patch'>,
  binding: ServiceBinding,
  { metadata: { uid, resourceVersion } }: SecretObject,
  signal: AbortSignal,
): Promise<void> {
  const { ownerReferences } = secretObject(binding, { data: {}, type: '' }).metadata;
  const patch = { metadata: { uid, resourceVersion, ownerReferences } };
  await client.patch(secrets, refOf(binding), patch, { type: 'merge', signal });
}

/**
 * Deletes the binding's Secret if it is the binding's, or says that it is. The garbage collector would do so as well,
 * but it can be half a minute late for a kind that is new to it, and revoked credentials should not lie about.
 * @throws KubeApiError
 */
export async function removeSecret(
  client: Pick<KubeClient, 'get' | 'delete'>,
  binding: ServiceBinding,
  signal: AbortSignal,
): Promise<void> {
  const existing = await readSecret(client, binding, signal);
  const standing = secretStanding(existing, binding);
  if (existing === undefined || (standing !== 'own' && standing !== 'returned')) return;
  try {
    await client.delete(secrets, refOf(binding), { uid: existing.metadata.uid, signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Read live, or what the API server has in memory. Undefined when there is none. */
export async function readSecret(
  client: Pick<KubeClient, 'get'>,
  binding: ServiceBinding,
  signal: AbortSignal,
  fromCache = false,
): Promise<SecretObject | undefined> {
  try {
    return await client.get<SecretObject>(secrets, refOf(binding), { signal, fromCache });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function secretObject(binding: ServiceBinding, content: StoredContent): SecretObject {
  const { group, version, kind } = serviceBindings;
  const { name, uid } = binding.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      ...refOf(binding),
      labels: { [bindingSecretLabel]: 'true' },
      annotations: {
        [bindingIdAnnotation]: bindingIdOf(binding),
        ...(content.note === undefined ? {} : { [secretKeysAnnotation]: content.note }),
      },
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
    data: { ...content.copied, ...encode(content.data) },
  };
}

function refOf(binding: ServiceBinding): { readonly namespace: string; readonly name: string } {
  return { namespace: binding.metadata.namespace ?? '', name: secretNameOf(binding) };
}

function unusable(
  binding: ServiceBinding,
  standing: SecretStanding,
): { readonly kind: 'refused'; readonly message: string } {
  const { namespace, name } = refOf(binding);
  const secret = `Secret "${namespace}/${name}"`;
  const message =
    standing === 'dying'
      ? `${secret} is being deleted; the credentials can be stored when it is gone`
      : `${secret} exists and is not owned by this ServiceBinding; delete it, or choose another secretName`;
  return { kind: 'refused', message };
}

/** The API server looked at the Secret and said no. What heals by waiting a moment is none. */
function isRefusal(error: unknown): error is KubeApiError {
  if (!isApiError(error) || isAlreadyExists(error)) return false;
  const { status } = error;
  return (
    status >= 400 && status < 500 && status !== 401 && status !== 408 && status !== 409 && status !== 429
  );
}

function refused(
  binding: ServiceBinding,
  error: KubeApiError,
): { readonly kind: 'refused'; readonly message: string } {
  const { namespace, name } = refOf(binding);
  return {
    kind: 'refused',
    message: `Secret "${namespace}/${name}" can not be stored: ${secretRefusal(error)}`,
  };
}

/** Data of a Secret as it is sent. */
export function encode(data: SecretText): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
}
