import { setTimeout as delay } from 'node:timers/promises';
import type {
  ServiceBinding,
  ServiceBindingSecretContent as SecretContentState,
  ServiceBindingSecretState as SecretState,
} from '../api/generated/service-binding.ts';
import { backoffMs } from '../base/backoff.ts';
import { errorFields, errorMessage } from '../base/logger.ts';
import { brokerRefOf } from '../brokers/broker-ref.ts';
import { isBuiltIn } from '../brokers/built-in-broker.ts';
import type { Offering } from '../model/resolve.ts';
import { stop, stopFor, type Step } from '../control/steps.ts';
import { isNotPermitted } from '../kube/errors.ts';
import type { BindingAnswer } from '../osb/types.ts';
import { attemptAfter } from '../operations/next-attempt.ts';
import { record, settle, tell } from '../operations/record.ts';
import { bindingOrphaned, bindNotes, bound, secretAwaited } from './bind-outcome.ts';
import {
  encode,
  storedCredentials,
  storeSecret,
  type StoredContent,
  type StoredSecret,
} from './credential-secret.ts';
import { copiedKeys, noSources, readSources, sourcesOf, type Copied, type Sources } from './copied-keys.ts';
import type { BindingTask } from './known-binding.ts';
import { areListable, secretContentOf } from './secret-digest.ts';
import { secretContent, type SecretContent } from './secret-content.ts';
import { credentialsOf } from './secret-data.ts';
import { noteOf } from './secret-note.ts';
import { secretNameOf } from './secret-standing.ts';
import { secretState, wantedRule, wantedShape, withCopies } from './secret-state.ts';

/**
 * A few seconds at most, and not cut short by a shutdown: the broker may not hand the credentials out again. The loss
 * of the lead ends it all the same, by the client's permit, before another process may lead.
 */
const storeTimeoutMs = 15_000;
/** For saying that it came to nothing. */
const tellTimeoutMs = 5_000;
const storeBackoff = { initialMs: 200, maxMs: 2000 };

/**
 * What an answer without credentials means. `accept`: the service has none, which is legal. `keep`: likewise, but the
 * broker had the binding before us, so it stays there whatever happens. `await`: so it does, and the credentials are in a
 * Secret that is still to come back. Otherwise an earlier answer had them, and nobody will see them again: unbind, and then
 * `retry` under a fresh id or `fail`.
 */
export type WhenMissing = 'accept' | 'keep' | 'await' | 'retry' | 'fail';

/**
 * Credentials into the Secret first, then the status (OSB, Binding: they may be handed out only once). What can not
 * be stored is unbound again, since nobody could ever use it (OSB, Orphan Mitigation), unless it was there before us.
 * A write that the API server did not answer is a failed attempt, counted and told: the binding stays on record.
 * @throws KubeApiError, KubeConnectionError when the API server was not there for long, not even for that
 */
export async function storeCredentials(
  task: BindingTask,
  binding: ServiceBinding,
  answer: BindingAnswer,
  offering: Offering,
  whenMissing: WhenMissing,
): Promise<Step<ServiceBinding>> {
  const signal = AbortSignal.timeout(storeTimeoutMs);
  const settling: BindingTask = { ...task, signal };
  const existed = whenMissing === 'keep' || whenMissing === 'await' || binding.status?.existedBefore === true;
  if (Object.keys(credentialsOf(answer.credentials)).length === 0) {
    const settled = await withoutCredentials(settling, binding, answer, whenMissing, existed);
    if (settled !== undefined) return settled;
  }

  const prepared = preparedContent(binding, answer, offering, await sourcesNow(settling, binding));
  if (prepared.kind === 'refused') {
    const message = `The credentials can not be stored: ${prepared.message}`;
    return unbindUnusable(settling, binding, message, whenUnfit(offering), existed);
  }
  const stored = await storePatiently(settling, binding, prepared.content);
  if (stored.kind === 'unanswered') return storeLater(task, binding, stored.message);
  if (stored.kind === 'refused') return unbindUnusable(settling, binding, stored.message, 'retry', existed);
  const notes = bindNotes(answer, task.clock.now(), offering.class.spec.requires, existed);
  const secretContent = await recordable(settling, prepared.content);
  await settle(settling, binding, bound(binding, answer, notes, { secret: prepared.state, secretContent }));
  return stop;
}

/** Undefined when there are none, which is legal, and its Secret says so. */
async function withoutCredentials(
  task: BindingTask,
  binding: ServiceBinding,
  answer: BindingAnswer,
  whenMissing: WhenMissing,
  existed: boolean,
): Promise<Step<ServiceBinding> | undefined> {
  const stored = await storedCredentials(task.client, binding, task.signal);
  if (stored === 'stored') {
    // Only the status was not written: the first copy is the one that counts.
    await settle(task, binding, bound(binding, answer, [], { secret: binding.status?.secret }));
    return stop;
  }
  if (stored === 'returned') return unbindUnusable(task, binding, onlyInSecret(binding), 'fail', true);
  if (whenMissing === 'await') {
    await settle(task, binding, secretAwaited(binding, answer));
    return stop;
  }
  const isLost = whenMissing === 'retry' || whenMissing === 'fail';
  return isLost ? unbindUnusable(task, binding, notAgain, whenMissing, existed) : undefined;
}

