import { findCondition, removeCondition, setCondition } from '../api/conditions.ts';
import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { timestamp } from '../control/attempts.ts';
import { instanceOf } from '../model/instance-of.ts';
import { putStatus, tell } from '../operations/record.ts';
import type { BindingTask } from './known-binding.ts';

/** Condition that is there only while it is true. */
export const expiringCondition = 'CredentialsExpiring';

/** `ExpiringSoon`: within a week; `RenewalDue`: `renew_before` is over; `Expired`: `expires_at` is. */
export const expiryReasons = ['ExpiringSoon', 'RenewalDue', 'Expired'] as const;

export interface Expiry {
  readonly reason: (typeof expiryReasons)[number];
  /** The same for as long as the reason is. */
  readonly message: string;
}

/** Long enough for a person to make another login and to move what runs. What lives shorter says so from the beginning. */
const leadMs = 7 * 24 * 60 * 60 * 1000;

/**
 * What is to be said of the end of credentials (OSB, Binding Metadata Object: not used after `expires_at`, renewed before
 * `renew_before`); undefined when there is none, or it is far away.
 */
export function expiryOf(binding: ServiceBinding, nowMs: number): Expiry | undefined {
  const { expiresAt, renewBefore } = binding.status ?? {};
  const ends = timeOf(expiresAt);
  const renewal = timeOf(renewBefore);
  if (Math.min(ends, renewal) - nowMs > leadMs) return undefined;
  const remedy =
    `Make another ServiceBinding to instance "${instanceOf(binding).name}", have the workloads use that, ` +
    'and delete this one when none uses it any more';
  if (ends <= nowMs)
    return { reason: 'Expired', message: `The credentials ended at ${expiresAt}. ${remedy}` };
  const end = !expiresAt ? '' : `The credentials end at ${expiresAt}. `;
  const isDue = renewal <= nowMs;
  const renewed = !renewBefore ? '' : `They ${isDue ? 'were' : 'are'} to be renewed before ${renewBefore}. `;
  const reason = isDue ? 'RenewalDue' : 'ExpiringSoon';
  return { reason, message: `${end}${renewed}${remedy}` };
}

/** What is no time, or is not there, never comes. */
function timeOf(text: string | null | undefined): number {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms;
}

/**
 * Tells in time that credentials end. By the wall clock, as the broker said it: a clock that was wrong has said something
 * wrong, which is taken back when it is right again. Nothing else is done: what runs keeps what it has.
 */
export async function tellExpiry(task: BindingTask, binding: ServiceBinding): Promise<ServiceBinding> {
  const { status = {}, metadata } = binding;
  const { conditions = [] } = status;
  const nowMs = task.clock.now();
  const expiry = expiryOf(binding, nowMs);
  const observedGeneration = metadata.generation ?? 0;
  const statement = { type: expiringCondition, status: 'True', observedGeneration } as const;
  const next =
    expiry === undefined
      ? removeCondition(conditions, expiringCondition)
      : setCondition(conditions, { ...statement, ...expiry }, timestamp(nowMs));
  if (next === conditions) return binding;
  const written = await putStatus(task, binding, { ...status, conditions: next });
  const isNews = findCondition(conditions, expiringCondition)?.reason !== expiry?.reason;
  if (expiry !== undefined && isNews) tell(task, written, 'Warning', expiry);
  return written;
}
