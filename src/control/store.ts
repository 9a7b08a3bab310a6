import type { ListWatchSink } from '../kube/list-watch.ts';
import { objectKey, type KubeObject } from '../kube/objects.ts';
import { compareResourceVersions, isOlderVersion } from '../kube/resource-version.ts';
import { deepFreeze } from './deep-freeze.ts';
import { keptWhole } from './kept-whole.ts';
import { StoreIndex } from './store-index.ts';
import { Tombstones } from './tombstones.ts';

export interface StoreOptions<Kept extends KubeObject, Raw extends KubeObject = Kept> {
  /** Named indexes: the values under which an object is found. Pure functions of the trimmed object. */
  readonly indexes?: Readonly<Record<string, (object: Kept) => readonly string[]>> | undefined;
  /**
   * What is kept of an object as the API server gives it: needed when that is of another type. Without it
   * `metadata.managedFields` is dropped: a third of most.
   */
  readonly trim?: ((object: Raw) => Kept) | undefined;
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
 *
 * What comes from the API server is `Raw`, what is held is `Kept`. `trim` leads from one to the other, is called here
 * and nowhere else, and once for each object: what it leaves out can not be found a second time.
 */
export class Store<Kept extends KubeObject, Raw extends KubeObject = Kept> implements ListWatchSink<
  Raw,
  Kept
> {
  readonly #objects = new Map<string, Kept>();
  readonly #indexes = new Map<string, StoreIndex<Kept>>();
  readonly #tombstones = new Tombstones();
  readonly #listeners = new Set<Listener<Kept>>();
  readonly #trim: (object: Raw) => Kept;
  readonly #freeze: boolean;
  /**
   * The last list was complete up to here: what it did not show and is not newer does not exist. By namespace, where each has
   * a list of its own, else under `everywhere`.
   */
  readonly #listVersions = new Map<string, string>();

  constructor(options: StoreOptions<Kept, Raw> = {}) {
    // Without a trim function the two types are the same.
    this.#trim = options.trim ?? (keptWhole as unknown as (object: Raw) => Kept);
    this.#freeze = options.freeze ?? false;
    for (const [name, valuesOf] of Object.entries(options.indexes ?? {})) {
      this.#indexes.set(name, new StoreIndex(valuesOf));
    }
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): Kept | undefined {
    return this.#objects.get(key);
  }

  list(): readonly Kept[] {
    return [...this.#objects.values()];
  }

  /** The objects that have `value` in the named index; costs as much as it returns. */
  byIndex(index: string, value: string): readonly Kept[] {
    const found = this.#indexes.get(index);
    if (found === undefined) {
      throw new TypeError(
        `no index "${index}"; there are: ${[...this.#indexes.keys()].join(', ') || 'none'}`,
      );
    }
    const objects: Kept[] = [];
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
  put(object: Raw): void {
    if (this.#isNew(object)) this.#set(this.#trim(object));
  }

  /** Forgets the object. A late removal of an earlier incarnation (another uid) changes nothing. */
  remove(object: Raw): void {
    const { uid, resourceVersion } = object.metadata;
    this.#tombstones.add(uid, resourceVersion);
    const key = objectKey(object);
    const previous = this.#objects.get(key);
    if (previous === undefined) return;
    const knownUid = previous.metadata.uid;
    if (uid !== undefined && knownUid !== undefined && uid !== knownUid) return;
    this.#delete(key, previous, this.#trim(object));
  }

  /**
   * The store becomes `items`. With the `resourceVersion` of the list, what was written after it is kept: the
   * watch that follows tells about it. Without, the list is taken as it is, older versions included.
   */
  replace(items: readonly Kept[], resourceVersion?: string): void {
    this.#tombstones.clear();
    this.#replace(everywhere, items, resourceVersion);
  }

  /** For a list-watch of one namespace (of the Namespace itself, where that is the kind): its lists say nothing of others. */
  within(namespace: string): ListWatchSink<Raw, Kept> {
    return {
      trim: (object) => this.#trim(object),
      put: (object) => this.put(object),
      remove: (object) => this.remove(object),
      replace: (items, resourceVersion) => {
        // Tombstones of other namespaces stay: their lists are older.
        if (resourceVersion === undefined) this.#tombstones.clear();
        this.#replace(namespace, items, resourceVersion);
      },
    };
  }

  #replace(place: string, items: readonly Kept[], resourceVersion: string | undefined): void {
    this.#listVersions.delete(place);
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
      if (resourceVersion === undefined ? this.#isOther(item) : this.#isNew(item)) {
        attempt(() => this.#set(item));
      }
    }
    for (const [key, object] of this.#objects) {
      if (place !== everywhere && placeOf(object) !== place) continue;
      if (present.has(key) || isOlderVersion(resourceVersion, object.metadata.resourceVersion)) continue;
      attempt(() => this.#delete(key, object, object));
    }
    if (resourceVersion !== undefined) this.#listVersions.set(place, resourceVersion);
    if (failures.length > 0) throw failures[0];
  }

  trim(object: Raw): Kept {
    return this.#trim(object);
  }

  /** Calls `listener` after each real change. Returns how to stop that. */
  subscribe(listener: Listener<Kept>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether it is to be kept. */
  #isNew(object: KubeObject): boolean {
    const previous = this.#objects.get(objectKey(object));
    return previous === undefined ? !this.#isPast(object) : isNews(object, previous);
  }

  /** Not the version that is held, be it older or newer. */
  #isOther({ metadata }: KubeObject): boolean {
    const known = this.#objects.get(objectKey({ metadata }))?.metadata.resourceVersion;
    return known === undefined || known !== metadata.resourceVersion;
  }

  /** Whether an unknown object is a state from before its deletion. */
  #isPast(object: KubeObject): boolean {
    if (this.#tombstones.covers(object)) return true;
    const listVersion = this.#listVersions.get(everywhere) ?? this.#listVersions.get(placeOf(object));
    const order = compareResourceVersions(object.metadata.resourceVersion, listVersion);
    return order !== undefined && order <= 0;
  }

  #set(object: Kept): void {
    const key = objectKey(object);
    const previous = this.#objects.get(key);
    if (this.#freeze) deepFreeze(object);
    // Index functions run before anything is changed: when one throws, the store is as it was.
    const updates = this.#indexUpdates(previous, object);
    this.#objects.set(key, object);
    for (const { index, before, after } of updates) index.update(key, before, after);
    this.#notify(previous === undefined ? { object, removed: false } : { object, previous, removed: false });
  }

  #delete(key: string, previous: Kept, last: Kept): void {
    const updates = this.#indexUpdates(previous, undefined);
    this.#objects.delete(key);
    for (const { index, before, after } of updates) index.update(key, before, after);
    this.#notify({ object: last, previous, removed: true });
  }

  #indexUpdates(previous: Kept | undefined, next: Kept | undefined) {
    return [...this.#indexes.values()].map((index) => ({
      index,
      before: previous === undefined ? [] : index.valuesOf(previous),
      after: next === undefined ? [] : index.valuesOf(next),
    }));
  }

  /** Every listener hears of every change, even when another one throws. */
  #notify(change: StoreChange<Kept>): void {
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

const everywhere = '';

function placeOf({ metadata }: KubeObject): string {
  return metadata.namespace ?? metadata.name;
}

function isNews(object: KubeObject, known: KubeObject): boolean {
  const version = object.metadata.resourceVersion;
  const knownVersion = known.metadata.resourceVersion;
  if (version !== undefined && version === knownVersion) return false;
  return !isOlderVersion(version, knownVersion);
}
