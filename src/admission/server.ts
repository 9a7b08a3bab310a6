import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TlsOptions } from 'node:tls';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { sleep, aborted } from '../base/abort.ts';
import { errorFields, type Logger } from '../base/logger.ts';
import {
  answerReview,
  overloaded,
  problemAnswers,
  timeoutOf,
  type AdmissionObservation,
  type Answer,
} from './answer.ts';
import { BodyReader } from './body-reader.ts';
import { BytesInFlight, defaultByteLimits, isLarge, type ByteLimits } from './bytes-in-flight.ts';
import { clientOptions, watchClients, type ClientCheck } from './client-check.ts';
import { ConnectionLimit } from './connection-limit.ts';
import type { Handler } from './decision.ts';
import { LargeGarbage } from './large-garbage.ts';
import { Turns } from './turns.ts';

/** Certificate chain and key in PEM, as `node:tls` takes them. */
export interface ServingPair {
  readonly cert: string;
  readonly key: string;
}

export interface AdmissionServerOptions {
  /** @default '0.0.0.0' */
  readonly host?: string;
  /** 0 for any free port. */
  readonly port: number;
  /** By path: `/mutate-pods`. */
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly certificate: {
    /** The pair to serve with now. */
    readonly current: ServingPair;
    /** Calls the listener with each new pair; returns how to stop that. */
    subscribe(listener: (pair: ServingPair) => void): () => void;
  };
  /** Who may call. @default anybody */
  readonly clients?: ClientCheck | undefined;
  readonly logger: Logger;
  readonly observe?: (observation: AdmissionObservation) => void;
  /**
   * The old and the new object of an UPDATE, 3 MiB each (the API server's own limit for a request), and room for the
   * envelope. @default 7 MiB
   */
  readonly maxBodyBytes?: number;
  /** By path: reviews with more bytes are decided on without being parsed. */
  readonly maxParsedBytes?: ReadonlyMap<string, number>;
  /** How many bytes of reviews may be under way. @default defaultByteLimits */
  readonly bytesInFlight?: ByteLimits;
  /** @default 1_000 */
  readonly maxConnections?: number;
  /** For reading one body. @default 10_000 */
  readonly bodyTimeoutMs?: number;
  /** Longer than the 90 s after which the API server itself drops an idle connection. @default 120_000 */
  readonly keepAliveTimeoutMs?: number;
  /** After the signal, how long connections are still accepted, until nobody is sent here any more. @default 0 */
  readonly drainMs?: number;
  /** After that, how long requests may still take. @default 10_000 */
  readonly graceMs?: number;
}

type HttpsInstance = FastifyInstance<Server, IncomingMessage, ServerResponse>;
type Reply = FastifyReply<object, Server>;

/**
 * The HTTPS server of the webhooks. It speaks HTTP/1.1 only: with one HTTP/2 connection per API server, all requests
 * would go to one replica.
 */
export class AdmissionServer {
  /** Resolves when the server listens. Rejects with what `start` rejects with. */
  readonly listening: Promise<AddressInfo>;
  readonly #options: AdmissionServerOptions;
  readonly #maxBodyBytes: number;
  readonly #app: HttpsInstance;
  readonly #reader: BodyReader;
  readonly #bytes: BytesInFlight;
  readonly #connections: ConnectionLimit;
  readonly #turns = new Turns();
  readonly #garbage = new LargeGarbage();
  readonly #announce: PromiseWithResolvers<AddressInfo>;
  /** What is served with: the last one that was usable. */
  #pair: ServingPair;
  #isDraining = false;

  constructor(options: AdmissionServerOptions) {
    this.#options = options;
    this.#pair = options.certificate.current;
    this.#announce = Promise.withResolvers<AddressInfo>();
    this.listening = this.#announce.promise;
    // Whoever does not ask for the address hears of a failure from `start`.
    this.listening.catch(() => undefined);
    this.#maxBodyBytes = options.maxBodyBytes ?? 7 * 1024 * 1024;
    const timeoutMs = options.bodyTimeoutMs ?? 10_000;
    this.#reader = new BodyReader({ maxBytes: this.#maxBodyBytes, timeoutMs });
    this.#bytes = new BytesInFlight(options.bytesInFlight ?? defaultByteLimits);
    this.#connections = new ConnectionLimit(options.maxConnections ?? 1_000);
    this.#app = this.#createApp();
  }

