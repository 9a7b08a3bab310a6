import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { errorMessage } from '../../../src/base/logger.ts';
import type { Behaviour, AsyncBehaviour, Match, Times } from './behaviour.ts';
import { bind, getBinding, unbind } from './binding-operations.ts';
import { BrokerState, type LiveBinding, type LiveInstance } from './broker-state.ts';
import { deprovision, getInstance, provision, update } from './instance-operations.ts';
import { pollBinding, pollInstance } from './last-operation.ts';
import { listen } from './listen.ts';
import { perform, sendOrdinary } from './perform.ts';
import { gateProblem, type TestBrokerAuth } from './protocol-checks.ts';
import { readRequest } from './read-request.ts';
import type { RecordedRequest } from './recorded-request.ts';
import { sampleCatalog, type CatalogDocument } from './sample-catalog.ts';
import { ScriptBook, type Script, type ScriptHandle } from './script-book.ts';
import { plantSecret, secretsIn } from '../secrecy/secret-markers.ts';
import {
  concurrencyError,
  refuse,
  type AsyncOperation,
  type OrdinaryAnswer,
  type ServiceContext,
} from './service-context.ts';

export interface TestBrokerOptions {
  readonly catalog?: CatalogDocument;
  /** Default: Basic, user `broker`, a random marked password. */
  readonly auth?: TestBrokerAuth;
  /** HTTPS with this certificate and key (PEM); with `clientCa`, clients have to show one of that authority. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly clientCa?: string };
  /** Name in `url`. Default 127.0.0.1. */
  readonly hostname?: string;
  /** Default: a free one below 32768. */
  readonly port?: number;
  /** Path in front of /v2. */
  readonly prefix?: string;
  /** Which operations are asynchronous when nothing else is scripted. */
  readonly asynchronous?: Partial<Record<AsyncOperation, AsyncBehaviour>>;
  readonly credentialsOnce?: boolean;
  /** Default: username, marked password, and a uri of both. */
  readonly credentials?: (bindingId: string) => Readonly<Record<string, unknown>>;
  /** The oldest version 2.x that is served. Default 13. */
  readonly minimumMinor?: number;
  /** Bindings are made for applications only: RequiresApp without `bind_resource.app_guid`. */
  readonly requiresApp?: boolean;
  /** ConcurrencyError to whatever comes while a bind or unbind of the same instance is being answered. */
  readonly oneAtATime?: boolean;
}

const operations = {
  provision,
  update,
  deprovision,
  getInstance,
  pollInstance,
  bind,
  unbind,
  getBinding,
  pollBinding,
} as const;

/** An OSB 2.17 broker that can be watched and told to misbehave. Everything is in memory. */
export class TestBroker {
  readonly auth: TestBrokerAuth;
  /** Every request since the start or the last `forget()`, in order of arrival. */
  readonly requests: RecordedRequest[] = [];
  /** Rules of the specification that the platform broke, each beginning with the obligation's id. */
  readonly violations: string[] = [];
  readonly #options: TestBrokerOptions;
  readonly #server: Server;
  readonly #state = new BrokerState();
  readonly #book = new ScriptBook();
  readonly #stopping = new AbortController();
  /** Instances with a bind or unbind that is being answered. */
  readonly #busy = new Set<string>();
  #catalog: CatalogDocument;
  #port = 0;
  #connections = 0;

