import { isNumber, isObject } from '../base/json.ts';

/**
 * A JSON value as the API server gives it back: integers beyond 64 bits lose digits, `1.0` and `1e3` become 1 and
 * 1000, half surrogates are replaced. Compared in this form, a catalog that did not change shows no difference.
 * Undefined when the API server can not store it at all, as with 1e400.
 */
export function storedForm(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (isNumber(value)) return storedNumber(JSON.stringify(value), value);
  if (Array.isArray(value)) {
    const items = value.map(storedForm);
    return items.includes(undefined) ? undefined : items;
  }
  if (!isObject(value)) return value;
  const fields: [string, unknown][] = [];
  for (const [key, field] of Object.entries(value)) {
    const stored = storedForm(field);
    if (stored === undefined) return undefined;
    fields.push([key.toWellFormed(), stored]);
  }
  return Object.fromEntries(fields);
}

const maxInt64 = 2n ** 63n - 1n;
const minInt64 = -(2n ** 63n);

function storedNumber(token: string, value: unknown): unknown {
  if (/^-?\d{1,19}$/.test(token)) {
    const integer = BigInt(token);
    const isInt64 = integer <= maxInt64 && integer >= minInt64;
    // Beyond 2^53 the token itself is the only exact form.
    if (isInt64) return Number.isSafeInteger(Number(integer)) ? Number(integer) : value;
  }
  const float = Number(token);
  return Number.isFinite(float) ? float : undefined;
}
