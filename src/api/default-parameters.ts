import { isObject, type JsonObject } from '../base/json.ts';

/** Deeper down, what is more specific replaces the default as a whole. */
const maxDepth = 64;

/**
 * Parameters with what they leave open filled in from the defaults, as the original service catalog merged them: objects
 * key by key, at every level; any other value, a list and null included, replaces the default.
 */
export function withDefaults(defaults: JsonObject | undefined, own: JsonObject, depth = 0): JsonObject {
  const merged = new Map(Object.entries(defaults ?? {}));
  for (const [key, value] of Object.entries(own)) {
    const fallback = merged.get(key);
    const isMerged = isObject(fallback) && isObject(value) && depth < maxDepth;
    merged.set(key, isMerged ? withDefaults(fallback, value, depth + 1) : value);
  }
  return Object.fromEntries(merged);
}