/** What a broker gave out stays what it is. What an instance says, it may say otherwise later. */
function whenUnfit(offering: Offering): 'retry' | 'fail' {
  return isBuiltIn(brokerRefOf(offering.class)) ? 'retry' : 'fail';
}

/** Those of now; whatever is not to be had is not waited for, since what the broker gave out comes first: see `follow.ts`. */
async function sourcesNow(
  { client, logger, signal }: BindingTask,
  binding: ServiceBinding,
): Promise<Sources> {
  try {
    return await readSources(client, binding, signal);
  } catch (error) {
    logger.info(errorFields(error), 'what is copied into a Secret is added later');
    return noSources;
  }
}

/** In a function of its own: while the Secret is written, nothing holds what large credentials were parsed to. */
export function preparedContent(
  binding: ServiceBinding,
  answer: Pick<BindingAnswer, 'credentials'>,
  offering: Offering,
  sources: Sources,
): Prepared {
  const shape = wantedShape(binding);
  const { rule, problem } = wantedRule(shape);
  const content = secretContent(binding, credentialsOf(answer.credentials), offering, rule);
  if (content.kind === 'refused') return content;
  const { data, type, missing } = content;
  const copied = copiedBeside(binding, data, sources);
  const notes = [...(problem === undefined ? [] : [problem]), ...content.notes];
  const note = noteOf({ ...content, copied: Object.keys(copied.data) });
  return {
    kind: 'prepared',
    content: { data, type, copied: copied.data, note },
    // Their digest is written down when the Secret is looked at first.
    state: withCopies(
      secretState(shape, { missing, notes }),
      copied.notes.length === 0 ? undefined : { notes: copied.notes },
    ),
  };
}

/** Where the names of what is ours do not fit into a status, nobody could tell it from what was copied. */
function copiedBeside(binding: ServiceBinding, data: StoredContent['data'], sources: Sources): Copied {
  const keys = Object.keys(data);
  if (!areListable(keys)) {
    const notes = sourcesOf(binding).map(
      (name) => `not copied from Secret "${name}": the credentials have too many keys`,
    );
    return { data: {}, notes };
  }
  const bytes = keys.reduce((sum, key) => sum + Buffer.byteLength(data[key] ?? ''), 0);
  return copiedKeys(binding, sources, { keys: new Set(keys), bytes });
}

/** What the status says of it. Undefined when there is no key now: it is written down when the Secret is looked at next. */
async function recordable(
  { checksumKey, logger }: BindingTask,
  { data }: StoredContent,
): Promise<SecretContentState | undefined> {
  try {
    return secretContentOf(await checksumKey.get(), encode(data));
  } catch (error) {
    logger.debug(errorFields(error), 'what is in a Secret is written down later');
    return undefined;
  }
}

type Prepared =
  | { readonly kind: 'prepared'; readonly content: StoredContent; readonly state: SecretState | undefined }
  | Extract<SecretContent, { kind: 'refused' }>;

const notAgain = 'The broker does not hand out the credentials of this binding any more';

function onlyInSecret(binding: ServiceBinding): string {
  const name = `${binding.metadata.namespace ?? ''}/${secretNameOf(binding)}`;
  return `${notAgain}; Secret "${name}" says that it holds them and is left as it is, but nobody vouches for it`;
}

/** @param existed before anything was sent for this object: see clean-up-guard.ts for what becomes of it instead */
async function unbindUnusable(
  task: BindingTask,
  binding: ServiceBinding,
  message: string,
  then: 'retry' | 'fail',
  existed: boolean,
): Promise<Step<ServiceBinding>> {
  const { attempts } = attemptAfter(task, binding);
  const { changes, ...orphaned } = bindingOrphaned('ErrorInjectingBindResult', message, attempts, then);
  const existedBefore = existed || undefined;
  await settle(task, binding, { ...orphaned, changes: { ...changes, existedBefore } });
  return stopFor(1);
}

/** The broker is asked again then, and only when a Secret can be stored: see the dry run of prepare-bind.ts. */
async function storeLater(
  task: BindingTask,
  binding: ServiceBinding,
  why: string,
): Promise<Step<ServiceBinding>> {
  const { attempts, nextAttemptTime, delayMs } = attemptAfter(task, binding);
  const name = `${binding.metadata.namespace ?? ''}/${secretNameOf(binding)}`;
  const message = `The credentials could not be stored in Secret "${name}": ${why}`;
  const verdict = { kind: 'retrying', reason: 'ErrorInjectingBindResult', message, nextAttemptTime } as const;
  const telling: BindingTask = { ...task, signal: AbortSignal.timeout(tellTimeoutMs) };
  const told = await record(telling, binding, verdict, { attempts, nextAttemptTime }, 'uid');
  tell(task, told, 'Warning', verdict);
  return stopFor(delayMs);
}

/** The API server may be restarting: what is in our hands now may be nowhere else. */
async function storePatiently(
  task: BindingTask,
  binding: ServiceBinding,
  content: StoredContent,
): Promise<StoredSecret | { readonly kind: 'unanswered'; readonly message: string }> {
  const { client, signal } = task;
  for (let attempt = 1; ; attempt++) {
    try {
      return await storeSecret(client, binding, content, signal);
    } catch (error) {
      // The lead is lost: the next leader binds again.
      if (isNotPermitted(error)) throw error;
      await delay(backoffMs(attempt, storeBackoff), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return { kind: 'unanswered', message: errorMessage(error) };
    }
  }
}
