import type { Permit } from '../base/permit.ts';
import { programVersion } from '../base/version.ts';
import { answerBody, answerError } from './api-answer.ts';
import { largeFields } from './api-json.ts';
import { perform, type Call, type CallContext, type KubeCall } from './call.ts';
import type { KubeConnection } from './connection.ts';
import { connectionError, isApiError, KubeConnectionError } from './errors.ts';
import type { KubeList, KubeObject, NewObject, ObjectRef } from './objects.ts';
import { mediaType, queryText, type ListQuery, type WatchQuery } from './query.ts';
import { apiVersionOf, resourcePath, type Resource } from './resources.ts';
import { ApiTransport, type ApiStream } from './api-transport.ts';
import { watchEvents, type WatchEvent } from './watch-stream.ts';

export type { KubeCall } from './call.ts';
export type { ListQuery, Selection, WatchQuery } from './query.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Deadline of the whole call with its repetitions, milliseconds. @default 30_000 */
  readonly timeoutMs?: number | undefined;
  /** A longer answer is given up: KubeConnectionError TOO_LARGE. @default no limit */
  readonly maxBytes?: number | undefined;
}

export interface GetOptions extends CallOptions {
  /**
   * What the server has in memory will do: a third of the cost, and as a rule milliseconds behind. What is not there may
   * still have been created, what is there may have been deleted.
   */
  readonly fromCache?: boolean | undefined;
}

export interface WatchOptions {
  readonly signal: AbortSignal;
  /** Gives up when nothing comes for so long, not even a bookmark; those come every minute. @default 150_000 */
  readonly inactivityMs?: number | undefined;
  /** Called when the server has begun to answer: from then on nothing is missed. */
  readonly opened?: (() => void) | undefined;
}

export interface WriteOptions extends CallOptions {
  /** The server does everything but keep the result. */
  readonly dryRun?: boolean | undefined;
  /** @default what the server makes of the User-Agent: `bindery` */
  readonly fieldManager?: string | undefined;
}

export interface ReplaceOptions extends WriteOptions {
  readonly subresource?: 'status' | undefined;
}

export interface PatchOptions extends WriteOptions {
  readonly type: 'merge' | 'json' | 'strategic' | 'apply';
  readonly subresource?: 'status' | undefined;
  /** Server-side apply: take fields from other managers. */
  readonly force?: boolean | undefined;
}

export interface DeleteOptions extends CallOptions {
  /** Precondition: 409 when the object of this name is another incarnation. */
  readonly uid?: string | undefined;
  /** Precondition: 409 when the object has changed. */
  readonly resourceVersion?: string | undefined;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined;
}

export interface KubeClientDeps {
  readonly connection: KubeConnection;
  /** Shown in audit logs; up to the slash it names the field manager. @default `bindery/<version>` */
  readonly userAgent?: string | undefined;
  /** Of writes that name none themselves, server-side apply aside. @default none: see WriteOptions */
  readonly fieldManager?: string | undefined;
  readonly observe?: ((call: KubeCall) => void) | undefined;
  /**
   * The namespaces that there are for it; absent for all. Then `listPlaces` and informers mean these where they name none, and
   * a list or watch of all fails.
   */
  readonly namespaces?: readonly string[] | undefined;
  /** Nothing but reads is sent while it does not hold. */
  readonly permit?: Permit | undefined;
  /** Names of fields whose values, when they are large, stay text until somebody reads them: see `parseApiJson`. */
  readonly largeFields?: readonly string[] | undefined;
}

const patchTypes = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  // JSON is YAML; servers before 1.36 know only this name.
  apply: 'application/apply-patch+yaml',
} as const;
const json = 'application/json';
const defaultTimeoutMs = 30_000;
const defaultInactivityMs = 150_000;

/**
 * The API server, spoken to in plain JSON by group, version and resource: no model that would drop what it does
 * not know. All calls share at most 16 connections; each watch has its own.
 *
 * Every call throws KubeApiError when the server says no, KubeConnectionError when there is no usable answer
 * (then it is not known whether a write happened), or the signal's reason.
 */
export class KubeClient {
  readonly connection: KubeConnection;
  readonly #deps: KubeClientDeps;
  readonly #transport: ApiTransport;
  readonly #context: CallContext;
  readonly #userAgent: string;
  readonly #fieldManager: string | undefined;
  readonly #largeFields: RegExp;