  constructor(options: TestBrokerOptions = {}) {
    this.#options = options;
    this.#catalog = options.catalog ?? sampleCatalog();
    this.auth = options.auth ?? { kind: 'basic', username: 'broker', password: plantSecret() };
    const handle = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#handle(request, response).catch((error: unknown) => {
        this.violations.push(`the test broker itself failed: ${errorMessage(error)}`);
        response.destroy();
      });
    const { tls } = options;
    const httpOptions = { maxHeaderSize: 64 * 1024, requestTimeout: 0, headersTimeout: 0 };
    this.#server =
      tls === undefined
        ? createServer(httpOptions, handle)
        : createTlsServer(
            {
              ...httpOptions,
              cert: tls.certificate,
              key: tls.key,
              ...(tls.clientCa === undefined
                ? {}
                : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
            },
            handle,
          );
    this.#server.on('connection', () => this.#connections++);
  }

  static async start(options: TestBrokerOptions = {}): Promise<TestBroker> {
    const broker = new TestBroker(options);
    broker.#port = await listen(broker.#server, '127.0.0.1', options.port);
    return broker;
  }

  get url(): string {
    const scheme = this.#options.tls === undefined ? 'http' : 'https';
    return `${scheme}://${this.#options.hostname ?? '127.0.0.1'}:${this.#port}${this.#options.prefix ?? ''}`;
  }

  get port(): number {
    return this.#port;
  }

  /** TCP connections accepted so far. */
  get connections(): number {
    return this.#connections;
  }

  /** The next fitting request, or so many, is answered in this way. */
  script(match: Match, script: Script, times: Times = 1): ScriptHandle {
    return this.#book.add(match, script, times);
  }

  setCatalog(catalog: CatalogDocument): void {
    this.#catalog = catalog;
  }

  get catalog(): CatalogDocument {
    return this.#catalog;
  }

  requestsOf(operation: RecordedRequest['operation'], instanceId?: string): readonly RecordedRequest[] {
    return this.requests.filter(
      (request) =>
        request.operation === operation && (instanceId === undefined || request.instanceId === instanceId),
    );
  }

  /** Everything that exists, whether it is ready or half-made. Empty at the end of a test that leaks nothing. */
  liveInstances(): readonly LiveInstance[] {
    return [...this.#state.instances.values()];
  }

  liveBindings(): readonly LiveBinding[] {
    return this.#state.bindings();
  }

  /** The marked secrets (passwords of bindings, of brokers, and what was planted) inside of a text. */
  secretsIn(text: string): readonly string[] {
    return secretsIn(text);
  }

  /** A further marked secret, for parameters and the like. */
  plantSecret(): string {
    return plantSecret();
  }

  /** Time passes: what goes on after a 202 comes to its good end, polled or not. */
  finishPending(): void {
    for (const made of [...this.#state.instances.values(), ...this.#state.bindings()]) {
      made.pending?.finish();
      made.pending = undefined;
    }
  }

  /** As if its process died: all connections are cut, and nothing listens. What exists stays. */
  goDown(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Listens again, at the address that it had. */
  async comeBack(): Promise<void> {
    if (!this.#server.listening) await listen(this.#server, '127.0.0.1', this.#port);
  }

  /** Forgets requests, violations and scripts, but not what exists. */
  forget(): void {
    this.requests.length = 0;
    this.violations.length = 0;
    this.#book.clear();
  }

  /** Cuts all connections. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(incoming, this.#options.prefix ?? '');
    if (request === undefined) return;
    this.requests.push(request);
    response.once('finish', () => {
      request.status = response.statusCode;
    });
    response.setHeader(
      'x-broker-api-request-identity',
      request.headers['x-broker-api-request-identity'] ?? '',
    );
    const rules = { auth: this.auth, minimumMinor: this.#options.minimumMinor ?? 13 };
    const problem = gateProblem(request, rules, (text) => this.violations.push(text));
    if (problem !== undefined) return sendOrdinary(response, problem);
    if (this.#options.oneAtATime === true && !this.#occupy(request, response)) {
      return sendOrdinary(response, concurrencyError);
    }
    const behaviour = this.#book.take(request);
    if (behaviour === undefined) return sendOrdinary(response, this.#serve(request, undefined));
    const answer = takesEffect(behaviour, request) ? this.#serve(request, behaviour) : toldAnswer(behaviour);
    const stage = { signal: this.#stopping.signal, vanish: () => this.goDown() };
    return perform(response, behaviour, answer, stage);
  }

  /** False when the instance is busy with another request. */
  #occupy({ operation, instanceId = '' }: RecordedRequest, response: ServerResponse): boolean {
    if (operation !== 'bind' && operation !== 'unbind') return true;
    if (this.#busy.has(instanceId)) return false;
    this.#busy.add(instanceId);
    response.once('close', () => this.#busy.delete(instanceId));
    return true;
  }

  #serve(request: RecordedRequest, behaviour: Behaviour | undefined): OrdinaryAnswer {
    const { operation } = request;
    if (operation === undefined) return refuse(404, 'There is nothing here.');
    if (operation === 'catalog') return this.#serveCatalog(request.headers['if-none-match']);
    const scripted = behaviour?.kind === 'async' ? behaviour : undefined;
    const asynchronous = scripted ?? this.#options.asynchronous?.[operation as AsyncOperation];
    const consent = scripted?.unasked === true ? { accepts_incomplete: 'true' } : {};
    return operations[operation](this.#context(), {
      instanceId: request.instanceId ?? '',
      bindingId: request.bindingId ?? '',
      query: { ...request.query, ...consent },
      body: isRecord(request.body) ? request.body : {},
      asynchronous,
    });
  }

  #serveCatalog(knownEtag: string | undefined): OrdinaryAnswer {
    const etag = `"${createHash('sha256').update(JSON.stringify(this.#catalog)).digest('hex')}"`;
    if (knownEtag === etag) return { status: 304, body: '', headers: { etag } };
    return { status: 200, body: this.#catalog, headers: { etag } };
  }

  #context(): ServiceContext {
    return {
      state: this.#state,
      catalog: () => this.#catalog,
      credentialsOnce: this.#options.credentialsOnce ?? false,
      requiresApp: this.#options.requiresApp ?? false,
      credentials: this.#options.credentials ?? (() => this.#ordinaryCredentials()),
      dashboardUrl: (instanceId) => `${this.url}/dashboard/${encodeURIComponent(instanceId)}`,
      violation: (text) => this.violations.push(text),
    };
  }

  #ordinaryCredentials(): Readonly<Record<string, unknown>> {
    const password = plantSecret();
    return { username: 'app', password, uri: `postgresql://app:${password}@db.example:5432/app`, port: 5432 };
  }
}

function takesEffect(behaviour: Behaviour, request: RecordedRequest): boolean {
  const { operation } = request;
  if (operation === 'catalog' || operation === 'getInstance' || operation === 'getBinding') return true;
  if (behaviour.applies !== undefined) return behaviour.applies;
  if (behaviour.kind === 'delay') {
    return behaviour.next === undefined || takesEffect(behaviour.next, request);
  }
  if (behaviour.kind === 'answer')
    return behaviour.status === undefined || Math.floor(behaviour.status / 100) === 2;
  return behaviour.kind === 'async' || behaviour.kind === 'drip' || behaviour.kind === 'vanish';
}

/** Stands in for the ordinary answer of an operation that was not performed. */
function toldAnswer(behaviour: Behaviour): OrdinaryAnswer {
  const status = 'status' in behaviour ? (behaviour.status ?? 200) : 200;
  return { status, body: status >= 400 ? { description: 'The broker was told to fail.' } : {} };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
