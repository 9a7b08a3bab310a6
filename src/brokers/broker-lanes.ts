import type { Stopwatch } from '../base/stopwatch.ts';
import { brokerKey, type BrokerRef } from './broker-ref.ts';

export interface BrokerLanesOptions {
  readonly stopwatch: Stopwatch;
  /** Lanes of one broker. */
  readonly perBroker: number;
}

/** Who speaks to a broker: one object, in however many runs. */
export interface LaneUser {
  /** Unique among all that use the lanes. */
  readonly id: string;
  /** Empty for what belongs to no namespace. */
  readonly namespace: string;
  /** Has the object looked at again, since it has a lane now. */
  readonly wake: () => void;
}

interface Entry {
  readonly broker: string;
  readonly namespace: string;
  readonly sinceMs: number;
  wake: () => void;
  /** `granted`: it has a lane, and has not come for it yet. */
  state: 'waiting' | 'granted' | 'used';
  /** By the run that goes on. */
  isAsked: boolean;
}

/** How long somebody has waited, and for how long no lane of the broker was given back meanwhile; milliseconds. */
export interface Wait {
  readonly waitedMs: number;
  readonly stillMs: number;
}

interface Broker {
  /** When a lane was last given back. */
  movedMs: number;
  /** Lanes in use, by namespace. */
  readonly used: Map<string, number>;
  usedCount: number;
  /** Ids in order of arrival, by namespace; the order of the namespaces is whose turn it is. */
  readonly waiting: Map<string, Set<string>>;
}

/** What one namespace may have of the lanes of one broker: the rest is for the others, should they come. */
const namespaceShare = 0.75;
/** Lanes of one namespace at all brokers together: tenants can make as many brokers as they like. */
const perNamespace = 64;

/**
 * Who may speak to a broker now. A request can take a minute, and whoever waits for one keeps in memory what was sent:
 * so each broker has a number of lanes, a namespace gets a share of them and takes turns with the others, and what has
 * no lane waits as a key, with nothing prepared and nothing written. Brokers have no lane in common: however many are
 * slow, the next one has all of its own.
 */
export class BrokerLanes {
  readonly #stopwatch: Stopwatch;
  readonly #perBroker: number;
  readonly #perBrokerNamespace: number;
  readonly #entries = new Map<string, Entry>();
  readonly #brokers = new Map<string, Broker>();
  readonly #usedBy = new Map<string, number>();

  constructor({ stopwatch, perBroker }: BrokerLanesOptions) {
    this.#stopwatch = stopwatch;
    this.#perBroker = perBroker;
    this.#perBrokerNamespace = Math.max(1, Math.floor(perBroker * namespaceShare));
  }

  /** Objects without a lane. */
  get waiting(): number {
    return [...this.#entries.values()].filter(({ state }) => state === 'waiting').length;
  }

  /**
   * Asks for a lane until `leave`.
   * @returns undefined when it has one; else `wake` is called when it has
   */
  enter(ref: BrokerRef, user: LaneUser): Wait | undefined {
    const broker = `${ref.kind}/${brokerKey(ref)}`;
    const known = this.#entries.get(user.id);
    if (known !== undefined && known.broker !== broker) this.#remove(user.id, known);
    const entry = this.#entries.get(user.id) ?? this.#arrive(broker, user);
    entry.isAsked = true;
    entry.wake = user.wake;
    if (entry.state === 'waiting') {
      const nowMs = this.#stopwatch.elapsedMs();
      const movedMs = this.#brokers.get(broker)?.movedMs ?? entry.sinceMs;
      return { waitedMs: nowMs - entry.sinceMs, stillMs: nowMs - Math.max(movedMs, entry.sinceMs) };
    }
    entry.state = 'used';
    return undefined;
  }

  /** A run is over: its lane is somebody else's. An object keeps its place in line if this run has asked for it. */
  leave(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    if (entry.state === 'used' || !entry.isAsked) this.#remove(id, entry);
    else entry.isAsked = false;
  }

  /** Nobody runs any more. Whoever waited is looked at again, when there are runs again. */
  reset(): void {
    const waiting = [...this.#entries.values()];
    this.#entries.clear();
    this.#brokers.clear();
    this.#usedBy.clear();
    for (const { wake } of waiting) wake();
  }

  #arrive(name: string, { id, namespace, wake }: LaneUser): Entry {
    const sinceMs = this.#stopwatch.elapsedMs();
    const entry: Entry = { broker: name, namespace, sinceMs, wake, state: 'waiting', isAsked: true };
    this.#entries.set(id, entry);
    const broker = this.#brokers.get(name) ?? {
      movedMs: sinceMs,
      used: new Map(),
      usedCount: 0,
      waiting: new Map(),
    };
    this.#brokers.set(name, broker);
    if (this.#hasRoom(broker, namespace)) this.#use(broker, entry);
    else broker.waiting.set(namespace, (broker.waiting.get(namespace) ?? new Set()).add(id));
    return entry;
  }

  #hasRoom({ used, usedCount }: Broker, namespace: string): boolean {
    if (usedCount >= this.#perBroker) return false;
    // What belongs to no namespace are brokers themselves, each with one request.
    if (namespace === '') return true;
    return (
      (used.get(namespace) ?? 0) < this.#perBrokerNamespace &&
      (this.#usedBy.get(namespace) ?? 0) < perNamespace
    );
  }

  #use(broker: Broker, entry: Entry): void {
    entry.state = 'granted';
    broker.usedCount++;
    add(broker.used, entry.namespace, 1);
    add(this.#usedBy, entry.namespace, 1);
  }

  #remove(id: string, entry: Entry): void {
    const { namespace } = entry;
    const broker = this.#brokers.get(entry.broker);
    this.#entries.delete(id);
    if (broker === undefined) return;
    if (entry.state === 'waiting') {
      const line = broker.waiting.get(namespace);
      line?.delete(id);
      if (line?.size === 0) broker.waiting.delete(namespace);
    } else {
      const isAtLimit = (this.#usedBy.get(namespace) ?? 0) >= perNamespace;
      broker.movedMs = this.#stopwatch.elapsedMs();
      broker.usedCount--;
      add(broker.used, namespace, -1);
      add(this.#usedBy, namespace, -1);
      this.#grant(broker);
      if (isAtLimit) for (const other of this.#brokers.values()) this.#grant(other);
    }
    if (broker.usedCount === 0 && broker.waiting.size === 0) this.#brokers.delete(entry.broker);
  }

  /** To the first namespace in turn that may have another lane. */
  #grant(broker: Broker): void {
    for (const [namespace, line] of broker.waiting) {
      if (!this.#hasRoom(broker, namespace)) continue;
      const [id = ''] = line;
      const entry = this.#entries.get(id);
      line.delete(id);
      broker.waiting.delete(namespace);
      if (line.size > 0) broker.waiting.set(namespace, line);
      if (entry === undefined) return;
      this.#use(broker, entry);
      entry.wake();
      return;
    }
  }
}

function add(counts: Map<string, number>, name: string, difference: number): void {
  const count = (counts.get(name) ?? 0) + difference;
  if (count === 0) counts.delete(name);
  else counts.set(name, count);
}
