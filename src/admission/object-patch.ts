import { isObject, jsonEqual, type JsonObject } from '../base/json.ts';
import { pointer } from '../injection/json-pointer.ts';
import type { PatchOperation } from './decision.ts';

/** Collects the operations that change a few fields of an object, and makes the objects on the way to them. */
export class ObjectPatch {
  readonly #document: JsonObject;
  readonly #operations: PatchOperation[] = [];
  readonly #made = new Set<string>();

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
    this.#operations.push({ op: 'add', path: pointer(path), value });
  }

  /** Adds an element to a list, unless it is there already. */
  append(path: readonly string[], element: string): void {
    const list = this.value(...path);
    if (!Array.isArray(list)) {
      this.#makeParents(path);
      this.#operations.push({ op: 'add', path: pointer(path), value: [element] });
    } else if (!list.includes(element)) {
      this.#operations.push({ op: 'add', path: `${pointer(path)}/-`, value: element });
    }
  }

  /** Removes a field, if it is there. */
  remove(path: readonly string[]): void {
    if (this.value(...path) !== undefined) this.#operations.push({ op: 'remove', path: pointer(path) });
  }

  /** A JSON patch can not add to what does not exist. */
  #makeParents(path: readonly string[]): void {
    for (let depth = 1; depth < path.length; depth++) {
      const parent = path.slice(0, depth);
      const key = pointer(parent);
      if (this.object(...parent) !== undefined || this.#made.has(key)) continue;
      this.#made.add(key);
      this.#operations.push({ op: 'add', path: key, value: {} });
    }
  }
}
