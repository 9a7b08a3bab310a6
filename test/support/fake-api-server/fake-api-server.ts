import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { text as readText } from 'node:stream/consumers';
import type { KubeConnection } from '../../../src/kube/connection.ts';
import { listen } from '../test-broker/listen.ts';
import { ApiFailure, notFound } from './api-failure.ts';
import { FaultPlan, inject, type Fault } from './fault.ts';
import { ListPages } from './list-pages.ts';
import { ObjectStorage } from './object-storage.ts';
import { patchObject } from './patch-object.ts';
import { requestTarget, type RequestTarget } from './request-target.ts';
import type { Selection } from './selection.ts';
import type { StoredObject } from './stored-object.ts';
import { WatchSession } from './watch-session.ts';

export interface FakeApiServerOptions {
  /** PEM; without it plain http. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string } | undefined;
  /** Requests without this bearer token get 401. Can be changed later. */
  readonly token?: string | undefined;
}

export interface RecordedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
  /** Common name of the client's certificate, if it showed one. */
  readonly clientName: string | undefined;
}

/**
 * The part of kube-apiserver that clients live on, in this process: objects, versions, lists in pages, watches.
 * Any kind is served without schema, validation or admission. Faults are planned with `plan`, open watches are
 * disturbed through `watches`, and everything that came is in `requests`.
 */
export class FakeApiServer {
  readonly storage = new ObjectStorage();
  readonly requests: RecordedRequest[] = [];
  /** Collections that answer 404, as kinds whose CRD is not there: `servicecatalog.k8s.io/v1beta1/serviceplans`. */
  readonly unserved = new Set<string>();
  /** In these nothing can be created. */
  readonly terminatingNamespaces = new Set<string>();
  token: string | undefined;
  /** Connections accepted so far. */
  connections = 0;
  readonly #server: Server;
  readonly #faults = new FaultPlan();
  readonly #pages = new ListPages(this.storage);
  readonly #watches = new Set<WatchSession>();
  readonly #sockets = new Set<Socket>();
  #port: number | undefined;
  readonly #isTls: boolean;

