import type { ServiceBinding } from '../../api/generated/service-binding.ts';
import type { ServiceInstance } from '../../api/generated/service-instance.ts';
import { slotOf, type Times } from '../../control/attempts.ts';
import type { Reclaim } from '../../injection/request-owner.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { isPaused } from '../../model/paused.ts';
import type { Made } from './in-use.ts';
import type { LastWords } from './last-words.ts';
import { hasReclaimAt, reclaimAtOf } from './reclaim-at.ts';
import type { ReclaimDefaults } from './reclaim-policy.ts';
import type { UnusedSince } from './unused-since.ts';

export interface ReclaimSettings extends ReclaimDefaults {
  /** So long this process must have known that something is unused before it takes it away. */
  readonly settleMs: number;
  /** Likewise, where the policy is `delete`. */
  readonly deleteSettleMs: number;
}

export interface ReclaimTimes {
  readonly times: Times;
  readonly unused: UnusedSince;
  readonly lastWords: Pick<LastWords, 'about'>;
  readonly settings: ReclaimSettings;
}

/** What is to be done about something that was made for a workload. */
export type ReclaimStep =
  | { readonly kind: 'none' }
  /** It is marked and stays. */
  | { readonly kind: 'cancel'; readonly why: string }
  | { readonly kind: 'schedule'; readonly graceMs: number }
  | { readonly kind: 'wait'; readonly waitMs: number }
  /** Its time has come, if a live read says the same. */
  | { readonly kind: 'act' };

/** Times are written in whole seconds. */
const roundingMs = 1_000;

/** @param policy what becomes of it when nobody needs it */
export function reclaimStep(
  { object, usedBy }: Made<ServiceInstance | ServiceBinding>,
  policy: Reclaim,
  { times, unused, settings }: Omit<ReclaimTimes, 'lastWords'>,
): ReclaimStep {
  if (usedBy !== undefined || policy.kind === 'keep') {
    const why = usedBy ?? 'It is to be kept';
    return hasReclaimAt(object) ? { kind: 'cancel', why } : { kind: 'none' };
  }
  const graceMs = policy.kind === 'after' ? policy.graceMs : 0;
  const time = reclaimAtOf(object);
  if (time === undefined) return { kind: 'schedule', graceMs };
  const seenMs = unused.elapsedMs(object.metadata.uid ?? '', time);
  const leftMs = times.untilMs(slotOf(object, 'reclaimAt'), time);
  // Since it was written the workload has gone, or the last one who shared the instance: there is less to wait for.
  if (leftMs > graceMs + roundingMs) return { kind: 'schedule', graceMs };
  const settleMs = policy.kind === 'delete' ? settings.deleteSettleMs : settings.settleMs;
  const waitMs = Math.max(leftMs, settleMs - seenMs);
  return waitMs > 0 ? { kind: 'wait', waitMs } : whenDue(object);
}

/** The deletion of what is paused would wait, and could not be taken back. */
function whenDue(object: KubeObject): ReclaimStep {
  return { kind: isPaused(object) ? 'none' : 'act' };
}
