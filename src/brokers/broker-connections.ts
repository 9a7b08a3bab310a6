import { sleep } from '../base/abort.ts';
import { FairShares } from '../base/fair-shares.ts';
import { jsonEqual } from '../base/json.ts';
import { errorFields, type Logger } from '../base/logger.ts';
import type { Permit } from '../base/permit.ts';
import { systemStopwatch, type Stopwatch } from '../base/stopwatch.ts';
import type { Turn } from '../control/controller.ts';
import type { Stores } from '../model/stores.ts';
import type { KubeClient } from '../kube/client.ts';
import { BrokerClient } from '../osb/broker-client.ts';
import type { BrokerOperations } from '../osb/broker-operations.ts';
import { defaultMaxConcurrent } from '../osb/limiter.ts';
import { brokerTargets } from '../osb/broker-targets.ts';
import type { CatalogLimits } from '../osb/catalog-limits.ts';
import { NameLookup } from '../osb/name-lookup.ts';
import type { BrokerCall, BrokerClientOptions, CircuitState } from '../osb/options.ts';
import type { Failure } from '../osb/outcome-types.ts';
import type { BrokerMaterial } from './broker-material.ts';
import { BrokerLanes } from './broker-lanes.ts';
import { brokerKey, describeBroker, type BrokerRef } from './broker-ref.ts';
import { isBuiltIn } from './built-in-broker.ts';
import { specificationOf, type AnyBroker, type BrokerSpecification } from './broker-settings.ts';
import type { CredentialCopies } from './credential-copies.ts';
import type { KindsInRemoval } from './kinds-in-removal.ts';
import { findBroker } from './find-broker.ts';
import { MaterialCache } from './material-cache.ts';

export interface BrokerSettings {
  /** Whole time of one request to a broker. */
  readonly timeoutMs: number;
  /** Brokers at loopback addresses: for development, and for tests. */
  readonly allowLoopback: boolean;
  /** Where the ServiceBrokers of namespaces may live: hosts and networks; anywhere when absent or empty. */
  readonly namespacedBrokerTargets?: readonly string[] | undefined;
  /** How large a catalog may be. The client's default when absent. */
  readonly catalogLimits?: CatalogLimits | undefined;
  /** Requests in flight to one broker. The client's default when absent. */
  readonly maxConcurrent?: number | undefined;
  /** Where proxies are read from. Default `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

export interface BrokerConnectionsDeps {
  readonly client: Pick<KubeClient, 'get'>;
  readonly stores: Pick<Stores, 'clusterServiceBrokers' | 'serviceBrokers' | 'namespaces'>;
  readonly logger: Logger;
  readonly settings: BrokerSettings;
  /** Answers for the broker that is built in. Without it there is none. */
  readonly builtIn?: BrokerOperations | undefined;
  /** Without it, a namespaced broker can not be used after a restart while its namespace is being deleted. */
  readonly copies?: CredentialCopies | undefined;
  readonly stopwatch?: Stopwatch | undefined;
  /** Without it, objects that are deleted with their kind are deleted at their brokers. */
  readonly removal?: Pick<KindsInRemoval, 'guarding'> | undefined;
  /** No broker hears anything while it does not hold. @default always */
  readonly permit?: Permit | undefined;
  /** Called after every request to any broker. Must not throw. */
  readonly observe?: ((ref: BrokerRef, call: BrokerCall) => void) | undefined;
}

export type ConnectResult = ConnectedTo<BrokerOperations> | Unavailable;

interface ConnectedTo<C = BrokerClient> {
  readonly kind: 'connected';
  readonly client: C;
  readonly broker: AnyBroker;
}

interface Unavailable {
  readonly kind: 'unavailable';
  readonly reason: 'ReferencesNonexistentBroker' | 'ErrorGettingAuthCredentials' | 'InvalidBrokerSettings';
  /** Fit for a condition. */
  readonly message: string;
}

/** What somebody found out about a broker that others should know. */
export type BrokerNews =
  | { readonly kind: 'failure'; readonly ref: BrokerRef; readonly failure: Failure }
  | { readonly kind: 'circuit'; readonly ref: BrokerRef; readonly state: CircuitState }
  /** Its URL, credentials or certificates are others than before. */
  | { readonly kind: 'replaced'; readonly ref: BrokerRef };

/** A client, and all that it was made of. */
interface Connection {
  readonly client: BrokerClient;
  readonly madeOf: object;
}

