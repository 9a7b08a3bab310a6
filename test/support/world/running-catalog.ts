import { systemClock } from '../../../src/base/clock.ts';
import { systemStopwatch } from '../../../src/base/stopwatch.ts';
import { BrokerConnections } from '../../../src/brokers/broker-connections.ts';
import { CredentialCopies } from '../../../src/brokers/credential-copies.ts';
import type { CatalogSettings } from '../../../src/catalog/broker-task.ts';
import { createCatalogControllers } from '../../../src/catalog/start.ts';
import { KeptTimes } from '../../../src/control/kept-times.ts';
import { createStores } from '../../../src/model/stores.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { EventRecorder } from '../../../src/kube/events.ts';
import type { Eavesdropper } from '../secrecy/eavesdropper.ts';

const settings: CatalogSettings = {
  relistIntervalMs: 3_600_000,
  retry: { initialMs: 100, maxMs: 500 },
  giveUpAfterMs: 3_600_000,
  minRequestIntervalMs: 500,
  minRelistIntervalMs: 1000,
  credentialCheckIntervalMs: 200,
  brokerConcurrency: 4,
  writeConcurrency: 16,
};

export type CatalogChanges = Partial<CatalogSettings> & {
  /** Of one request to a broker. */
  readonly brokerTimeoutMs?: number;
};

/** The controllers of the catalog, in the process of the test, with a client that is theirs alone. */
export class RunningCatalog {
  readonly connections: BrokerConnections;
  readonly ready: Promise<unknown>;
  readonly #client: KubeClient;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  constructor(
    client: KubeClient,
    { logger, metrics }: Eavesdropper,
    { brokerTimeoutMs = 2000, ...changes }: CatalogChanges,
  ) {
    this.#client = client;
    const { signal } = this.#stopping;
    const stores = createStores({ client, logger });
    const events = new EventRecorder({ client, component: 'test', instance: 'test', logger });
    const copies = new CredentialCopies({ client, stores, logger, namespace: 'default' });
    const connections = new BrokerConnections({
      client,
      stores,
      copies,
      logger,
      settings: { timeoutMs: brokerTimeoutMs, allowLoopback: true, environment: {} },
      observe: metrics.observeBroker,
    });
    const { controllers, unsubscribe } = createCatalogControllers({
      client,
      stores,
      connections,
      events,
      logger,
      clock: systemClock,
      stopwatch: systemStopwatch,
      times: new KeptTimes({ clock: systemClock, stopwatch: systemStopwatch }),
      observe: metrics.observeReconcile,
      settings: { ...settings, ...changes },
    });
    const informers = Object.values(stores);
    const watching = informers.map((informer) => informer.start(signal));
    const synced = Promise.all(informers.map((informer) => informer.synced));
    this.connections = connections;
    this.ready = synced;
    this.#running = (async () => {
      await synced;
      await Promise.all([...watching, ...controllers.map((controller) => controller.start(signal))]);
      unsubscribe();
      await Promise.all([events.stop(), connections.close()]);
    })();
  }

  /** Has them end what they do. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#client.close();
  }

  /** Ends them without a goodbye: see `RunningRole.abandon`. */
  async abandon(): Promise<void> {
    const closing = this.#client.close();
    this.#stopping.abort();
    await closing;
    await this.#running.catch(() => undefined);
  }
}
