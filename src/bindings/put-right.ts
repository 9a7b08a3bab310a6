import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { compact } from '../base/compact.ts';
import { stop, type Step } from '../control/steps.ts';
import type { SecretObject } from '../kube/data-objects.ts';
import { objectKey } from '../kube/objects.ts';
import type { BindingAnswer } from '../osb/types.ts';
import { record, tell } from '../operations/record.ts';
import { waitForLane } from '../operations/wait-for-lane.ts';
import { endpointsOf } from './bind-outcome.ts';
import { noSources, readSources } from './copied-keys.ts';
import { encode, storeSecret } from './credential-secret.ts';
import { getBinding, isFinal, sourceOf, type Source } from './fetch-credentials.ts';
import { knownBinding, type BindingTask } from './known-binding.ts';
import { renew, renewalOf } from './renew.ts';
import type { RepairParts, Saying } from './repair-parts.ts';
import { credentialsOf } from './secret-data.ts';
import { isAsRecorded, secretContentOf } from './secret-digest.ts';
import { preparedContent } from './store-credentials.ts';

/** What is wrong with the Secret of a binding. */
export interface Broken {
  /** Of the condition. */
  readonly reason: string;
  /** In words. */
  readonly what: string;
  readonly secret: SecretObject | undefined;
}

type Say = (saying: Saying) => Promise<ServiceBinding>;

/**
 * From the broker, where it shows the binding; else by a new login, where that is allowed; else nothing is done, and a person
 * is told. Nothing is unbound here, and nothing is asked for twice: a GET changes nothing, so it needs no record.
 */
export async function putRight(
  task: BindingTask,
  binding: ServiceBinding,
  { reason, what, secret }: Broken,
  { checks, pace }: Pick<RepairParts, 'checks' | 'pace'>,
  say: Say,
): Promise<Step<ServiceBinding>> {
  const lane = await waitForLane(task, binding);
  if (lane.kind === 'stop') {
    checks.hold(objectKey(binding));
    return lane;
  }
  if (!pace.enter(binding.metadata.uid ?? '')) {
    if (
      binding.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
    )
      await say({ reason, message: `${what}, once more; it is put right again after a while` });
    return stop;
  }
  const shown = await askBroker(task, binding);
  if (task.signal.aborted) return stop;
  if (shown.kind === 'later') {
    await say({ reason, message: `${what}. It can not be put right yet: ${shown.why}` });
    return stop;
  }
  if (shown.kind === 'shown') return write(task, binding, shown, { reason, what }, say);
  const renewal = renewalOf(task, binding, secret);
  if (renewal.kind === 'renew') return renew(task, binding, `${what}, and ${shown.why}`);
  await say({ reason, message: `${what}, and ${shown.why}. ${renewal.remedy}`, isFinal: true });
  return stop;
}

type Shown =
  | { readonly kind: 'shown'; readonly answer: BindingAnswer; readonly source: Source }
  /** The broker will not show the credentials any more. */
  | { readonly kind: 'never'; readonly why: string }
  | { readonly kind: 'later'; readonly why: string };

async function askBroker(task: BindingTask, binding: ServiceBinding): Promise<Shown> {
  const known = knownBinding(binding, task.stores);
  const source = sourceOf(task, binding);
  if (known === undefined || source === undefined) {
    return { kind: 'later', why: 'its instance, class or plan is not there' };
  }
  if (!known.isRetrievable) return { kind: 'never', why: 'its broker hands credentials out only once' };
  const fetched = await getBinding(task, binding, known);
  if (fetched.kind === 'failed') {
    task.connections.reportFailure(known.broker, fetched);
    const isOver = isFinal.has(fetched.reason);
    return isOver
      ? { kind: 'never', why: `its broker does not show it: ${fetched.message}` }
      : { kind: 'later', why: fetched.message };
  }
  if (fetched.kind === 'unavailable') return { kind: 'later', why: fetched.message };
  if (fetched.kind === 'accepted') return { kind: 'later', why: 'the broker answered 202 Accepted' };
  const isEmpty = Object.keys(credentialsOf(fetched.body.credentials)).length === 0;
  if (isEmpty && !(await hadNone(task, binding, fetched.body, source))) {
    return { kind: 'never', why: 'its broker shows no credentials any more' };
  }
  return { kind: 'shown', answer: fetched.body, source };
}

/** A service without credentials: the Secret held nothing but what is added. */
async function hadNone(
  { checksumKey }: BindingTask,
  binding: ServiceBinding,
  answer: BindingAnswer,
  { offering }: Source,
): Promise<boolean> {
  // What is copied is no part of what was written down.
  const prepared = preparedContent(binding, answer, offering, noSources);
  return (
    prepared.kind === 'prepared' &&
    isAsRecorded(await checksumKey.get(), encode(prepared.content.data), binding) === true
  );
}

/** @throws KubeApiError, KubeConnectionError when the API server could not store it now: it comes in turn again */
async function write(
  task: BindingTask,
  binding: ServiceBinding,
  { answer, source }: Extract<Shown, { kind: 'shown' }>,
  { reason, what }: Pick<Broken, 'reason' | 'what'>,
  say: Say,
): Promise<Step<ServiceBinding>> {
  const sources = await readSources(task.client, binding, task.signal);
  const prepared = preparedContent(binding, answer, source.offering, sources);
  if (prepared.kind === 'refused') {
    const message = `${what}, and what the broker shows can not be stored: ${prepared.message}`;
    await say({ reason, message, isFinal: true });
    return stop;
  }
  const key = await task.checksumKey.get();
  const stored = await storeSecret(task.client, binding, prepared.content, task.signal);
  if (stored.kind === 'refused') {
    await say({ reason, message: `${what}. ${stored.message}` });
    return stop;
  }
  const message = `${what}; it has been put right, with what the broker shows`;
  const { expiresAt, renewBefore } = answer.metadata ?? {};
  const restored = await record(
    task,
    binding,
    { kind: 'ready', reason: 'InjectedBindResult', message },
    {
      secret: prepared.state,
      secretContent: secretContentOf(key, encode(prepared.content.data)),
      ...compact({ expiresAt, renewBefore, endpoints: endpointsOf(answer) }),
    },
    'uid',
  );
  tell(task, restored, 'Warning', { reason: 'SecretRestored', message });
  return stop;
}
