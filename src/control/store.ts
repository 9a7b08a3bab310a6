import type { ListWatchSink } from '../kube/list-watch.ts';
import { objectKey, type KubeObject } from '../kube/objects.ts';
import { compareResourceVersions, isOlderVersion } from '../kube/resource-version.ts';
import { deepFreeze } from './deep-freeze.ts';
import { StoreIndex } from './store-index.ts';
import { Tombstones } from './tombstones.ts';

export interface StoreOptions<T extends KubeObject> {
  /** Named indexes: the values under which an object is found. Pure functions of the trimmed object. */
  readonly indexes?: Readonly<Record<string, (object: T) => readonly string[]>> | undefined;
  /** What is kept of an object; idempotent. Without it `metadata.managedFields` is dropped: a third of most. */
  readonly trim?: ((object: T) => T) | undefined;
  /** Deep-freezes what is kept, so that a test finds whoever changes it. @default false */
  readonly freeze?: boolean | undefined;
}

/** `object` is the new state, or the last one when `removed`; `previous` is what the store held before. */
export interface StoreChange<T> {
  readonly object: T;
  readonly previous?: T;
  readonly removed: boolean;
}

type Listener<T> = (change: StoreChange<T>) => void;

/**
 * What is known of one kind: plain objects by key (`namespace/name`), with indexes. Filled by a list-watch and
 * by the answers of our own writes; whichever is newer by resourceVersion stays. Nobody may change what it holds.
 */
export class Store<T extends KubeObject> implements ListWatchSink<T> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, StoreIndex<T>>();
  readonly #tombstones = new Tombstones();
  readonly #listeners = new Set<Listener<T>>();
  readonly #trim: (object: T) => T;
  readonly #freeze: boolean;
  /** The last list was complete up to here: what it did not show and is not newer does not exist. */
  #listVersion: string | undefined;

  constructor(options: StoreOptions<T> = {}) {
    this.#trim = options.trim ?? dropManagedFields;
    this.#freeze = options.freeze ?? false;
    for (const [name, valuesOf] of Object.entries(options.indexes ?? {})) {
      this.#indexes.set(name, new StoreIndex(valuesOf));
    }
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  /** The objects that have `value` in the named index; costs as much as it returns. */
  byIndex(index: string, value: string): readonly T[] {
    const found = this.#indexes.get(index);
    if (found === undefined) {
      throw new TypeError(
        `no index "${index}"; there are: ${[...this.#indexes.keys()].join(', ') || 'none'}`,
      );
    }
    const objects: T[] = [];
    for (const key of found.keys(value)) {
      const object = this.#objects.get(key);
      if (object !== undefined) objects.push(object);
    }
    return objects;
  }

  /**
   * Keeps the object unless what is known is as new or newer, or the object was removed since. So the answer of
   * a write may be put at once ("read your writes") in any order with what the watch says.
   */
  put(object: T): void {
    const key = objectKey(object);
    const previous = this.#objects.get(key);
    if (previous === undefined ? this.#isPast(object) : !isNews(object, previous)) return;
    this.#set(key, previous, object);
  }

  /** Forgets the object. A late removal of an earlier incarnation (another uid) changes nothing. */
  remove(object: T): void {
    const { uid, resourceVersion } = object.metadata;
    this.#tombstones.add(uid, resourceVersion);
    const key = objectKey(object);
    const previous = this.#objects.get(key);
    if (previous === undefined) return;
    const knownUid = previous.metadata.uid;
    if (uid !== undefined && knownUid !== undefined && uid !== knownUid) return;
    this.#delete(key, previous, object);
  }

  /**
   * The store becomes `items`. With the `resourceVersion` of the list, what was written after it is kept: the
   * watch that follows tells about it. Without, the list is taken as it is, older versions included.
   */
  replace(items: readonly T[], resourceVersion?: string): void {
    this.#tombstones.clear();
    this.#listVersion = undefined;
    const failures: unknown[] = [];
    const attempt = (step: () => void): void => {
      try {
        step();
      } catch (error) {
        failures.push(error);
      }
    };
    const present = new Set<string>();
    for (const item of items) {
      present.add(objectKey(item));
      attempt(() => (resourceVersion === undefined ? this.#take(item) : this.put(item)));
    }
    for (const [key, object] of this.#objects) {
      if (present.has(key) || isOlderVersion(resourceVersion, object.metadata.resourceVersion)) continue;
      attempt(() => this.#delete(key, object, object));
    }
    this.#listVersion = resourceVersion;
    if (failures.length > 0) throw failures[0];
  }

  trim(object: T): T {
    return this.#trim(object);
  }

  /** Calls `listener` after each real change. Returns how to stop that. */
  subscribe(listener: Listener<T>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether an unknown object is a state from before its deletion. */
  #isPast(object: T): boolean {
    if (this.#tombstones.covers(object)) return true;
    const order = compareResourceVersions(object.metadata.resourceVersion, this.#listVersion);
    return order !== undefined && order <= 0;
  }

  #take(object: T): void {
    const key = objectKey(object);
    const previous = this.#objects.get(key);
    const version = object.metadata.resourceVersion;
    if (version !== undefined && previous?.metadata.resourceVersion === version) return;
    this.#set(key, previous, object);
  }

  #set(key: string, previous: T | undefined, given: T): void {
    const object = this.#trim(given);
    if (this.#freeze) deepFreeze(object);
    // Index functions run before anything is changed: when one throws, the store is as it was.
    const updates = this.#indexUpdates(previous, object);
    this.#objects.set(key, object);
    for (const { index, before, after } of updates) index.update(key, before, after);
    this.#notify(previous === undefined ? { object, removed: false } : { object, previous, removed: false });
  }

  #delete(key: string, previous: T, last: T): void {
    const updates = this.#indexUpdates(previous, undefined);
    this.#objects.delete(key);
    for (const { index, before, after } of updates) index.update(key, before, after);
    this.#notify({ object: last === previous ? last : this.#trim(last), previous, removed: true });
  }

  #indexUpdates(previous: T | undefined, next: T | undefined) {
    return [...this.#indexes.values()].map((index) => ({
      index,
      before: previous === undefined ? [] : index.valuesOf(previous),
      after: next === undefined ? [] : index.valuesOf(next),
    }));
  }

  /** Every listener hears of every change, even when another one throws. */
  #notify(change: StoreChange<T>): void {
    const failures: unknown[] = [];
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

function isNews(object: KubeObject, known: KubeObject): boolean {
  const version = object.metadata.resourceVersion;
  const knownVersion = known.metadata.resourceVersion;
  if (version !== undefined && version === knownVersion) return false;
  return !isOlderVersion(version, knownVersion);
}

function dropManagedFields<T extends KubeObject>(object: T): T {
  if (!('managedFields' in object.metadata)) return object;
  const { managedFields: _dropped, ...metadata } = object.metadata;
  return { ...object, metadata };
}
