import { findCondition, isConditionTrue } from '../api/conditions.ts';
import type { ServiceBinding, ServiceBindingSecretContent } from '../api/generated/service-binding.ts';
import { reclaimAtAnnotation } from '../api/group.ts';
import { goOn, stop, type Step } from '../control/steps.ts';
import { isConflict } from '../kube/errors.ts';
import { objectKey } from '../kube/objects.ts';
import type { Stores } from '../model/stores.ts';
import type { Changes } from '../operations/kind.ts';
import { putStatus, record, tell } from '../operations/record.ts';
import { changed } from '../control/attempts.ts';
import { readSecret, takeBack } from './credential-secret.ts';
import type { SecretObject } from '../kube/data-objects.ts';
import { follow } from './follow.ts';
import type { BindingTask } from './known-binding.ts';
import { putRight, type Broken } from './put-right.ts';
import type { RepairParts, Saying } from './repair-parts.ts';
import { unbindReplaced } from './replaced-bindings.ts';
import { isReshapeDue } from './reshape.ts';
import { secretContentOf } from './secret-digest.ts';
import { secretFinding, type SecretFinding } from './secret-finding.ts';
import { copiedIn } from './secret-note.ts';
import { secretNameOf } from './secret-standing.ts';

const reasonOf = {
  absent: 'SecretLost',
  changed: 'SecretChanged',
  unproven: 'SecretUnproven',
  foreign: 'SecretTaken',
  dying: 'SecretBeingDeleted',
} as const;
const reasons: ReadonlySet<string> = new Set(Object.values(reasonOf));

/**
 * Is the Secret of a bound binding what it was when it was stored? Looked at in turn, since no Secret is watched, and put right:
 * from the broker, by a new login where that is allowed, or by a person who is told what to do.
 */
export async function repair(
  task: BindingTask,
  binding: ServiceBinding,
  parts: RepairParts,
): Promise<Step<ServiceBinding>> {
  const key = objectKey(binding);
  const isDue = parts.checks.take(key) || isReshapeDue(binding);
  if (!isDue || !isLookedAfter(binding, task.stores)) return goOn(binding);
  // A copy with the status of another: what the broker has under that id is not to be shown here.
  if (task.ids.holderOf(task.kind, binding) !== undefined) return goOn(binding);
  try {
    const looked = await look(task, binding, parts);
    return looked.kind === 'continue' ? await follow(task, looked.object) : looked;
  } catch (error) {
    if (isConflict(error)) parts.checks.soon(key);
    throw error;
  }
}

/**
 * It is bound, and nothing is done with it. A login that is kept for a while has nobody, and its Secret may be away for good
 * reason; in a namespace that is being deleted nothing can be made.
 */
export function isLookedAfter(binding: ServiceBinding, { namespaces }: Pick<Stores, 'namespaces'>): boolean {
  const { namespace = '', annotations, deletionTimestamp } = binding.metadata;
  const home = namespaces.store.get(namespace);
  const isGoing = deletionTimestamp !== undefined || annotations?.[reclaimAtAnnotation] !== undefined;
  if (isGoing || home === undefined || home.metadata.deletionTimestamp !== undefined) return false;
  return isAtRest(binding) && (isConditionTrue(binding.status?.conditions, 'Ready') || isToldOf(binding));
}

function isAtRest({ status = {} }: ServiceBinding): boolean {
  return Boolean(status.externalProperties) && !status.currentOperation && !status.orphanMitigationInProgress;
}

/** Its condition says that the credentials are not there, or not as they should be. */
export function isToldOf({ status }: Pick<ServiceBinding, 'status'>): boolean {
  return reasons.has(findCondition(status?.conditions, 'Ready')?.reason ?? '');
}

async function look(
  task: BindingTask,
  binding: ServiceBinding,
  parts: RepairParts,
): Promise<Step<ServiceBinding>> {
  const { finding, secret } = await find(task, binding);
  parts.observe?.(finding);
  if (finding === 'unproven' && isAwaited(binding)) return takeAwaited(task, binding, secret, parts);
  switch (finding) {
    case 'sound':
      return sound(task, binding, parts);
    case 'returned':
      return takeReturned(task, binding, secret, parts, {});
    case 'unrecorded': {
      const secretContent = await contentOf(task, secret?.data ?? {}, copiedIn(secret));
      return sound(task, binding, parts, { secretContent });
    }
    case 'foreign':
    case 'dying': {
      const message =
        finding === 'dying'
          ? `Secret "${nameOf(binding)}" is being deleted; it is made anew when it is gone`
          : `Secret "${nameOf(binding)}" is not of this ServiceBinding and is left alone: the credentials are nowhere. ` +
            'Delete it, or give it another name; it goes on by itself then';
      await say(task, binding, { reason: reasonOf[finding], message });
      return stop;
    }
    default: {
      const broken: Broken = { reason: reasonOf[finding], what: whatIs(finding, binding), secret };
      return putRight(task, binding, broken, parts, async (telling) => say(task, binding, telling));
    }
  }
}

