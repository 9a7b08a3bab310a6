import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { secretKeysAnnotation } from '../api/group.ts';
import { jsonEqual } from '../base/json.ts';
import { timestamp } from '../control/attempts.ts';
import type { SecretObject } from '../kube/data-objects.ts';
import { secrets } from '../kube/resources.ts';
import { putStatus, tell } from '../operations/record.ts';
import { copiedKeys, readSources, sourcesOf } from './copied-keys.ts';
import { readSecret } from './credential-secret.ts';
import type { BindingTask } from './known-binding.ts';
import { keysDigest } from './secret-digest.ts';
import { credentialsIn, noteOf } from './secret-note.ts';
import { isOfBindingId, secretNameOf, secretStanding } from './secret-standing.ts';
import { withSecretConditions } from './secret-state.ts';

export interface Followed {
  readonly binding: ServiceBinding;
  /** Why the Secret may not hold what it should; undefined when it does. */
  readonly problem?: string | undefined;
}

/**
 * The keys that a Secret has from others are compared with those, and written when they differ. What the broker said is
 * not touched, and not looked at.
 * @throws KubeApiError, KubeConnectionError when it could not be done now, or the Secret has changed meanwhile
 */
export async function followSources(task: BindingTask, binding: ServiceBinding): Promise<Followed> {
  if (sourcesOf(binding).length === 0) return { binding };
  const sources = await readSources(task.client, binding, task.signal);
  if (sources.missing.length > 0) return { binding, problem: sources.missing.join('; ') };
  const secret = await readSecret(task.client, binding, task.signal);
  if (secret === undefined || secretStanding(secret, binding) !== 'own' || !isOfBindingId(secret, binding)) {
    // That is another look's business.
    return { binding };
  }
  const known = credentialsIn(secret);
  if (known === undefined) {
    return { binding, problem: 'nobody knows any more which of its keys are the broker’s own' };
  }
  const { data = {} } = secret;
  const taken = Object.keys(data).filter((key) => !known.copied.includes(key));
  const bytes = taken.reduce((sum, key) => sum + Buffer.byteLength(data[key] ?? '', 'base64'), 0);
  const copied = copiedKeys(binding, sources, { keys: new Set(taken), bytes });
  const present = Object.fromEntries(known.copied.map((key) => [key, data[key]]));
  const isNews = !jsonEqual(present, copied.data);
  if (isNews) await writeCopied(task, secret, known, copied.data);
  return { binding: await noteCopies(task, binding, copied.notes, copied.data, isNews) };
}

async function writeCopied(
  { client, signal }: BindingTask,
  { metadata: { namespace = '', name, uid, resourceVersion } }: SecretObject,
  known: NonNullable<ReturnType<typeof credentialsIn>>,
  data: NonNullable<SecretObject['data']>,
): Promise<void> {
  const gone = known.copied.filter((key) => !Object.hasOwn(data, key)).map((key) => [key, null] as const);
  const note = noteOf({ added: known.added, json: known.json, copied: Object.keys(data) });
  const annotations = { [secretKeysAnnotation]: note ?? null };
  const metadata = { uid, resourceVersion, annotations };
  const patch = { metadata, data: { ...Object.fromEntries(gone), ...data } };
  await client.patch(secrets, { namespace, name }, patch, { type: 'merge', signal });
}

/** On the binding, so that whoever waits for a change of the Secret hears of it: Secrets are not watched. */
async function noteCopies(
  task: BindingTask,
  binding: ServiceBinding,
  notes: readonly string[],
  data: NonNullable<SecretObject['data']>,
  isNews: boolean,
): Promise<ServiceBinding> {
  const { status = {} } = binding;
  const digest = keysDigest(await task.checksumKey.get(), data);
  const copies = { digest, ...(notes.length === 0 ? {} : { notes }) };
  if (jsonEqual(status.secret?.copies ?? {}, copies)) return binding;
  const secret = { ...status.secret, copies };
  const noted: ServiceBinding = { ...binding, status: { ...status, secret } };
  const conditions = withSecretConditions(noted, timestamp(task.clock.now()));
  const written = await putStatus(task, binding, { ...noted.status, conditions });
  const name = `${binding.metadata.namespace ?? ''}/${secretNameOf(binding)}`;
  const message = `Secret "${name}" has the keys that the Secrets of spec.secretTransforms have now`;
  if (isNews) tell(task, written, 'Normal', { reason: 'SecretUpdated', message });
  return written;
}
