import { isNumber, isObject, type JsonObject } from '../base/json.ts';

/** A document, or what is wrong with it in words that follow "but". */
export type Decoded<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** A field of an optional string: absent, null and wrong types are all `undefined`. */
export function stringField(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function objectField(object: JsonObject, name: string): JsonObject | undefined {
  const value = object[name];
  return isObject(value) ? value : undefined;
}

/** The value of a JSON number, whichever way its token was kept; `undefined` for anything else. */
export function numberOf(value: unknown): number | undefined {
  if (!isNumber(value)) return undefined;
  const number = Number(JSON.stringify(value));
  return Number.isFinite(number) ? number : undefined;
}

/** `{ [name]: value }`, or nothing when there is no value: for spreading into objects of optional fields. */
export function optional<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  // One computed key of a literal type: TypeScript widens it to string.
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: V };
}
