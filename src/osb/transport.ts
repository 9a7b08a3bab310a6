import { isIP } from 'node:net';
import { createSecureContext, TLSSocket, type ConnectionOptions } from 'node:tls';
import { Agent, buildConnector, Client, Pool, ProxyAgent, type Dispatcher } from 'undici';
import { errorMessage } from '../base/logger.ts';
import type { Permit } from '../base/permit.ts';
import { guardedLookup, isForbidden, refusalOf, type AddressRules } from './address-guard.ts';
import { isTargetHost } from './broker-targets.ts';
import { connectionFault } from './connection-fault.ts';
import { Connection } from './connection.ts';
import { isTimeout } from './deadline.ts';
import { Exchange, type ExchangeResult } from './exchange.ts';
import type { NameLookup } from './name-lookup.ts';
import type { BrokerTls } from './options.ts';
import { proxyFor } from './proxy.ts';
import { afterLostTry, neverSent, type BodyRules, type Fault, type Reply } from './reply.ts';
import { shownCertificate, type ShownCertificate } from './shown-certificate.ts';

export interface TransportOptions extends AddressRules {
  readonly tls: BrokerTls;
  /** See `BodyBudget`. */
  readonly owner: string;
  readonly names: NameLookup;
  readonly connections: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Nothing is sent while it does not hold, and what is under way ends with its term. */
  readonly permit: Permit;
}

export interface HttpRequest extends BodyRules {
  /** Of this URL only scheme, host and port count. */
  readonly origin: URL;
  /** Percent-encoded path and query, sent as it is. */
  readonly path: string;
  readonly method: 'GET' | 'PUT' | 'PATCH' | 'DELETE' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Of the decompressed answer. */
  readonly maxBodyBytes: number;
}

type TlsSettings = Pick<
  ConnectionOptions,
  'secureContext' | 'minVersion' | 'ca' | 'cert' | 'key' | 'rejectUnauthorized'
>;

