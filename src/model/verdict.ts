import { findCondition, lastConditionState, removeCondition, setCondition } from '../api/conditions.ts';
import type { Condition } from '../api/generated/shared-types.ts';
import { sentence } from '../base/sentence.ts';

/**
 * How an instance or a binding stands, in the words of the people who watch it. `statusOf` turns it into conditions
 * so that `kubectl wait`, kstatus, Argo CD, Flux and old Service Catalog clients all read the same story.
 */
export type Verdict =
  | { readonly kind: 'ready'; readonly reason: string; readonly message: string }
  /** On the way, or waiting for something that has not appeared yet. */
  | { readonly kind: 'working'; readonly reason: string; readonly message: string; readonly usable?: boolean }
  /** An attempt failed, the next one has a time. */
  | {
      readonly kind: 'retrying';
      readonly reason: string;
      readonly message: string;
      /** What the user already has keeps working, so Ready stays as it is. */
      readonly usable?: boolean;
      /** RFC 3339. */
      readonly nextAttemptTime: string;
    }
  /** Nothing more happens until the spec changes. */
  | {
      readonly kind: 'stalled';
      readonly reason: string;
      readonly message: string;
      /** Reason of the Failed condition; nothing has failed without it. */
      readonly failedReason?: string;
      readonly usable?: boolean;
    }
  /** Orphan mitigation: what may have been left at the broker is deleted. */
  | {
      readonly kind: 'cleaning';
      readonly reason: string;
      readonly message: string;
      /** Set when the operation is not tried again afterwards: the reason of the Failed condition. */
      readonly failedReason?: string;
    }
  /** Orphan mitigation is due and switched off: somebody wants to look at what may have been left first. */
  | {
      readonly kind: 'held-back';
      readonly reason: string;
      readonly message: string;
      /** What failed; kept for the day it is cleaned up. */
      readonly cause: string;
      readonly failedReason?: string;
    }
  /** The object is being deleted: nobody may take it for ready, whatever it was before. */
  | {
      readonly kind: 'deleting';
      readonly reason: string;
      readonly message: string;
      /** The broker did not do it: whether what it has can still be used, nobody knows. */
      readonly isRefused?: boolean;
    };

export interface VerdictStatus {
  readonly conditions: readonly Condition[];
  readonly lastConditionState: string;
  readonly observedGeneration: number;
}

type Setter = (type: string, status: 'True' | 'False' | 'Unknown', reason: string, message: string) => void;

/**
 * The conditions for a verdict: Ready is the last one (Failed after it when terminal), Reconciling, Stalled and
 * OrphanMitigation are there only while true (the last is False while it is switched off), every one carries the
 * generation it speaks of. Conditions that are none of these belong to others and stay.
 */
export function statusOf(
  verdict: Verdict,
  current: { readonly conditions?: readonly Condition[] | null | undefined },
  generation: number,
  now: string,
): VerdictStatus {
  let conditions: readonly Condition[] = current.conditions ?? [];
  const set: Setter = (type, status, reason, message) => {
    conditions = setCondition(
      conditions,
      { type, status, reason, message, observedGeneration: generation },
      now,
    );
  };
  const kept = keptConditions(verdict);
  for (const type of ownConditions) {
    if (!kept.includes(type)) conditions = removeCondition(conditions, type);
  }
  setReady(verdict, findCondition(conditions, 'Ready'), set);
  setProgress(verdict, conditions, set);
  return {
    conditions,
    lastConditionState: lastConditionState(conditions),
    observedGeneration: generation,
  };
}

const ownConditions = ['Ready', 'Reconciling', 'Stalled', 'OrphanMitigation', 'Failed'] as const;

/** Which of our conditions survive if they are there. */
function keptConditions(verdict: Verdict): readonly (typeof ownConditions)[number][] {
  switch (verdict.kind) {
    case 'cleaning':
      return ['Ready', 'Reconciling', 'OrphanMitigation', 'Failed'];
    case 'held-back':
      return ['Ready', 'Stalled', 'OrphanMitigation', 'Failed'];
    case 'stalled':
      return verdict.failedReason === undefined ? ['Ready', 'Stalled'] : ['Ready', 'Stalled', 'Failed'];
    case 'ready':
      return ['Ready'];
    case 'deleting':
    case 'working':
    case 'retrying':
      return ['Ready', 'Reconciling'];
  }
}

function setReady(verdict: Verdict, ready: Condition | undefined, set: Setter): void {
  if (verdict.kind === 'ready') return set('Ready', 'True', verdict.reason, verdict.message);
  const isKept = 'usable' in verdict && verdict.usable && ready?.status === 'True';
  if (isKept) return set('Ready', 'True', ready.reason, ready.message);
  const isUnknown = verdict.kind === 'deleting' && verdict.isRefused === true;
  set('Ready', isUnknown ? 'Unknown' : 'False', verdict.reason, verdict.message);
}

function setProgress(verdict: Verdict, conditions: readonly Condition[], set: Setter): void {
  switch (verdict.kind) {
    case 'ready':
      return;
    case 'working':
    case 'deleting':
      return set('Reconciling', 'True', verdict.reason, verdict.message);
    case 'retrying':
      return set(
        'Reconciling',
        'True',
        'Backoff',
        `${sentence(verdict.message)} Next attempt at ${verdict.nextAttemptTime}.`,
      );
    case 'stalled':
      set('Stalled', 'True', verdict.reason, verdict.message);
      return setFailed(verdict.failedReason, verdict.message, set);
    case 'held-back':
      set('Stalled', 'True', verdict.reason, verdict.message);
      set('OrphanMitigation', 'False', verdict.reason, verdict.cause);
      return setFailed(verdict.failedReason, verdict.cause, set);
    case 'cleaning':
      set('Reconciling', 'True', verdict.reason, verdict.message);
      setOrphanMitigation(verdict, findCondition(conditions, 'OrphanMitigation'), set);
      return setFailed(verdict.failedReason, verdict.message, set);
  }
}

/** The first reason is the one that matters, however often the clean-up itself is tried, or switched off and on. */
function setOrphanMitigation({ reason, message }: Verdict, known: Condition | undefined, set: Setter): void {
  if (known?.status !== 'True') set('OrphanMitigation', 'True', reason, known?.message ?? message);
}

function setFailed(reason: string | undefined, message: string, set: Setter): void {
  if (reason !== undefined) set('Failed', 'True', reason, message);
}