  /** @param transport shared with another client, which closes it. @default a new one */
  constructor(deps: KubeClientDeps, transport = new ApiTransport(deps.connection)) {
    this.connection = deps.connection;
    this.#deps = deps;
    this.#transport = transport;
    this.#context = { transport: this.#transport, connection: deps.connection, observe: deps.observe };
    this.#fieldManager = deps.fieldManager;
    this.#largeFields = largeFields(deps.largeFields);
    this.#userAgent = deps.userAgent ?? `bindery/${programVersion}`;
  }

  /** Those that it is limited to; undefined for all. */
  get namespaces(): readonly string[] | undefined {
    return this.#deps.namespaces;
  }

  /**
   * The same client over the same connections for what needs a permit: while that does not hold, writes fail with
   * KubeConnectionError NOT_PERMITTED before a byte is sent. Not to be closed.
   */
  under(permit: Permit): KubeClient {
    return new KubeClient({ ...this.#deps, permit }, this.#transport);
  }

  async get<T extends KubeObject>(resource: Resource, ref: ObjectRef, options?: GetOptions): Promise<T> {
    const query = queryText({ resourceVersion: options?.fromCache ? '0' : undefined });
    return this.#send<T>('GET', resource, resourcePath(resource, ref) + query, options);
  }

  /** One page: all objects unless `limit` is given. Items always have apiVersion and kind. */
  async list<T extends KubeObject>(
    resource: Resource,
    query: ListQuery = {},
    options?: CallOptions,
  ): Promise<KubeList<T>> {
    this.#assertPlace(resource, query.namespace);
    const path = resourcePath(resource, { namespace: query.namespace }) + queryText({ ...query });
    const accept = mediaType(query.metadataOnly, 'PartialObjectMetadataList');
    const list = await this.#send<RawList<T>>('GET', resource, path, options, { accept });
    // A nil slice of Go is null: some kinds say so that there is none.
    const items = list.items === null ? [] : list.items;
    if (!Array.isArray(items)) {
      throw new KubeConnectionError('GARBAGE', `GET ${path}: the answer is not a list`);
    }
    return { ...list, items: items.map((item: T) => named(resource, item, query.metadataOnly)) };
  }

  /** Creates an object in `metadata.namespace`. The review kinds are asked in the same way. */
  async create<T extends object>(
    resource: Resource,
    object: T & NewObject,
    options?: WriteOptions,
  ): Promise<T & KubeObject> {
    const { name, namespace } = object.metadata ?? {};
    if (resource.namespaced && !namespace) {
      throw new TypeError(`${resource.kind} "${name ?? ''}" is namespaced: its namespace is missing`);
    }
    const path = resourcePath(resource, { namespace }) + this.#writeQuery(options);
    const body = { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object };
    return this.#send<T & KubeObject>('POST', resource, path, options, { body });
  }

  /** PUT of the whole object. With its resourceVersion: 409 when it has changed since. */
  async replace<T extends KubeObject>(resource: Resource, object: T, options?: ReplaceOptions): Promise<T> {
    const { name, namespace } = object.metadata;
    const path = resourcePath(resource, { name, namespace, subresource: options?.subresource });
    const body = { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object };
    return this.#send<T>('PUT', resource, path + this.#writeQuery(options), options, { body });
  }

  async patch<T extends KubeObject>(
    resource: Resource,
    ref: ObjectRef,
    patch: unknown,
    options: PatchOptions,
  ): Promise<T> {
    const path = resourcePath(resource, { ...ref, subresource: options.subresource });
    const isApply = options.type === 'apply';
    const query = queryText({
      dryRun: options.dryRun ? 'All' : undefined,
      fieldManager: options.fieldManager ?? (isApply ? 'bindery' : this.#fieldManager),
      force: isApply ? options.force : undefined,
    });
    const contentType = patchTypes[options.type];
    return this.#send<T>('PATCH', resource, path + query, options, { body: patch, contentType });
  }

  /** Asks for deletion; the object may live on until its finalizers are gone. NotFound throws. */
  async delete(resource: Resource, ref: ObjectRef, options: DeleteOptions = {}): Promise<void> {
    const { uid, resourceVersion, propagationPolicy } = options;
    const hasPrecondition = uid !== undefined || resourceVersion !== undefined;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy,
      preconditions: hasPrecondition ? { uid, resourceVersion } : undefined,
    };
    await this.#send('DELETE', resource, resourcePath(resource, ref), options, { body });
  }

  /** Any path of the API server, query included. JSON in; JSON out, or text where it is none (`/readyz`). */
  async raw(method: string, path: string, body?: unknown, options?: CallOptions): Promise<unknown> {
    const answer = await perform(this.#context, this.#call(method, 'raw', path, options, { body }));
    const isJson = (answer.headers['content-type'] ?? '').startsWith(json);
    return isJson ? answerBody(`${method} ${path}`, answer) : answer.body;
  }

  /**
   * The changes after `query.resourceVersion`, as they come. Ends when the server ends it (it does, after
   * minutes). Throws KubeApiError 410 when the version is too old, KubeConnectionError when it breaks.
   */
  async *watch<T extends KubeObject>(
    resource: Resource,
    query: WatchQuery,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    this.#assertPlace(resource, query.namespace);
    const path =
      resourcePath(resource, { namespace: query.namespace }) +
      queryText({ ...query, watch: true, allowWatchBookmarks: true });
    const accept = mediaType(query.metadataOnly, 'PartialObjectMetadata');
    const idle = new AbortController();
    const inactivityMs = options.inactivityMs ?? defaultInactivityMs;
    const watchdog = setTimeout(() => {
      idle.abort(new KubeConnectionError('INACTIVE', `the watch was silent for ${inactivityMs} ms`));
    }, inactivityMs);
    const signal = AbortSignal.any([options.signal, idle.signal]);
    try {
      const call = this.#call('GET', resource.plural, path, { signal }, { accept });
      const stream = await this.#open({ ...call, signal });
      options.opened?.();
      for await (const event of watchEvents<T>(guarded(stream.body, watchdog), this.#largeFields)) {
        yield event.type === 'BOOKMARK'
          ? event
          : { type: event.type, object: named(resource, event.object, query.metadataOnly) };
      }
    } catch (error) {
      throw signal.aborted ? signal.reason : asKubeError('GET', path, error);
    } finally {
      clearTimeout(watchdog);
      idle.abort();
    }
  }

  /** For how long the API server has left every request unanswered, milliseconds; 0 while it answers. */
  silentMs(): number {
    return this.#transport.silentMs();
  }

  /** Ends everything that runs. The client can not be used after. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  async #open(call: Call & { readonly signal: AbortSignal }): Promise<ApiStream> {
    const stream = await this.#transport.stream(call);
    if (stream.status < 300) return stream;
    const { status, headers } = stream;
    if (status === 401) await this.connection.refresh();
    throw answerError(`GET ${call.path}`, { status, headers, body: await stream.body.text() });
  }

  async #send<T>(
    method: string,
    resource: Resource,
    path: string,
    options: CallOptions | undefined,
    content: Content = {},
  ): Promise<T> {
    const call = this.#call(method, resource.plural, path, options, content);
    const answer = await perform(this.#context, call);
    return answerBody(`${method} ${path}`, answer, this.#largeFields) as T;
  }

  #assertPlace({ kind, namespaced }: Resource, namespace: string | undefined): void {
    if (!namespaced || this.#deps.namespaces === undefined || namespace) return;
    throw new TypeError(`${kind}: all namespaces are asked for, and this client is limited to some`);
  }

  #writeQuery(options: WriteOptions = {}): string {
    return queryText({
      dryRun: options.dryRun ? 'All' : undefined,
      fieldManager: options.fieldManager ?? this.#fieldManager,
    });
  }

  #call(
    method: string,
    resource: string,
    path: string,
    options: CallOptions | undefined,
    content: Content,
  ): Call {
    const headers: Record<string, string> = {
      accept: content.accept ?? json,
      'user-agent': this.#userAgent,
    };
    const body = content.body === undefined ? undefined : JSON.stringify(content.body);
    if (body !== undefined) headers['content-type'] = content.contentType ?? json;
    const timeoutMs = options?.timeoutMs ?? defaultTimeoutMs;
    const permit = method === 'GET' ? undefined : this.#deps.permit;
    const { signal, maxBytes } = options ?? {};
    return { method, resource, path, headers, body, signal, timeoutMs, maxBytes, permit };
  }
}

interface RawList<T> extends Omit<KubeList<T>, 'items'> {
  readonly items: readonly T[] | null;
}

interface Content {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
}

/**
 * Items of a list lack apiVersion and kind where the server knows the type, and metadata-only answers name the
 * form instead of the kind. Here every object says what it is.
 */
function named<T extends KubeObject>(resource: Resource, object: T, metadataOnly: boolean | undefined): T {
  if (object.kind !== undefined && !metadataOnly) return object;
  return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
}

async function* guarded(
  chunks: AsyncIterable<Uint8Array>,
  watchdog: NodeJS.Timeout,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    watchdog.refresh();
    yield chunk;
  }
}

function asKubeError(method: string, path: string, error: unknown): unknown {
  const isTyped = isApiError(error) || error instanceof KubeConnectionError;
  return isTyped ? error : connectionError(method, path, error);
}
