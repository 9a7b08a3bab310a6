/**
 * JSON whose numbers survive. A number that JavaScript would print differently (beyond 2^53, `1.0`, `1e400`)
 * is kept as a raw JSON token, and `stringify` writes that token back unchanged.
 */

export type JsonObject = { readonly [key: string]: unknown };

/** A number token kept as source text, as made by `JSON.rawJSON`. */
interface RawJson {
  readonly rawJSON: string;
}

interface JsonWithSource {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): value is RawJson;
}

// ECMAScript "JSON.parse source text access": in Node since 22, not yet in TypeScript's library types.
const json = JSON as unknown as JsonWithSource;

/**
 * Deeper documents are refused, whoever wrote them: people nest a handful of levels, and everything that walks through a
 * value by recursion would overflow the stack at a few thousand.
 */
export const maxDepth = 100;

/** A document that nests deeper than `maxDepth` levels. */
export class NestingError extends SyntaxError {
  constructor() {
    super(`JSON is nested deeper than ${maxDepth} levels`);
    this.name = 'NestingError';
  }
}

/** Parses JSON exactly. Throws SyntaxError when the text is not JSON or nests deeper than `maxDepth` levels. */
export function parseExact(text: string): unknown {
  const withoutMark = text.charCodeAt(0) === 0xfe_ff ? text.slice(1) : text;
  assertDepth(withoutMark);
  return json.parse(withoutMark, (_key, value, context) =>
    typeof value === 'number' && context.source !== undefined && String(value) !== context.source
      ? json.rawJSON(context.source)
      : value,
  );
}

/** Whether a value nests deeper than `maxDepth` levels. For what came in another way than by `parseExact`. */
export function isTooDeep(value: unknown, levelsLeft: number = maxDepth): boolean {
  if (typeof value !== 'object' || value === null || json.isRawJSON(value)) return false;
  if (levelsLeft === 0) return true;
  return Object.values(value).some((item) => isTooDeep(item, levelsLeft - 1));
}

/** Compact JSON with object keys sorted by code unit, for checksums and comparisons. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sortKeys(value)) ?? 'null';
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !json.isRawJSON(value);
}

/** True for a number, whether JavaScript can hold it or not. */
export function isNumber(value: unknown): boolean {
  return typeof value === 'number' || json.isRawJSON(value);
}

/** Deep equality of JSON values; key order does not matter. */
export function jsonEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (json.isRawJSON(left) || json.isRawJSON(right)) {
    return json.isRawJSON(left) && json.isRawJSON(right) && left.rawJSON === right.rawJSON;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => jsonEqual(item, right[index]));
  }
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && jsonEqual(left[key], right[key]))
  );
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isObject(value)) return value;
  const entries = Object.keys(value)
    .sort()
    .map((key) => [key, sortKeys(value[key])] as const);
  return Object.fromEntries(entries);
}

function assertDepth(text: string): void {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === 0x5c) index++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > maxDepth) throw new NestingError();
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
}
