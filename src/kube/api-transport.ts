import type { IncomingHttpHeaders } from 'node:http';
import { Pool, ProxyAgent, type Dispatcher } from 'undici';
import type { Permit } from '../base/permit.ts';
import { systemStopwatch, type Stopwatch } from '../base/stopwatch.ts';
import type { Headers, KubeConnection, TlsOptions } from './connection.ts';
import { connectionError, KubeConnectionError } from './errors.ts';
import { ApiExchange, notPermitted } from './api-exchange.ts';

export interface ApiRequest {
  readonly method: string;
  /** Path and query, below the server's base URL. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Until the answer is complete; for a stream until its head is there. */
  readonly timeoutMs: number;
  /** Of the answer. A longer one is given up with the code TOO_LARGE; not for streams. */
  readonly maxBytes?: number | undefined;
  /** Nothing is written when it does not hold, and what is under way ends with its term. */
  readonly permit?: Permit | undefined;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An answer whose body comes for as long as the server likes. It must be read to its end, or aborted. */
export interface ApiStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: AsyncIterable<Uint8Array> & { text(): Promise<string> };
}

interface Pools {
  readonly tls: TlsOptions;
  /** Calls share these connections; more calls than connections wait in line. */
  readonly requests: Dispatcher;
  /** One connection for each open watch. */
  readonly watches: Dispatcher;
}

const maxRequestConnections = 16;
/** kube-apiserver closes idle connections after 90 s. Being first spares requests that meet a closing door. */
const keepAliveMs = 60_000;
const connectTimeoutMs = 10_000;
/** A call that was given less time says nothing about its connection. */
const suspectMs = 1_000;
/** A server that is only slow is not to be asked by all watches again and again. */
const cutEveryMs = 30_000;

/** The connections to one API server, over HTTP/1.1. Knows its credentials and nothing else of Kubernetes. */
export class ApiTransport {
  readonly #connection: KubeConnection;
  readonly #origin: string;
  readonly #prefix: string;
  readonly #stopwatch: Stopwatch;
  #pools: Promise<Pools> | undefined;
  #closed = false;
  /** When the first of the requests was sent that got no answer, with none answered since. */
  #silentSinceMs: number | undefined;
  /** With watches that go on over connections of which one was silent. */
  readonly #suspects = new Set<Pools>();
  /** When such watches were last cut. */
  #cutMs = Number.NEGATIVE_INFINITY;

  constructor(connection: KubeConnection, stopwatch: Stopwatch = systemStopwatch) {
    this.#connection = connection;
    this.#stopwatch = stopwatch;
    this.#origin = connection.server.origin;
    this.#prefix = connection.server.pathname.replace(/\/$/, '');
  }

  /**
   * One request and its complete answer, whatever its status.
   * @throws KubeConnectionError when there is none; the signal's reason when it aborted
   */
  async request(request: ApiRequest): Promise<ApiAnswer> {
    const { pools, headers } = await this.#prepare(request);
    const sentMs = this.#stopwatch.elapsedMs();
    try {
      const answer = await new Promise<ApiAnswer>((resolve, reject) => {
        const exchange = new ApiExchange(request, resolve, reject);
        pools.requests.dispatch(
          {
            origin: this.#origin,
            path: this.#prefix + request.path,
            method: request.method,
            headers,
            body: request.body ?? null,
            // A DELETE with a body would cost its connection; this server reads it.
            reset: false,
          },
          exchange,
        );
      });
      this.#answered(pools);
      return answer;
    } catch (error) {
      throw await this.#failed(request, error, pools, sentMs);
    }
  }

  /** Opens a long answer. The signal ends it at any time. */
  async stream(request: ApiRequest & { readonly signal: AbortSignal }): Promise<ApiStream> {
    const { pools, headers } = await this.#prepare(request);
    const sentMs = this.#stopwatch.elapsedMs();
    try {
      const answer = await pools.watches.request({
        origin: this.#origin,
        path: this.#prefix + request.path,
        method: request.method,
        headers,
        signal: request.signal,
        headersTimeout: request.timeoutMs,
        bodyTimeout: 0,
      });
      this.#answered(pools);
      return { status: answer.statusCode, headers: answer.headers, body: answer.body };
    } catch (error) {
      throw await this.#failed(request, error, pools, sentMs);
    }
  }