/** How long a client that was replaced stays open. */
const replacedClientGraceMs = 30_000;
/** Of all brokers together: with many authorities each takes megabytes, and whoever may edit a broker replaces one in milliseconds. */
const maxReplacedClients = 16;

/** One client per broker object, rebuilt when its URL, TLS, authentication or the content of a Secret changes. */
export class BrokerConnections {
  /** To be entered before `connect`, by whoever means to make a request. */
  readonly lanes: BrokerLanes;
  readonly #deps: BrokerConnectionsDeps;
  readonly #stopwatch: Stopwatch;
  readonly #names: NameLookup;
  readonly #materials: MaterialCache;
  readonly #connections = new Map<string, Connection>();
  readonly #listeners = new Set<(news: BrokerNews) => void>();
  readonly #closing = new Set<Promise<void>>();
  /** Of the clients that were replaced: how to close each at once. */
  readonly #replaced = new FairShares<AbortController>(maxReplacedClients);
  #replacements = 0;
  readonly #closed = new AbortController();

  constructor(deps: BrokerConnectionsDeps) {
    this.#deps = deps;
    this.#stopwatch = deps.stopwatch ?? systemStopwatch;
    const { client, stores, copies, settings } = deps;
    this.#names = new NameLookup({ stopwatch: this.#stopwatch });
    const perBroker = settings.maxConcurrent ?? defaultMaxConcurrent;
    this.lanes = new BrokerLanes({ stopwatch: this.#stopwatch, perBroker });
    this.#materials = new MaterialCache({ client, stores, copies, stopwatch: this.#stopwatch });
  }

  /**
   * A client for the broker, or what is missing to have one.
   * @param turn whose worker is free for others while a request is under way
   * @throws KubeApiError, KubeConnectionError when a Secret could not be read because of the API server
   */
  async connect(
    ref: BrokerRef,
    signal: AbortSignal,
    turn: Pick<Turn, 'away'> | undefined,
  ): Promise<ConnectResult> {
    const connected = await this.#connect(ref, signal, turn);
    const { removal } = this.#deps;
    if (removal === undefined || connected.kind === 'unavailable') return connected;
    return { ...connected, client: removal.guarding(connected.client) };
  }

  async #connect(
    ref: BrokerRef,
    signal: AbortSignal,
    turn: Pick<Turn, 'away'> | undefined,
  ): Promise<ConnectResult> {
    const { builtIn, stores } = this.#deps;
    const broker = findBroker(ref, stores);
    if (broker !== undefined && builtIn !== undefined && isBuiltIn(ref)) {
      return { kind: 'connected', client: builtIn, broker };
    }
    if (broker === undefined) {
      const message = `${describeBroker(ref)} does not exist.`;
      return { kind: 'unavailable', reason: 'ReferencesNonexistentBroker', message };
    }
    const parsed = specificationOf(broker);
    if (parsed.kind === 'invalid') {
      const message = `${describeBroker(ref)} can not be used: ${parsed.message}.`;
      return { kind: 'unavailable', reason: 'InvalidBrokerSettings', message };
    }
    const found = await this.#materials.get(mapKey(ref), broker, parsed.specification, signal);
    if (found.kind === 'missing') {
      const message = `Error getting credentials and certificates of the broker: ${found.message}.`;
      return { kind: 'unavailable', reason: 'ErrorGettingAuthCredentials', message };
    }
    const connected = this.#connectWith(ref, broker, parsed.specification, found.material);
    if (connected.kind === 'unavailable' || turn === undefined) return connected;
    return { ...connected, client: connected.client.lentTo((work) => turn.away(work)) };
  }

  /** To be told of every failed request: after a refusal of the credentials the next `connect` reads them again. */
  reportFailure(ref: BrokerRef, failure: Failure): void {
    if (isAboutCredentials(failure)) this.#materials.suspect(mapKey(ref));
    this.#tell({ kind: 'failure', ref, failure });
  }

  /** Undefined while nobody has asked for this broker. */
  circuitState(ref: BrokerRef): CircuitState | undefined {
    return this.#connections.get(mapKey(ref))?.client.circuitState;
  }

  /** Listens to failures that are reported and to circuits that open and close. Returns how to stop. */
  subscribe(listener: (news: BrokerNews) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Before a broker is let go: takes away what was kept of its credentials. */
  async dropCopies(broker: AnyBroker, signal: AbortSignal): Promise<void> {
    await this.#deps.copies?.drop(broker, signal);
  }

  /** For a broker that is gone: its client is closed when nobody can be using it any more. */
  forget(ref: BrokerRef): void {
    this.#materials.forget(mapKey(ref));
    this.#replace(ref, undefined);
  }

  /** Ends requests in flight as well as they can end. */
  async close(): Promise<void> {
    this.#closed.abort();
    this.#materials.close();
    const clients = [...this.#connections.values()].map(({ client }) => client.close());
    this.#connections.clear();
    await Promise.allSettled([...clients, ...this.#closing]);
  }

  #connectWith(
    ref: BrokerRef,
    broker: AnyBroker,
    specification: BrokerSpecification,
    material: BrokerMaterial,
  ): ConnectedTo | Unavailable {
    const { url, apiVersion } = specification;
    // With the uid: what one broker learnt, such as an open circuit, is nothing to another of the same name.
    const madeOf = { uid: broker.metadata.uid, url, apiVersion, ...material };
    const known = this.#connections.get(mapKey(ref));
    if (known !== undefined && jsonEqual(known.madeOf, madeOf))
      return { kind: 'connected', client: known.client, broker };
    try {
      const client = new BrokerClient(this.#optionsOf(ref, specification, material));
      this.#replace(ref, { client, madeOf });
      return { kind: 'connected', client, broker };
    } catch (error) {
      const fields = { broker: describeBroker(ref), ...errorFields(error) };
      this.#deps.logger.warn(fields, 'no client for this broker');
      const message = `${describeBroker(ref)} can not be used: spec.url, a certificate or a key is not valid.`;
      return { kind: 'unavailable', reason: 'InvalidBrokerSettings', message };
    }
  }

  #optionsOf(
    ref: BrokerRef,
    { url, apiVersion }: BrokerSpecification,
    { auth, tls }: BrokerMaterial,
  ): BrokerClientOptions {
    const { settings, observe, permit } = this.#deps;
    return {
      url,
      auth,
      tls,
      apiVersion,
      timeoutMs: settings.timeoutMs,
      allowLoopback: settings.allowLoopback,
      tenant:
        ref.kind === 'ServiceBroker' ? brokerTargets(settings.namespacedBrokerTargets ?? []) : undefined,
      catalogLimits: settings.catalogLimits,
      // Of all that a tenant's brokers send at once.
      owner: ref.namespace === undefined ? mapKey(ref) : `namespace ${ref.namespace}`,
      names: this.#names,
      limiter: { maxConcurrent: settings.maxConcurrent },
      environment: settings.environment,
      stopwatch: this.#stopwatch,
      permit,
      observe: observe === undefined ? undefined : (call) => observe(ref, call),
      onCircuit: (state) => this.#tell({ kind: 'circuit', ref, state }),
    };
  }

  /** Whoever has got the old client may still be about to use it; requests that run finish there. */
  #replace(ref: BrokerRef, next: Connection | undefined): void {
    const previous = this.#connections.get(mapKey(ref));
    if (next === undefined) this.#connections.delete(mapKey(ref));
    else this.#connections.set(mapKey(ref), next);
    if (previous === undefined) return;
    if (next !== undefined) {
      // What the old client learnt is forgotten, and nobody else would say so.
      if (previous.client.circuitState !== 'closed') this.#tell({ kind: 'circuit', ref, state: 'closed' });
      this.#tell({ kind: 'replaced', ref });
    }
    const { namespace = '' } = ref;
    const id = String(this.#replacements++);
    const grace = new AbortController();
    this.#replaced.put(namespace, id, grace)?.abort();
    const closing = sleep(replacedClientGraceMs, AbortSignal.any([this.#closed.signal, grace.signal]))
      .then(() => previous.client.close())
      .catch((error: unknown) =>
        this.#deps.logger.warn({ broker: describeBroker(ref), ...errorFields(error) }, 'closing failed'),
      )
      .finally(() => {
        this.#replaced.delete(namespace, id);
        this.#closing.delete(closing);
      });
    this.#closing.add(closing);
  }

  #tell(news: BrokerNews): void {
    for (const listener of this.#listeners) listener(news);
  }
}

function mapKey(ref: BrokerRef): string {
  return `${ref.kind}/${brokerKey(ref)}`;
}

function isAboutCredentials({ reason }: Failure): boolean {
  return ['Unauthorized', 'Forbidden', 'TokenFailure'].includes(reason) || reason.startsWith('TLS');
}
