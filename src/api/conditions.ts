/**
 * Conditions as values: every function takes a list and returns a list. The order is part of the API, because
 * clients of the original service catalog show the last element.
 */
import { printable } from '../base/printable.ts';
import type { Condition } from './generated/shared-types.ts';

type Conditions = readonly Condition[];

/** A condition as a caller states it; when it last changed follows from what was there before. */
export type ConditionStatement = Omit<Condition, 'lastTransitionTime'>;

export function findCondition(conditions: Conditions | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** True when the condition is there and holds. */
export function isConditionTrue(conditions: Conditions | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === 'True';
}

/**
 * The list with this condition in it, in the order of the API. `lastTransitionTime` moves only when the status
 * changes. Returns `conditions` itself when nothing differs, so that callers can skip the write.
 * @param now RFC 3339
 */
export function setCondition(
  conditions: Conditions | undefined,
  statement: ConditionStatement,
  now: string,
): Conditions {
  const previous = findCondition(conditions, statement.type);
  const lastTransitionTime =
    previous !== undefined && previous.status === statement.status ? previous.lastTransitionTime : now;
  // Names and words of brokers, users and servers end here, whichever way they came.
  const message = printable(statement.message);
  const next: Condition = { ...statement, message, lastTransitionTime };
  if (conditions === undefined || previous === undefined) return inOrder([...(conditions ?? []), next]);
  const ordered = inOrder(conditions.map((condition) => (condition === previous ? next : condition)));
  return sameConditions(conditions, ordered) ? conditions : ordered;
}

/** The list without this condition; `conditions` itself when it is not there. */
export function removeCondition(conditions: Conditions, type: string): Conditions {
  const rest = conditions.filter((condition) => condition.type !== type);
  return rest.length === conditions.length ? conditions : rest;
}

/**
 * `status.lastConditionState`: the type of the last condition when it holds, else its reason; empty without any.
 */
export function lastConditionState(conditions: Conditions | undefined): string {
  const last = conditions?.at(-1);
  if (last === undefined) return '';
  return last.status === 'True' ? last.type : last.reason;
}

/** Ready comes last, and Failed after it while it holds; the others keep their places before. */
function inOrder(conditions: Conditions): Conditions {
  return conditions.toSorted((left, right) => place(left) - place(right));
}

function place({ type, status }: Condition): number {
  if (type === 'Failed' && status === 'True') return 2;
  return type === 'Ready' ? 1 : 0;
}

function sameConditions(left: Conditions, right: Conditions): boolean {
  return left.every((condition, index) => sameCondition(condition, right[index]));
}

function sameCondition(left: Condition, right: Condition | undefined): boolean {
  return (
    left.type === right?.type &&
    left.status === right.status &&
    left.lastTransitionTime === right.lastTransitionTime &&
    left.reason === right.reason &&
    left.message === right.message &&
    left.observedGeneration === right.observedGeneration
  );
}