/**
 * The broker has it from before this object and shows no credentials, so nothing is known of its Secret but what that says
 * itself: a person was asked to bring it back.
 */
function isAwaited({ status }: ServiceBinding): boolean {
  return status?.existedBefore === true && status.secretContent === undefined;
}

async function takeReturned(
  task: BindingTask,
  binding: ServiceBinding,
  secret: SecretObject | undefined,
  parts: RepairParts,
  changes: Changes<ServiceBinding>,
): Promise<Step<ServiceBinding>> {
  if (secret !== undefined) await takeBack(task.client, binding, secret, task.signal);
  return sound(task, binding, parts, changes);
}

/** It is the binding's from now on, and what it holds is what it should hold. */
async function takeAwaited(
  task: BindingTask,
  binding: ServiceBinding,
  secret: SecretObject | undefined,
  parts: RepairParts,
): Promise<Step<ServiceBinding>> {
  const secretContent = await contentOf(task, secret?.data ?? {}, copiedIn(secret));
  return takeReturned(task, binding, secret, parts, { secretContent, existedBefore: undefined });
}

/** Copied keys are no part of it. */
async function contentOf(
  { checksumKey }: BindingTask,
  data: NonNullable<SecretObject['data']>,
  copied: readonly string[],
): Promise<ServiceBindingSecretContent> {
  const keys = Object.keys(data).filter((each) => !copied.includes(each));
  return secretContentOf(await checksumKey.get(), data, keys);
}

/** What the API server has in memory says that all is well, at a third of the cost; everything else is read live. */
async function find(
  { client, checksumKey, signal }: BindingTask,
  binding: ServiceBinding,
): Promise<{ readonly finding: SecretFinding; readonly secret: SecretObject | undefined }> {
  const key = await checksumKey.get();
  const glanced = await readSecret(client, binding, signal, true);
  if (secretFinding(glanced, binding, key) === 'sound') return { finding: 'sound', secret: glanced };
  const secret = await readSecret(client, binding, signal);
  return { finding: secretFinding(secret, binding, key), secret };
}

function whatIs(finding: 'absent' | 'changed' | 'unproven', binding: ServiceBinding): string {
  const secret = `Secret "${nameOf(binding)}"`;
  if (finding === 'absent') return `${secret} is not there any more`;
  if (finding === 'changed') return `Somebody has changed ${secret}`;
  return `${secret} came back from elsewhere, and nothing says that it holds what it should`;
}

async function sound(
  task: BindingTask,
  binding: ServiceBinding,
  parts: RepairParts,
  changes: Changes<ServiceBinding> = {},
): Promise<Step<ServiceBinding>> {
  let now = binding;
  if (isToldOf(binding)) {
    const message = isAwaited(binding)
      ? `Secret "${nameOf(binding)}" has come back, and is taken for what the broker gave out`
      : `Secret "${nameOf(binding)}" holds what was stored`;
    now = await record(task, binding, { kind: 'ready', reason: 'InjectedBindResult', message }, changes);
    tell(task, now, 'Normal', { reason: 'SecretFound', message });
  } else if (Object.keys(changes).length > 0) {
    now = await putStatus(task, binding, changed<object>(binding.status ?? {}, changes));
  }
  return unbindReplaced(task, now, parts.olderUsers);
}

/** Not ready, and why; an Event when it is news. */
async function say(
  task: BindingTask,
  binding: ServiceBinding,
  { reason, message, isFinal = false }: Saying,
): Promise<ServiceBinding> {
  const verdict = isFinal
    ? ({ kind: 'stalled', reason, message, failedReason: reason } as const)
    : ({ kind: 'working', reason, message } as const);
  const said = await record(task, binding, verdict);
  if (findCondition(binding.status?.conditions, 'Ready')?.message !== message)
    tell(task, said, 'Warning', { reason, message });
  return said;
}

function nameOf(binding: ServiceBinding): string {
  return `${binding.metadata.namespace ?? ''}/${secretNameOf(binding)}`;
}
