import { randomUUID } from 'node:crypto';
import { systemClock, type Clock } from '../base/clock.ts';
import { always } from '../base/permit.ts';
import { systemStopwatch } from '../base/stopwatch.ts';
import {
  decodeBinding,
  decodeDeletion,
  decodeFetchedBinding,
  decodeFetchedInstance,
  decodeInstance,
} from './answer-decoders.ts';
import { Authorization, type Authorized } from './authorization.ts';
import { Circuit } from './circuit.ts';
import { Deadline } from './deadline.ts';
import { Gate } from './gate.ts';
import { httpRequest } from './http-request.ts';
import { defaultMaxConcurrent, Limiter } from './limiter.ts';
import { NameLookup } from './name-lookup.ts';
import type { BrokerAuth, BrokerClientOptions, CircuitState } from './options.ts';
import type { CatalogOutcome, Failure, FetchOutcome, Outcome, PollOutcome } from './outcome-types.ts';
import { catalogOutcome, fetchOutcome, pollOutcome, writeOutcome } from './outcome.ts';
import { afterLostTry, type Reply } from './reply.ts';
import {
  bindRequest,
  catalogRequest,
  deprovisionRequest,
  getBindingRequest,
  getInstanceRequest,
  pollBindingRequest,
  pollInstanceRequest,
  provisionRequest,
  unbindRequest,
  updateRequest,
  type BrokerRequest,
} from './request.ts';
import { Transport, type HttpRequest } from './transport.ts';
import type {
  BindingAnswer,
  BindRequest,
  DeletionAnswer,
  DeprovisionRequest,
  FetchedBinding,
  FetchedInstance,
  GetBindingRequest,
  GetInstanceRequest,
  InstanceAnswer,
  PollBindingRequest,
  PollInstanceRequest,
  ProvisionRequest,
  UnbindRequest,
  UpdateRequest,
} from './types.ts';

/** Does `work`, which may take as long as a request, and whatever has to be done before and after it. */
export type Waiting = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * The ten operations of the Open Service Broker API 2.17 on one broker. No operation throws: every answer, and every
 * way of getting none, is an outcome. When `signal` aborts, the outcome is a failure with the reason `Cancelled`
 * (`Timeout` if it was an `AbortSignal.timeout`).
 */
export class BrokerClient {
  readonly #options: BrokerClientOptions;
  readonly #clock: Clock;
  readonly #line: Line;
  readonly #during: Waiting;

