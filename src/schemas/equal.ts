import { isNumber, isObject } from '../base/json.ts';
import type { Budget } from './budget.ts';

/** A number as JavaScript has it, whether it was kept as its text or not. */
export function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : Number(JSON.stringify(value));
}

/**
 * Which of two numbers is larger, as the sign of their difference; undefined where JavaScript can not tell them apart and
 * their texts may differ.
 */
export function compareNumbers(left: unknown, right: unknown): number | undefined {
  const difference = Math.sign(numberOf(left) - numberOf(right));
  if (Number.isNaN(difference)) return undefined;
  return difference === 0 && (typeof left !== 'number' || typeof right !== 'number') ? undefined : difference;
}

/** Deep equality, in which numbers are compared by their value. Paid for by the value. */
export function equal(left: unknown, right: unknown, budget: Budget): boolean {
  budget.spend(1);
  if (isNumber(left) && isNumber(right)) return numberOf(left) === numberOf(right);
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => equal(item, right[index], budget));
  }
  if (!isObject(left) || !isObject(right)) return left === right;
  const keys = Object.keys(left);
  budget.spend(keys.length);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equal(left[key], right[key], budget))
  );
}