/** All connections to one broker, and the only place of this folder that knows undici. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #tls: TlsSettings;
  readonly #direct: Agent;
  readonly #proxies = new Map<string, ProxyAgent>();
  /** Certificates of failed handshakes by host and port: the error itself does not carry them. */
  readonly #shown = new Map<string, ShownCertificate>();
  #closing: Promise<unknown> | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#tls = tlsOptions(options.tls);
    this.#direct = new Agent({ ...this.#agentOptions(), connect: this.#connector() });
  }

  /**
   * One request, one reply; never throws. It may take as long as `signal` lets it.
   * @param secrets what must not be repeated from the answer
   */
  async send(request: HttpRequest, secrets: readonly string[], signal: AbortSignal): Promise<Reply> {
    if (this.#closing !== undefined) return neverSent('Cancelled', 'the connection to the broker is closed');
    const { permit } = this.#options;
    if (!permit.holds()) return neverSent('Cancelled', 'this process may not send any more');
    return this.#send(request, secrets, AbortSignal.any([signal, permit.signal]));
  }

  async #send(request: HttpRequest, secrets: readonly string[], signal: AbortSignal): Promise<Reply> {
    const proxy = proxyFor(request.origin, this.#options.environment);
    const refused = this.#refused(request.origin, proxy !== undefined);
    if (refused !== undefined) return refused;
    const dispatcher = this.#dispatcher(proxy);
    if (dispatcher === undefined) return neverSent('ProxyFailure', 'the proxy setting is not a URL');
    const first = await this.#exchange(dispatcher, request, signal);
    // OSB verbs are idempotent: a connection that was kept too long may cost a second try, once.
    const isResent = first.kind === 'broken' && first.stale;
    const result = isResent ? await this.#exchange(dispatcher, request, signal) : first;
    const reply =
      result.kind === 'broken'
        ? this.#fault(result, request, signal, proxy !== undefined)
        : answerOf(result, secrets);
    return isResent ? afterLostTry(reply) : reply;
  }

  /** Lets requests in flight finish; new ones fail. */
  async close(): Promise<void> {
    const agents = [this.#direct, ...this.#proxies.values()];
    this.#closing ??= Promise.all(agents.map(async (agent) => agent.close()));
    await this.#closing;
  }

  async #exchange(
    dispatcher: Dispatcher,
    request: HttpRequest,
    signal: AbortSignal,
  ): Promise<ExchangeResult> {
    // The signal's listener may not have been called yet: a process that was stopped goes on where it was.
    const maySend = (): boolean => !signal.aborted && this.#options.permit.holds();
    const exchange = new Exchange(this.#options.owner, request.maxBodyBytes, maySend, request);
    const stop = (): void => exchange.abort(new Error('aborted'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const { origin, path, method, headers, body } = request;
      dispatcher.dispatch({ origin: origin.origin, path, method, headers, body: body ?? null }, exchange);
      return await exchange.result;
    } catch (error) {
      exchange.abort(new Error('not dispatched'));
      return { kind: 'broken', error, sent: false, stale: false };
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  #fault(
    result: ExchangeResult & { readonly kind: 'broken' },
    request: HttpRequest,
    signal: AbortSignal,
    proxied: boolean,
  ): Fault {
    const target = request.origin.host;
    if (!signal.aborted && this.#options.permit.holds()) {
      return connectionFault(result.error, target, result.sent, proxied, this.#shown.get(target));
    }
    const { sent } = result;
    if (!signal.aborted || !isTimeout(signal.reason)) {
      return { kind: 'fault', reason: 'Cancelled', message: 'the request was cancelled', sent };
    }
    const problem = sent ? 'it did not answer in time' : 'no connection in time';
    const message = `the broker at ${target}: ${problem} (${errorMessage(signal.reason)})`;
    return { kind: 'fault', reason: 'Timeout', message, sent };
  }

  /**
   * Addresses in URLs are never looked up, so they have to be checked here; also when a proxy would connect. Where a name
   * leads to that a proxy resolves is not known: only the name counts then.
   */
  #refused(origin: URL, proxied: boolean): Fault | undefined {
    const host = origin.hostname.replace(/^\[|\]$/g, '');
    const { tenant } = this.#options;
    const isForbiddenName = proxied && tenant !== undefined && !isTargetHost(tenant, host);
    const isWrong = isIP(host) === 0 ? isForbiddenName : isForbidden(host, host, this.#options);
    return isWrong ? connectionFault(refusalOf(host, this.#options), origin.host, false, false) : undefined;
  }

  #dispatcher(proxy: string | undefined): Dispatcher | undefined {
    if (proxy === undefined) return this.#direct;
    if (!URL.canParse(proxy)) return undefined;
    let agent = this.#proxies.get(proxy);
    if (agent === undefined) {
      const requestTls = { ...this.#tls, allowH2: false, timeout: connectTimeoutMs };
      agent = new ProxyAgent({ ...this.#agentOptions(), uri: proxy, requestTls });
      this.#proxies.set(proxy, agent);
    }
    return agent;
  }

  #agentOptions(): Agent.Options {
    return {
      // HTTP/2 gains nothing for a handful of requests, and its sessions fail all at once.
      allowH2: false,
      connections: this.#options.connections,
      pipelining: 1,
      // The deadline of the whole exchange rules; these would be idle times.
      headersTimeout: 0,
      bodyTimeout: 0,
      factory: (origin: string | URL, options: object) =>
        new Pool(origin, { ...options, factory: connectionClient }),
    };
  }

  #connector(): buildConnector.connector {
    const connect = buildConnector({
      ...this.#tls,
      allowH2: false,
      timeout: connectTimeoutMs,
      lookup: guardedLookup(this.#options, this.#options.names),
    });
    return (options, callback) => {
      // Undici returns the socket, although its types do not say so.
      const socket: unknown = connect(options, callback);
      if (socket instanceof TLSSocket) this.#remember(socket, options.host ?? '');
      return socket;
    };
  }

  /** Notes the certificate after the handshake and before Node refuses it: afterwards the socket has none. */
  #remember(socket: TLSSocket, target: string): void {
    socket.prependOnceListener('secure', () => {
      this.#shown.set(target, shownCertificate(socket.getPeerCertificate()));
    });
  }
}

const connectTimeoutMs = 10_000;

/** With the authorities read once: for each connection anew it would take longer than all the rest of it. */
function tlsOptions(tls: BrokerTls): TlsSettings {
  const { ca, insecureSkipVerify, clientCertificate, clientKey } = tls;
  const material: TlsSettings = {
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
    ...(clientCertificate === undefined ? {} : { cert: clientCertificate }),
    ...(clientKey === undefined ? {} : { key: clientKey }),
  };
  const rejectUnauthorized = insecureSkipVerify !== true;
  try {
    return { secureContext: createSecureContext(material), rejectUnauthorized };
  } catch {
    // A key that can not be read is told by the connection.
    return { ...material, rejectUnauthorized };
  }
}

/** Tells each request of the connection that it goes out on. With `pipelining: 1` there is one at a time. */
class ConnectionClient extends Client {
  readonly #connection: Connection;

  constructor(origin: string | URL, options: object) {
    const connection = new Connection();
    super(origin, { ...options, ...observed(options, connection) });
    this.#connection = connection;
    this.on('disconnect', () => connection.closed());
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const start = handler.onRequestStart?.bind(handler);
    const end = handler.onResponseEnd?.bind(handler);
    handler.onRequestStart = (controller) => start?.(controller, this.#connection);
    handler.onResponseEnd = (controller, trailers) => {
      this.#connection.ended();
      end?.(controller, trailers);
    };
    return super.dispatch(options, handler);
  }
}

/** The pool has made a connector of whatever it was given. */
function observed(options: object, connection: Connection): { readonly connect?: buildConnector.connector } {
  const connect = 'connect' in options ? options.connect : undefined;
  if (!isConnector(connect)) return {};
  return {
    connect: (to, callback) => {
      const socket: unknown = connect(to, (...outcome) => {
        if (outcome[0] === null) connection.opened(outcome[1]);
        callback(...outcome);
      });
      return socket;
    },
  };
}

function isConnector(value: unknown): value is buildConnector.connector {
  return typeof value === 'function';
}

function connectionClient(origin: string | URL, options: object): Dispatcher {
  return new ConnectionClient(origin, options);
}

function answerOf(
  { status, headers, body }: ExchangeResult & { readonly kind: 'answer' },
  secrets: readonly string[],
): Reply {
  const retryAfter = headerText(headers['retry-after']);
  const etag = headerText(headers['etag']);
  return {
    kind: 'answer',
    status,
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(etag === undefined ? {} : { etag }),
    body,
    secrets,
  };
}

function headerText(value: string | readonly string[] | undefined): string | undefined {
  const text = typeof value === 'string' ? value : value?.[0];
  return text !== undefined && text.length <= 1024 && /^[\t\u0020-\u007e]+$/.test(text) ? text : undefined;
}
