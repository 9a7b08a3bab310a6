import { isObject, jsonEqual, type JsonObject } from '../base/json.ts';

/**
 * The smallest JSON merge patch (RFC 7386) that turns `previous` into `next`; undefined when there is nothing to do.
 * Arrays are replaced whole and removed fields become null. A null or undefined field of `next` means "absent",
 * since a merge patch can not store a null.
 */
export function mergeDiff(previous: object, next: object): JsonObject | undefined {
  return objectDiff(previous as JsonObject, next as JsonObject);
}

function objectDiff(previous: JsonObject, next: JsonObject): JsonObject | undefined {
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(previous)) {
    if (previous[key] !== null && isAbsent(next, key)) patch[key] = null;
  }
  for (const key of Object.keys(next)) {
    if (isAbsent(next, key)) continue;
    const change = fieldDiff(Object.hasOwn(previous, key) ? previous[key] : undefined, next[key]);
    if (change !== undefined) patch[key] = change;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function fieldDiff(before: unknown, after: unknown): unknown {
  if (isObject(before) && isObject(after)) return objectDiff(before, after);
  return jsonEqual(before, after) ? undefined : after;
}

function isAbsent(object: JsonObject, key: string): boolean {
  return !Object.hasOwn(object, key) || object[key] === undefined || object[key] === null;
}

/**
 * `object` as a merge patch would store it: without what counts as absent, however deep. Arrays, numbers kept as text and
 * what says itself how it is written stay as they are.
 */
export function present(object: object): JsonObject {
  const fields = Object.entries(object).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(fields.map(([key, value]) => [key, isPlain(value) ? present(value) : value]));
}

function isPlain(value: unknown): value is JsonObject {
  return isObject(value) && !('toJSON' in value);
}
