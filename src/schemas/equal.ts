import { canonicalJson, isNumber, isObject } from '../base/json.ts';
import type { Budget } from './budget.ts';

/** A number as JavaScript has it, whether it was kept as its text or not. Paid for by its digits. */
export function numberOf(value: unknown, budget: Budget): number {
  return typeof value === 'number' ? value : Number(budget.read(JSON.stringify(value)));
}

/**
 * Which of two numbers is larger, as the sign of their difference; undefined where JavaScript can not tell them apart and
 * their texts may differ.
 */
export function compareNumbers(left: unknown, right: unknown, budget: Budget): number | undefined {
  const difference = Math.sign(numberOf(left, budget) - numberOf(right, budget));
  if (Number.isNaN(difference)) return undefined;
  return difference === 0 && (typeof left !== 'number' || typeof right !== 'number') ? undefined : difference;
}

/** Deep equality, in which numbers are compared by their value. Paid for by the value. */
export function equal(left: unknown, right: unknown, budget: Budget): boolean {
  budget.spend(1);
  if (isNumber(left) && isNumber(right)) return numberOf(left, budget) === numberOf(right, budget);
  if (Array.isArray(left) && Array.isArray(right)) {
    return (
      left.length === right.length &&
      budget.items(left).every((item, index) => equal(item, right[index], budget))
    );
  }
  if (typeof left === 'string' && typeof right === 'string') {
    return left.length === right.length && budget.read(left) === right;
  }
  if (!isObject(left) || !isObject(right)) return left === right;
  const keys = budget.keys(left);
  return (
    keys.length === budget.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equal(left[key], right[key], budget))
  );
}

/** A text that is the same for values that are the same, but for numbers in other words (1 and 1.0). Paid for by the value. */
export function textOf(value: unknown, budget: Budget): string {
  weigh(value, budget);
  return canonicalJson(value);
}

/** Pays for all that is in a value. @throws BudgetSpentError */
export function weigh(value: unknown, budget: Budget): void {
  budget.spend(1);
  if (typeof value === 'string') budget.read(value);
  else if (isNumber(value)) numberOf(value, budget);
  else if (Array.isArray(value)) budget.items<unknown>(value).forEach((item) => weigh(item, budget));
  else if (isObject(value)) {
    for (const [key, inner] of budget.entries(value)) {
      budget.read(key);
      weigh(inner, budget);
    }
  }
}