  constructor(options: FakeApiServerOptions = {}) {
    const { tls } = options;
    this.token = options.token;
    this.#isTls = tls !== undefined;
    const handler = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#handle(request, response);
    };
    const mutual = tls?.ca === undefined ? {} : { requestCert: true, rejectUnauthorized: false };
    this.#server =
      tls === undefined ? createServer(handler) : createTlsServer({ ...tls, ...mutual }, handler);
    this.#server.on('connection', (socket: Socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.storage.onChange((collection, change) => {
      for (const watch of this.#watches) if (watch.collection === collection) watch.change(change);
    });
  }

  static async start(options: FakeApiServerOptions = {}): Promise<FakeApiServer> {
    const server = new FakeApiServer(options);
    await server.listen();
    return server;
  }

  /** Listens on a free port, or again on the one it had. */
  async listen(): Promise<void> {
    this.#port = await listen(this.#server, '127.0.0.1', this.#port);
  }

  /** Refuses and drops all connections until `listen`. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#sockets.forEach((socket) => socket.destroy());
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get url(): string {
    return `${this.#isTls ? 'https' : 'http'}://127.0.0.1:${this.#port}`;
  }

  /** A connection with these headers and TLS options, as `loadConnection` would give it. */
  connection(overrides: Partial<KubeConnection> = {}): KubeConnection {
    const token = this.token;
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return {
      server: new URL(this.url),
      source: 'the fake API server',
      tls: () => Promise.resolve(noTls),
      headers: () => Promise.resolve(headers),
      refresh: () => Promise.resolve(),
      ...overrides,
    };
  }

  plan(fault: Fault): void {
    this.#faults.add(fault);
  }

  /** All goes well again. */
  clearFaults(): void {
    this.#faults.clear();
  }

  /** The open watches of a collection, or all. */
  watches(collection?: string): readonly WatchSession[] {
    return [...this.#watches].filter((watch) => collection === undefined || watch.collection === collection);
  }

  /** Tells all watches the present version, as kube-apiserver does every minute. */
  sendBookmarks(): void {
    for (const watch of this.#watches) watch.bookmark(this.storage.version, 'Bookmark');
  }

  /** Continue tokens handed out so far are too old now. */
  expireContinueTokens(): void {
    this.#pages.expire();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const text = await readText(request);
      const { method = 'GET', url = '/', headers } = request;
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      this.requests.push({ method, url, headers, body, clientName: clientName(request) });
      const fault = this.#faults.take(method, url);
      if (fault !== undefined) return inject(fault, request, response);
      if (this.token !== undefined && headers.authorization !== `Bearer ${this.token}`) {
        throw new ApiFailure(401, 'Unauthorized', 'Unauthorized');
      }
      this.#answer(request, response, body);
    } catch (error) {
      sendFailure(response, error);
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: unknown): void {
    const url = new URL(request.url ?? '/', this.url);
    const target = requestTarget(url.pathname);
    if (target === undefined) return sendOther(response, url.pathname);
    if (this.unserved.has(target.collection)) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n');
      return;
    }
    if (request.method === 'GET' && target.name === undefined && url.searchParams.get('watch') === 'true') {
      return this.#watch(request, response, target, url.searchParams);
    }
    const contentType = request.headers['content-type'] ?? '';
    const answer = this.#object(request, target, url.searchParams, body as StoredObject, contentType);
    send(response, request.method === 'POST' ? 201 : 200, answer);
  }

  #object(
    request: IncomingMessage,
    target: RequestTarget,
    query: URLSearchParams,
    body: StoredObject,
    contentType: string,
  ): object {
    const { collection, namespace, name, subresource } = target;
    const present = presentation(request.headers.accept);
    if (name === undefined) {
      if (request.method === 'POST') return this.#create(target, body, query);
      return this.#pages.page(target, selection(target, query), query, present);
    }
    const place = { collection, namespace, name };
    switch (request.method) {
      case 'GET':
        return present(this.storage.read(place));
      case 'PUT':
        return this.storage.update(place, part(this.storage.read(place), body, subresource));
      case 'PATCH':
        return this.#patch(place, body, contentType, subresource);
      case 'DELETE':
        return this.storage.delete(place, body?.['preconditions'] ?? {});
      default:
        throw new ApiFailure(405, 'MethodNotAllowed', 'not here');
    }
  }

  #create(target: RequestTarget, body: StoredObject, query: URLSearchParams): object {
    if (target.plural.endsWith('reviews')) return { ...body, status: { allowed: true } };
    const { collection, namespace } = target;
    if (namespace !== undefined && this.terminatingNamespaces.has(namespace)) {
      const message = `namespace ${namespace} is being terminated`;
      const causes = [{ reason: 'NamespaceTerminating', message }];
      throw new ApiFailure(403, 'Forbidden', `${message}: unable to create new content`, { causes });
    }
    return query.get('dryRun') === 'All' ? body : this.storage.create(collection, body, namespace);
  }

  #patch(
    place: { collection: string; namespace: string | undefined; name: string },
    patch: StoredObject,
    contentType: string,
    subresource: string | undefined,
  ): object {
    const isApply = contentType.startsWith('application/apply-patch');
    const isNew =
      isApply &&
      !this.storage.list(place.collection).some(({ metadata }) => {
        return metadata.name === place.name && metadata.namespace === place.namespace;
      });
    if (isNew) {
      const metadata = { ...patch.metadata, name: place.name };
      return this.storage.create(place.collection, { ...patch, metadata }, place.namespace);
    }
    const known = this.storage.read(place);
    return this.storage.update(place, part(known, patchObject(known, patch, contentType), subresource));
  }

  #watch(
    request: IncomingMessage,
    response: ServerResponse,
    target: RequestTarget,
    query: URLSearchParams,
  ): void {
    const fromVersion = query.get('resourceVersion') ?? undefined;
    const timeout = query.get('timeoutSeconds');
    const session = new WatchSession({
      collection: target.collection,
      fromVersion,
      timeoutSeconds: timeout === null ? undefined : Number(timeout),
      response,
      selection: selection(target, query),
      present: presentation(request.headers.accept),
    });
    const present = (): readonly StoredObject[] => this.storage.list(target.collection);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    try {
      if (fromVersion !== undefined && fromVersion !== '0') {
        this.storage
          .changesSince(target.collection, Number(fromVersion))
          .forEach((change) => session.change(change));
      } else {
        present().forEach((object) => session.change({ type: 'ADDED', version: 0, object }));
      }
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      return session.error(error.code, error.reason, error.message);
    }
    this.#watches.add(session);
    response.on('close', () => this.#watches.delete(session));
  }
}

const noTls = {};

function clientName(request: IncomingMessage): string | undefined {
  const { socket } = request;
  if (!('getPeerCertificate' in socket)) return undefined;
  const certificate = (socket as TLSSocket).getPeerCertificate();
  const name = certificate?.subject?.CN;
  return Array.isArray(name) ? name[0] : name;
}

function selection(target: RequestTarget, query: URLSearchParams): Selection {
  return {
    namespace: target.namespace,
    labelSelector: query.get('labelSelector') ?? undefined,
    fieldSelector: query.get('fieldSelector') ?? undefined,
  };
}

/** The whole object, or what is left of it when only metadata was asked for. */
function presentation(accept = ''): (object: StoredObject) => object {
  if (!accept.includes('as=PartialObjectMetadata')) return (object) => object;
  return ({ metadata }) => ({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata });
}

/** What a write may change: /status only the status, everything else all but the status. */
function part(known: StoredObject, next: StoredObject, subresource: string | undefined): StoredObject {
  const { resourceVersion } = next.metadata ?? {};
  if (subresource !== 'status') return { ...next, ...('status' in known ? { status: known['status'] } : {}) };
  const metadata = { ...known.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  return { ...known, metadata, status: next['status'] };
}

function sendOther(response: ServerResponse, path: string): void {
  if (path === '/readyz') response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
  else if (path === '/version') send(response, 200, { major: '1', minor: '36' });
  else sendFailure(response, notFound(path));
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function sendFailure(response: ServerResponse, error: unknown): void {
  const failure = error instanceof ApiFailure ? error : new ApiFailure(500, 'InternalError', String(error));
  if (failure.retryAfterSeconds !== undefined) response.setHeader('retry-after', failure.retryAfterSeconds);
  send(response, failure.code, failure.toStatus());
}
