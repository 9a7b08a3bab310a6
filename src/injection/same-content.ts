import { isObject, jsonEqual } from '../base/json.ts';

/**
 * What the API server fills in between two calls of the webhook. A field with its default says the same as no field,
 * so that a second round finds what the first one added.
 */
const defaults: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['defaultMode', 0o644],
  ['optional', false],
  ['apiVersion', 'v1'],
  ['value', ''],
  ['readOnly', false],
]);

/** True when two parts of a Pod mean the same to the kubelet. */
export function sameContent(left: unknown, right: unknown): boolean {
  return jsonEqual(withoutDefaults(left), withoutDefaults(right));
}

function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (!isObject(value)) return value;
  const entries = Object.entries(value)
    .filter(([key, field]) => field !== null && field !== undefined && !isDefault(key, field))
    .map(([key, field]) => [key, withoutDefaults(field)] as const);
  return Object.fromEntries(entries);
}

function isDefault(key: string, field: unknown): boolean {
  return defaults.has(key) && defaults.get(key) === field;
}
