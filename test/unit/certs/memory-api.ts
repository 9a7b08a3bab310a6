import jsonPatch, { type Operation } from 'fast-json-patch';
import type { KubeClient } from '../../../src/kube/client.ts';
import { KubeApiError } from '../../../src/kube/errors.ts';
import { objectKey, type KubeObject, type ObjectRef } from '../../../src/kube/objects.ts';
import type { Resource } from '../../../src/kube/resources.ts';

type Stored = KubeObject & Record<string, unknown>;
type WatchEvent = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: Stored };

/**
 * An API server in memory with the rules that the code under test relies on: names are taken once, a stale
 * resourceVersion is a conflict, JSON patches are tested, and watches hear of every change.
 */
export class MemoryApi {
  readonly objects = new Map<string, Stored>();
  /** Every write that was accepted, as `create Secret/ns/name`. */
  readonly writes: string[] = [];
  /** Set to make every call fail with this. */
  failure: Error | undefined;
  #version = 0;
  readonly #watchers = new Set<(event: WatchEvent) => void>();

  get client(): KubeClient {
    const client: Partial<KubeClient> = {
      get: async (resource, ref) => this.#get(resource, ref) as never,
      list: async (resource) => this.#list(resource) as never,
      create: async (resource, object) => this.#create(resource, object as unknown as Stored) as never,
      replace: async (resource, object) => this.#replace(resource, object as unknown as Stored) as never,
      patch: async (resource, ref, patch) => this.#patch(resource, ref, patch as Operation[]) as never,
      watch: (resource, _query, { signal }) => this.#watch(resource, signal) as never,
    };
    return client as KubeClient;
  }

  /** Somebody else who reacts to every change, some time after it. Returns how to stop that. */
  onChange(react: (object: Stored) => void): () => void {
    const watcher = ({ object }: WatchEvent): void => void setImmediate(() => react(object));
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  find(kind: string, name: string): Stored | undefined {
    return this.objects.get(`${kind}/${name}`);
  }

  /** Changes an object as somebody else would. */
  change(kind: string, name: string, change: (object: Stored) => Stored): void {
    const object = this.find(kind, name);
    if (object === undefined) throw new Error(`no ${kind} ${name}`);
    this.#store(kind, change(structuredClone(object)));
  }

  add(kind: string, object: Stored): void {
    this.#store(kind, object);
  }

  remove(kind: string, name: string): void {
    const object = this.find(kind, name);
    this.objects.delete(`${kind}/${name}`);
    if (object !== undefined) this.#tell({ type: 'DELETED', object });
  }

  #get(resource: Resource, ref: ObjectRef): Stored {
    this.#check();
    const object = this.find(resource.kind, objectKey({ metadata: ref }));
    if (object === undefined) throw error(404, 'NotFound');
    return structuredClone(object);
  }

  #list(resource: Resource): unknown {
    this.#check();
    const items = [...this.objects]
      .filter(([key]) => key.startsWith(`${resource.kind}/`))
      .map(([, item]) => item);
    return { items: structuredClone(items), metadata: { resourceVersion: String(this.#version) } };
  }

  #create(resource: Resource, object: Stored): Stored {
    this.#check();
    if (this.find(resource.kind, objectKey(object)) !== undefined) throw error(409, 'AlreadyExists');
    this.writes.push(`create ${resource.kind}/${objectKey(object)}`);
    return this.#store(resource.kind, object);
  }

  #replace(resource: Resource, object: Stored): Stored {
    this.#check();
    const current = this.find(resource.kind, objectKey(object));
    if (current === undefined) throw error(404, 'NotFound');
    if (current.metadata.resourceVersion !== object.metadata.resourceVersion) throw error(409, 'Conflict');
    this.writes.push(`replace ${resource.kind}/${objectKey(object)}`);
    return this.#store(resource.kind, object);
  }

  #patch(resource: Resource, ref: ObjectRef, patch: Operation[]): Stored {
    const current = this.#get(resource, ref);
    let next: Stored;
    try {
      next = jsonPatch.applyPatch(current, structuredClone(patch), true).newDocument;
    } catch {
      throw error(422, 'Invalid');
    }
    this.writes.push(`patch ${resource.kind}/${objectKey({ metadata: ref })}`);
    return this.#store(resource.kind, next);
  }

  async *#watch(resource: Resource, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const queue: WatchEvent[] = [];
    let wake = Promise.withResolvers<void>();
    const watcher = (event: WatchEvent): void => {
      if (event.object.kind === resource.kind) queue.push(event);
      wake.resolve();
    };
    this.#watchers.add(watcher);
    const stop = (): void => wake.resolve();
    signal.addEventListener('abort', stop, { once: true });
    try {
      while (!signal.aborted) {
        for (const event of queue.splice(0)) yield event;
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
    } finally {
      this.#watchers.delete(watcher);
      signal.removeEventListener('abort', stop);
    }
  }

  #store(kind: string, object: Stored): Stored {
    const resourceVersion = String(++this.#version);
    const isNew = this.find(kind, objectKey(object)) === undefined;
    const stored = { ...object, kind, metadata: { ...object.metadata, resourceVersion } };
    this.objects.set(`${kind}/${objectKey(object)}`, stored);
    this.#tell({ type: isNew ? 'ADDED' : 'MODIFIED', object: stored });
    return structuredClone(stored);
  }

  #tell(event: WatchEvent): void {
    for (const watcher of this.#watchers) watcher(structuredClone(event));
  }

  #check(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}

function error(status: number, reason: string): KubeApiError {
  return new KubeApiError({ status, reason, message: reason });
}