  /** Serves until the signal aborts, then drains; resolves when the last connection is gone. */
  async start(signal: AbortSignal): Promise<void> {
    const { host = '0.0.0.0', port, certificate, drainMs = 0 } = this.#options;
    const unsubscribe = [
      certificate.subscribe((pair) => this.#reload(pair)),
      this.#options.clients?.authorities.subscribe(() => this.#reload(this.#pair)),
    ];
    try {
      await this.#app.listen({ host, port });
      this.#announce.resolve(this.#app.server.address() as AddressInfo);
      await aborted(signal);
      this.#isDraining = true;
      if (drainMs > 0) await sleep(drainMs, new AbortController().signal);
    } catch (error) {
      this.#announce.reject(error);
      throw error;
    } finally {
      for (const stop of unsubscribe) stop?.();
      await this.#close();
    }
  }

  #createApp(): HttpsInstance {
    const { handlers, keepAliveTimeoutMs = 120_000 } = this.#options;
    const app: HttpsInstance = Fastify({
      serverFactory: (fallback) => this.#createServer(fallback),
      logger: false,
      exposeHeadRoutes: false,
      return503OnClosing: false,
    });
    const { server } = app;
    server.keepAliveTimeout = keepAliveTimeoutMs;
    // See `BodyReader` for why there is no request timeout; the one for headers also closes unused connections.
    server.requestTimeout = 0;
    server.headersTimeout = keepAliveTimeoutMs + 5_000;

    app.removeAllContentTypeParsers();
    // Bodies are read by the handler below, not by fastify: it needs the bytes and nothing else.
    app.addContentTypeParser('application/json', (_request, _payload, done) => done(null));
    for (const [path, handler] of handlers) {
      app.post(path, (request, reply) => {
        reply.hijack();
        this.#serve(path, handler, request.raw, reply.raw);
      });
    }
    app.setNotFoundHandler((request, reply) => {
      const isOtherMethod = handlers.has(request.url.replace(/\?.*$/, ''));
      if (isOtherMethod) reply.header('allow', 'POST');
      this.#refuse(reply, isOtherMethod ? 405 : 404, isOtherMethod ? 'use POST' : 'there is nothing here');
    });
    app.setErrorHandler((error, _request, reply) => {
      const { statusCode = 500 } = error as { readonly statusCode?: number };
      const text = statusCode === 415 ? 'Content-Type must be application/json' : 'bad request';
      this.#refuse(reply, statusCode, text);
    });
    return app;
  }

  /** The server beneath fastify. What is plainly a review does not take the way through it: it is long. */
  #createServer(fastify: RequestListener): Server {
    const { handlers, clients, logger } = this.#options;
    const options = { ...this.#tlsOptions(this.#pair), connectionsCheckingInterval: 5_000 };
    const server = createServer(options, (request, response) => {
      this.#connections.work(request.socket, response);
      const { method, url = '', headers } = request;
      const query = url.indexOf('?');
      const path = query < 0 ? url : url.slice(0, query);
      const handler = handlers.get(path);
      const isReview = method === 'POST' && headers['content-type'] === 'application/json';
      if (handler !== undefined && isReview) this.#serve(path, handler, request, response);
      else fastify(request, response);
    });
    this.#connections.watch(server);
    watchClients(server, clients, logger);
    return server;
  }

  #serve(path: string, handler: Handler, request: IncomingMessage, response: ServerResponse): void {
    const { headers, url = '' } = request;
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      this.#write(response, { status: 415, body: 'compressed bodies are not accepted' });
      return;
    }
    const declared = Number(headers['content-length']);
    // Without a length, or with too large a one, no more than the reader takes.
    const release = this.#bytes.take(declared <= this.#maxBodyBytes ? declared : this.#maxBodyBytes);
    if (release === undefined) {
      this.#reader.discard(request);
      this.#options.observe?.({ path, outcome: 'overloaded', durationMs: 0 });
      this.#write(response, overloaded);
      this.#garbage.left(declared);
      return;
    }
    const finish = (answer: Answer): void => {
      release();
      this.#write(response, answer);
      this.#garbage.left(declared);
    };
    this.#reader.read(request, declared, (problem, body) => {
      if (problem !== undefined) finish(problemAnswers[problem]);
      else if (isLarge(body.length)) this.#turns.take(() => this.#answer(path, handler, url, body, finish));
      else this.#answer(path, handler, url, body, finish);
    });
  }

  #answer(path: string, handler: Handler, url: string, body: Buffer, finish: (answer: Answer) => void): void {
    const { logger, observe = () => undefined } = this.#options;
    const maxParsedBytes = this.#options.maxParsedBytes?.get(path);
    const answer = answerReview(path, handler, body, timeoutOf(url), { logger, observe, maxParsedBytes });
    if ('then' in answer) void answer.then(finish);
    else finish(answer);
  }

  #write(response: ServerResponse, { status, body, retryAfterSeconds }: Answer): void {
    if (response.destroyed) return;
    if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds);
    // While draining, every answer sends the client to look for another replica.
    if (this.#isDraining) response.setHeader('connection', 'close');
    response.writeHead(status, {
      'content-type': status === 200 ? 'application/json' : 'text/plain',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  }

  #refuse(reply: Reply, status: number, text: string): void {
    if (this.#isDraining) reply.header('connection', 'close');
    reply.code(status).type('text/plain').send(text);
  }

  /** New connections meet the new certificate and authorities, those that are open go on. What does not fit is left out. */
  #reload(pair: ServingPair): void {
    try {
      this.#app.server.setSecureContext(this.#tlsOptions(pair));
      this.#pair = pair;
    } catch (error) {
      this.#options.logger.error(errorFields(error), 'new serving certificate refused; the old one stays');
    }
  }

  #tlsOptions({ cert, key }: ServingPair): TlsOptions {
    return { cert, key, minVersion: 'TLSv1.2', ...clientOptions(this.#options.clients) };
  }

  async #close(): Promise<void> {
    const { server } = this.#app;
    const closing = this.#app.close();
    // Node closes idle connections once; those that become idle later would stay until their keep-alive ends.
    const sweep = setInterval(() => server.closeIdleConnections(), 20);
    const force = setTimeout(() => server.closeAllConnections(), this.#options.graceMs ?? 10_000);
    try {
      await closing;
    } finally {
      clearInterval(sweep);
      clearTimeout(force);
      this.#reader.stop();
    }
  }
}
