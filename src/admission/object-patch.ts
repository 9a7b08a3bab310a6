import { isObject, jsonEqual, type JsonObject } from '../base/json.ts';
import { pointer } from '../injection/patch.ts';
import type { PatchOperation } from './decision.ts';

/** Changes a few fields of an object, which is read as it is by then, and collects the operations that do the same. */
export class ObjectPatch {
  #document: JsonObject;
  readonly #operations: PatchOperation[] = [];

  constructor(document: JsonObject) {
    this.#document = document;
  }

  get operations(): readonly PatchOperation[] {
    return this.#operations;
  }

  /** The object at this path; undefined when there is none. */
  object(...path: readonly string[]): JsonObject | undefined {
    const value = this.value(...path);
    return isObject(value) ? value : undefined;
  }

  value(...path: readonly string[]): unknown {
    let value: unknown = this.#document;
    for (const key of path) value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    return value;
  }

  /** Sets a field, unless it has this value already. */
  set(path: readonly string[], value: unknown): void {
    if (jsonEqual(this.value(...path), value)) return;
    this.#makeParents(path);
    this.#add(path, value);
  }

  /** Adds an element to a list, unless it is there already. */
  append(path: readonly string[], element: unknown): void {
    const list = this.value(...path);
    if (!Array.isArray(list)) return this.set(path, [element]);
    if (list.includes(element)) return;
    this.#operations.push({ op: 'add', path: `${pointer(path)}/-`, value: element });
    this.#document = withValue(this.#document, path, [...(list as readonly unknown[]), element]);
  }

  /** Removes a field, if it is there. */
  remove(path: readonly string[]): void {
    if (this.value(...path) === undefined) return;
    this.#operations.push({ op: 'remove', path: pointer(path) });
    this.#document = withValue(this.#document, path, undefined);
  }

  /** A JSON patch can not add to what does not exist. */
  #makeParents(path: readonly string[]): void {
    for (let depth = 1; depth < path.length; depth++) {
      const parent = path.slice(0, depth);
      if (this.object(...parent) === undefined) this.#add(parent, {});
    }
  }

  #add(path: readonly string[], value: unknown): void {
    this.#operations.push({ op: 'add', path: pointer(path), value });
    this.#document = withValue(this.#document, path, value);
  }
}

/** A copy with another value at a path whose parents are objects; undefined removes the field. */
function withValue(object: JsonObject, [key = '', ...rest]: readonly string[], value: unknown): JsonObject {
  const { [key]: old, ...others } = object;
  const next = rest.length === 0 ? value : withValue(isObject(old) ? old : {}, rest, value);
  return next === undefined ? others : { ...others, [key]: next };
}
