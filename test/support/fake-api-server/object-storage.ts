import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { ApiFailure, conflict, gone, notFound } from './api-failure.ts';
import type { StoredChange, StoredMeta, StoredObject } from './stored-object.ts';

export interface ObjectName {
  readonly collection: string;
  readonly namespace: string | undefined;
  readonly name: string;
}

interface Collection {
  readonly objects: Map<string, StoredObject>;
  readonly changes: StoredChange[];
}

/** What etcd is to kube-apiserver: all objects, one counter of versions, and the changes until compaction. */
export class ObjectStorage {
  readonly #collections = new Map<string, Collection>();
  readonly #listeners = new Set<(collection: string, change: StoredChange) => void>();
  #version = 1000;
  #compactedVersion = 0;

  get version(): number {
    return this.#version;
  }

  list(collection: string): readonly StoredObject[] {
    const { objects } = this.#collection(collection);
    return [...objects.keys()].sort().map((key) => objects.get(key) as StoredObject);
  }

  read({ collection, namespace, name }: ObjectName): StoredObject {
    const object = this.#collection(collection).objects.get(keyOf(namespace, name));
    if (object === undefined) throw notFound(`${collection} "${name}"`);
    return object;
  }

  create(collection: string, body: StoredObject, namespace: string | undefined): StoredObject {
    const { objects } = this.#collection(collection);
    const given: Partial<StoredMeta> = body.metadata ?? {};
    const name = given.name ?? `${String(given['generateName'])}${randomUUID().slice(0, 5)}`;
    if (objects.has(keyOf(namespace, name))) {
      throw new ApiFailure(409, 'AlreadyExists', `${collection} "${name}" already exists`);
    }
    const metadata = {
      ...given,
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid: randomUUID(),
      creationTimestamp: new Date().toISOString().replace(/\.\d+Z/, 'Z'),
      generation: 1,
      resourceVersion: '',
    };
    return this.#keep(collection, 'ADDED', { ...body, metadata });
  }

  /** Puts `next` in the place of what is there. Checks its resourceVersion and uid if it has them. */
  update(target: ObjectName, next: StoredObject): StoredObject {
    const previous = this.read(target);
    const { resourceVersion, uid } = next.metadata ?? {};
    if (resourceVersion && resourceVersion !== previous.metadata.resourceVersion) {
      throw conflict(`Operation cannot be fulfilled on "${target.name}": the object has been modified`);
    }
    if (uid && uid !== previous.metadata.uid)
      throw conflict(`the UID in the precondition (${uid}) is another`);
    const isNewSpec = !isDeepStrictEqual(previous['spec'], next['spec']);
    const metadata: StoredMeta = {
      ...next.metadata,
      name: target.name,
      uid: previous.metadata.uid,
      creationTimestamp: previous.metadata.creationTimestamp,
      generation: (previous.metadata.generation ?? 1) + (isNewSpec ? 1 : 0),
      resourceVersion: previous.metadata.resourceVersion,
    };
    const object: StoredObject = { ...next, metadata };
    // A write that changes nothing keeps the version.
    if (isDeepStrictEqual(object, previous)) return previous;
    const isReleased = metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0;
    return this.#keep(target.collection, isReleased ? 'DELETED' : 'MODIFIED', object, previous);
  }

  /** Deletes, or marks for deletion what has finalizers. */
  delete(target: ObjectName, preconditions: { uid?: string; resourceVersion?: string } = {}): StoredObject {
    const previous = this.read(target);
    const { uid, resourceVersion } = preconditions;
    if (uid !== undefined && uid !== previous.metadata.uid) throw conflict('the UID does not match');
    if (resourceVersion !== undefined && resourceVersion !== previous.metadata.resourceVersion) {
      throw conflict('the resourceVersion does not match');
    }
    if ((previous.metadata.finalizers ?? []).length === 0) {
      return this.#keep(target.collection, 'DELETED', previous, previous);
    }
    if (previous.metadata.deletionTimestamp !== undefined) return previous;
    const metadata = { ...previous.metadata, deletionTimestamp: new Date().toISOString() };
    return this.#keep(target.collection, 'MODIFIED', { ...previous, metadata }, previous);
  }

  /** The changes after a version. @throws ApiFailure 410 when they are forgotten */
  changesSince(collection: string, version: number): readonly StoredChange[] {
    if (version < this.#compactedVersion) {
      throw gone(`too old resource version: ${version} (${this.#compactedVersion})`);
    }
    return this.#collection(collection).changes.filter((change) => change.version > version);
  }

  /** Forgets all changes so far: who watches from an older version gets 410. */
  compact(): void {
    this.#version++;
    this.#compactedVersion = this.#version;
    for (const { changes } of this.#collections.values()) changes.length = 0;
  }

  /** Sets the counter back, as restoring etcd from a backup does. */
  restoreVersion(version: number): void {
    this.#version = version;
    this.#compactedVersion = 0;
    for (const { changes } of this.#collections.values()) changes.length = 0;
  }

  onChange(listener: (collection: string, change: StoredChange) => void): void {
    this.#listeners.add(listener);
  }

  #keep(
    collection: string,
    type: StoredChange['type'],
    next: StoredObject,
    previous?: StoredObject,
  ): StoredObject {
    const { objects, changes } = this.#collection(collection);
    const version = ++this.#version;
    const object: StoredObject = {
      ...next,
      metadata: { ...next.metadata, resourceVersion: String(version) },
    };
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    if (type === 'DELETED') objects.delete(key);
    else objects.set(key, object);
    const change = { type, version, object, ...(previous === undefined ? {} : { previous }) };
    changes.push(change);
    this.#listeners.forEach((listener) => listener(collection, change));
    return object;
  }

  #collection(name: string): Collection {
    const found = this.#collections.get(name) ?? { objects: new Map(), changes: [] };
    this.#collections.set(name, found);
    return found;
  }
}

function keyOf(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