  /** For how long no request was answered, milliseconds; 0 while they are. */
  silentMs(): number {
    return this.#silentSinceMs === undefined ? 0 : this.#stopwatch.elapsedMs() - this.#silentSinceMs;
  }

  /** New connections for what comes, when the certificates of the connection are others now. */
  async renew(): Promise<void> {
    const pools = await this.#pools;
    if (pools !== undefined && pools.tls !== (await this.#connection.tls())) void this.#leave(pools);
  }

  /** Ends everything that runs. */
  async close(): Promise<void> {
    this.#closed = true;
    const pools = await this.#pools?.catch(() => undefined);
    await pools?.requests.destroy();
    await pools?.watches.destroy();
    await Promise.all([...this.#suspects].map(({ watches }) => watches.destroy()));
  }

  async #prepare(request: ApiRequest): Promise<{ pools: Pools; headers: Headers }> {
    request.signal?.throwIfAborted();
    if (request.permit?.holds() === false) throw notPermitted();
    if (this.#closed) throw new KubeConnectionError('CLOSED', 'the Kubernetes client is closed');
    const credentials = await this.#connection.headers();
    this.#pools ??= this.#open();
    return { pools: await this.#pools, headers: { ...request.headers, ...credentials } };
  }

  async #open(): Promise<Pools> {
    try {
      const tls = await this.#connection.tls();
      return { tls, requests: this.#pool(tls, maxRequestConnections), watches: this.#pool(tls, null) };
    } catch (error) {
      this.#pools = undefined;
      throw error;
    }
  }

  #pool(tls: TlsOptions, connections: number | null): Dispatcher {
    const options = {
      connections,
      allowH2: false,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      // Every call has its own deadline.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    const connect = { ...tls, timeout: connectTimeoutMs, keepAliveInitialDelay: 30_000 };
    const { proxyUrl } = this.#connection;
    return proxyUrl === undefined
      ? new Pool(this.#origin, { ...options, connect })
      : new ProxyAgent({ ...options, uri: proxyUrl, requestTls: connect });
  }

  async #failed(request: ApiRequest, error: unknown, pools: Pools, sentMs: number): Promise<unknown> {
    if (request.signal?.aborted) return request.signal.reason;
    // Says nothing about the connection.
    if (request.permit?.holds() === false) return error;
    this.#silentSinceMs ??= sentMs;
    const failure = connectionError(request.method, request.path, error);
    const current = this.#pools;
    // Of several that fail together the first is enough.
    if ((await current) === pools && this.#pools === current) {
      // Connections that a router has forgotten look like any other. Where one is silent, all are suspect.
      if (failure.code === 'TIMEOUT' && request.timeoutMs >= suspectMs) this.#suspect(pools);
      // A certificate may have been replaced on disk since these connections were made.
      else await this.renew();
    }
    return failure;
  }

  /** A request may have been slow, or its connection dead: the first answer over another connection tells. */
  #suspect(pools: Pools): void {
    const left = this.#leave(pools);
    if (left === undefined) return;
    this.#suspects.add(pools);
    void left.then(() => this.#suspects.delete(pools));
  }

  /** The server is there. Watches that would not notice a dead connection for minutes begin anew where they were. */
  #answered(pools: Pools): void {
    this.#silentSinceMs = undefined;
    const nowMs = this.#stopwatch.elapsedMs();
    if (this.#suspects.size === 0 || this.#suspects.has(pools) || nowMs - this.#cutMs < cutEveryMs) return;
    this.#cutMs = nowMs;
    const reason = new KubeConnectionError(
      'SILENT',
      'another request over connections of that time got no answer',
    );
    for (const { watches } of this.#suspects) void watches.destroy(reason);
    this.#suspects.clear();
  }

  /** What runs on these connections goes on; nothing new is begun on them. Resolves when the last watch has ended. */
  #leave(pools: Pools): Promise<void> | undefined {
    // They have been destroyed, and would reject a wish to close them.
    if (this.#closed) return undefined;
    this.#pools = undefined;
    void pools.requests.close();
    return pools.watches.close();
  }
}