  /**
   * @param line of another client for the same broker
   * @throws TypeError when the URL is not an absolute http or https URL
   */
  constructor(options: BrokerClientOptions, line?: Line, during: Waiting = (work) => work()) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#line = line ?? openLine(options, this.#clock);
    this.#during = during;
  }

  /** The same connections, limits and circuit for a caller who does something else while a request is under way. */
  lentTo(during: Waiting): BrokerClient {
    return new BrokerClient(this.#options, this.#line, during);
  }

  get circuitState(): CircuitState {
    return this.#line.circuit.state;
  }

  /** Requests under way, and requests that wait for a slot. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.#line.limiter.running, waiting: this.#line.limiter.waiting };
  }

  /** GET /v2/catalog. With the `etag` of an earlier one the outcome may be `unchanged`. */
  async catalog(
    options: { readonly etag?: string | undefined },
    signal: AbortSignal,
  ): Promise<CatalogOutcome> {
    const isConditional = options.etag !== undefined;
    const interpret = (reply: Reply) =>
      catalogOutcome(reply, isConditional, this.#clock.now(), this.#options.catalogLimits);
    return this.#call(catalogRequest(options.etag), interpret, failureOf, signal);
  }

  /** PUT of a service instance. Repeating it with the same content is safe. */
  async provision(request: ProvisionRequest, signal: AbortSignal): Promise<Outcome<InstanceAnswer>> {
    const interpret = (reply: Reply) => writeOutcome('provision', reply, decodeInstance, this.#clock.now());
    return this.#call(provisionRequest(request), interpret, failureOf, signal);
  }

  /** PATCH of a service instance. A failure leaves its old plan and parameters in force. */
  async update(request: UpdateRequest, signal: AbortSignal): Promise<Outcome<InstanceAnswer>> {
    const interpret = (reply: Reply) => writeOutcome('update', reply, decodeInstance, this.#clock.now());
    return this.#call(updateRequest(request), interpret, failureOf, signal);
  }

  /** DELETE of a service instance. Only 200 and 410 mean that it is gone. */
  async deprovision(request: DeprovisionRequest, signal: AbortSignal): Promise<Outcome<DeletionAnswer>> {
    const interpret = (reply: Reply) => writeOutcome('deprovision', reply, decodeDeletion, this.#clock.now());
    return this.#call(deprovisionRequest(request), interpret, failureOf, signal);
  }

  /** PUT of a binding. The answer may be the only time that its credentials are shown: store them first. */
  async bind(request: BindRequest, signal: AbortSignal): Promise<Outcome<BindingAnswer>> {
    const interpret = (reply: Reply) => writeOutcome('bind', reply, decodeBinding, this.#clock.now());
    return this.#call(bindRequest(request), interpret, failureOf, signal);
  }

  /** DELETE of a binding. Only 200 and 410 mean that it is gone. */
  async unbind(request: UnbindRequest, signal: AbortSignal): Promise<Outcome<DeletionAnswer>> {
    const interpret = (reply: Reply) => writeOutcome('unbind', reply, decodeDeletion, this.#clock.now());
    return this.#call(unbindRequest(request), interpret, failureOf, signal);
  }

  /** GET last_operation of a service instance. */
  async pollInstance(request: PollInstanceRequest, signal: AbortSignal): Promise<PollOutcome> {
    const of = request.of ?? 'update';
    const interpret = (reply: Reply) => pollOutcome('pollInstance', reply, of, this.#clock.now());
    return this.#call(pollInstanceRequest(request), interpret, unclearFailureOf, signal);
  }

  /** GET last_operation of a binding. */
  async pollBinding(request: PollBindingRequest, signal: AbortSignal): Promise<PollOutcome> {
    const interpret = (reply: Reply) => pollOutcome('pollBinding', reply, 'bind', this.#clock.now());
    return this.#call(pollBindingRequest(request), interpret, unclearFailureOf, signal);
  }

  /** GET of a service instance: only for services with `instancesRetrievable`. */
  async getInstance(
    request: GetInstanceRequest,
    signal: AbortSignal,
  ): Promise<FetchOutcome<FetchedInstance>> {
    const interpret = (reply: Reply) =>
      fetchOutcome('getInstance', reply, decodeFetchedInstance, this.#clock.now());
    return this.#call(getInstanceRequest(request), interpret, failureOf, signal);
  }

  /** GET of a binding: only for services with `bindingsRetrievable`. */
  async getBinding(request: GetBindingRequest, signal: AbortSignal): Promise<FetchOutcome<FetchedBinding>> {
    const interpret = (reply: Reply) =>
      fetchOutcome('getBinding', reply, decodeFetchedBinding, this.#clock.now());
    return this.#call(getBindingRequest(request), interpret, failureOf, signal);
  }

  /** Lets requests in flight finish; later ones fail with `Cancelled`. */
  async close(): Promise<void> {
    await this.#line.transport.close();
  }

  async #call<T>(
    request: BrokerRequest,
    interpret: (reply: Reply) => T,
    failure: (outcome: T) => Failure | undefined,
    signal: AbortSignal,
  ): Promise<T> {
    const requestIdentity = randomUUID();
    const startedMs = performance.now();
    const http = httpRequest(this.#line.url, this.#options, request, requestIdentity);
    const reply =
      'kind' in http
        ? http
        : await this.#during(async () => this.#line.gate.pass(async () => this.#send(http, signal), signal));
    const wasSent = reply.kind === 'answer' || reply.sent;
    const outcome = interpret(wasSent ? { ...reply, requestIdentity } : reply);
    const reason = failure(outcome)?.reason;
    this.#options.observe?.({
      operation: request.operation,
      ...(reply.kind === 'answer' ? { status: reply.status } : {}),
      ...(reason === undefined ? {} : { reason }),
      durationMs: performance.now() - startedMs,
      requestIdentity,
      wasSent,
    });
    return outcome;
  }

  async #send(http: HttpRequest, signal: AbortSignal): Promise<Reply> {
    // One deadline for everything, the fetch of a token included.
    const deadline = new Deadline(signal, this.#options.timeoutMs ?? 60_000);
    try {
      return await this.#sendAuthorized(http, deadline.signal);
    } finally {
      deadline.end();
    }
  }

  async #sendAuthorized(http: HttpRequest, signal: AbortSignal): Promise<Reply> {
    const authorized = await this.#line.authorization.headers(signal);
    if (authorized.kind === 'fault') return authorized;
    const reply = await this.#sendAs(authorized, http, signal);
    if (reply.kind === 'fault' || reply.status !== 401) return reply;
    if (!this.#line.authorization.refused(authorized)) return reply;
    const again = await this.#line.authorization.headers(signal);
    const last = again.kind === 'fault' ? again : await this.#sendAs(again, http, signal);
    return reply.resent === true ? afterLostTry(last) : last;
  }

  #sendAs({ headers, secrets }: Authorized, http: HttpRequest, signal: AbortSignal): Promise<Reply> {
    return this.#line.transport.send({ ...http, headers: { ...http.headers, ...headers } }, secrets, signal);
  }
}

/** What all clients of one broker share. */
interface Line {
  readonly url: URL;
  readonly transport: Transport;
  readonly authorization: Authorization;
  readonly limiter: Limiter;
  readonly circuit: Circuit;
  readonly gate: Gate;
}

function openLine(options: BrokerClientOptions, clock: Clock): Line {
  const url = brokerUrl(options.url);
  const stopwatch = options.stopwatch ?? systemStopwatch;
  const transport = new Transport({
    tls: options.tls ?? {},
    allowLoopback: options.allowLoopback ?? false,
    tenant: options.tenant,
    owner: options.owner ?? options.url,
    names: options.names ?? new NameLookup(),
    connections: options.limiter?.maxConcurrent ?? defaultMaxConcurrent,
    environment: options.environment ?? process.env,
    permit: options.permit ?? always,
  });
  const authorization = new Authorization(options.auth ?? userInfo(url), {
    stopwatch,
    send: async (request, signal) => transport.send(request, [], signal),
  });
  const limiter = new Limiter(options.limiter);
  const circuit = new Circuit(options.circuit ?? {}, { stopwatch, onChange: options.onCircuit });
  return {
    url,
    transport,
    authorization,
    limiter,
    circuit,
    gate: new Gate({ limiter, circuit, clock, stopwatch }),
  };
}

function brokerUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw new TypeError('the URL of a broker must be an absolute http or https URL');
}

/** Credentials inside of the URL, as other platforms accept them. */
function userInfo(url: URL): BrokerAuth | undefined {
  if (url.username === '' && url.password === '') return undefined;
  return { kind: 'basic', username: percentDecode(url.username), password: percentDecode(url.password) };
}

function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function failureOf(outcome: CatalogOutcome | Outcome<unknown> | FetchOutcome<unknown>): Failure | undefined {
  return outcome.kind === 'failed' ? outcome : undefined;
}

function unclearFailureOf(outcome: PollOutcome): Failure | undefined {
  return outcome.kind === 'unclear' ? outcome.failure : undefined;
}
