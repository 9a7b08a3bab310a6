import type { Declared } from './declarations.ts';
import type { BrokerCall, BrokerName, BrokerOperation, CatalogSize, CircuitState } from './observations.ts';

type BrokerMetricsTable = Pick<
  Declared,
  'brokerSeconds' | 'brokerFailures' | 'brokerCircuit' | 'classCount' | 'planCount' | 'osbRequestCount'
>;

/** Brokers with series of their own; a tenant can make and delete any number of ServiceBrokers. */
const maxBrokers = 100;
/** Stands for all brokers beyond those. */
const otherBrokers = 'other';

const circuitValues: Readonly<Record<CircuitState, number>> = { closed: 0, 'half-open': 1, open: 2 };

/** The operations in the words of the retired Service Catalog. */
const oldMethods: Readonly<Record<BrokerOperation, string>> = {
  catalog: 'GetCatalog',
  provision: 'ProvisionInstance',
  getInstance: 'GetInstance',
  update: 'UpdateInstance',
  deprovision: 'DeprovisionInstance',
  pollInstance: 'PollLastOperation',
  bind: 'Bind',
  getBinding: 'GetBinding',
  unbind: 'Unbind',
  pollBinding: 'PollBindingLastOperation',
};

/** These never became a request, and the old counter counts requests. */
const unsentReasons: ReadonlySet<string | undefined> = new Set(['CircuitOpen', 'Busy', 'InvalidRequest']);

type Forget = () => void;

/** The series that carry a broker's name: bounded in number, and dropped when the broker is gone. */
export class BrokerMetrics {
  readonly #table: BrokerMetricsTable;
  /** How to drop each series, by the broker's label and the labels of the series. */
  readonly #series = new Map<string, Map<string, Forget>>();

  constructor(table: BrokerMetricsTable) {
    this.#table = table;
  }

  observe(ref: BrokerName, call: BrokerCall): void {
    const { operation, reason, status } = call;
    const { brokerSeconds, brokerFailures, osbRequestCount } = this.#table;
    const broker = this.#labelOf(ref);
    const timed = { broker, operation };
    brokerSeconds.observe(timed, call.durationMs / 1000);
    this.#remember(broker, operation, () => brokerSeconds.remove(timed));
    if (reason !== undefined) {
      const failed = { broker, operation, reason };
      brokerFailures.inc(failed);
      this.#remember(broker, `${operation} ${reason}`, () => brokerFailures.remove(failed));
    }
    if (unsentReasons.has(reason)) return;
    const old = {
      broker: broker === otherBrokers ? otherBrokers : ref.name,
      method: oldMethods[operation],
      status: status === undefined ? 'client-error' : `${Math.floor(status / 100)}xx`,
    };
    osbRequestCount.inc(old);
    this.#remember(broker, `old ${old.method} ${old.status}`, () => osbRequestCount.remove(old));
  }

  circuit(ref: BrokerName, state: CircuitState): void {
    const broker = this.#labelOf(ref);
    // The circuits of several brokers can not be one number.
    if (broker === otherBrokers) return;
    this.#table.brokerCircuit.set({ broker }, circuitValues[state]);
    this.#remember(broker, 'circuit', () => this.#table.brokerCircuit.remove({ broker }));
  }

  /** Shows the catalogs as they are now, and forgets brokers that exist no more. */
  showCatalogs(sizes: Iterable<CatalogSize>): void {
    const { classCount, planCount } = this.#table;
    classCount.reset();
    planCount.reset();
    const present = new Set([otherBrokers]);
    for (const { broker: ref, classes, plans } of sizes) {
      present.add(keyOf(ref));
      if (this.#labelOf(ref) === otherBrokers) continue;
      const labels = { broker: ref.name, namespace: ref.namespace ?? '' };
      classCount.set(labels, classes);
      planCount.set(labels, plans);
    }
    for (const broker of this.#series.keys()) if (!present.has(broker)) this.#forget(broker);
  }

  #labelOf(ref: BrokerName): string {
    const key = keyOf(ref);
    if (this.#series.has(key)) return key;
    if (this.#series.size >= maxBrokers) return otherBrokers;
    this.#series.set(key, new Map());
    return key;
  }

  #remember(broker: string, series: string, forget: Forget): void {
    const known = this.#series.get(broker);
    if (known !== undefined && !known.has(series)) known.set(series, forget);
  }

  #forget(broker: string): void {
    for (const forget of this.#series.get(broker)?.values() ?? []) forget();
    this.#series.delete(broker);
  }
}

/** "name" or "namespace/name", as in logs and queues. */
function keyOf({ namespace, name }: BrokerName): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
