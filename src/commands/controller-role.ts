import { randomUUID } from 'node:crypto';
import { aborted } from '../base/abort.ts';
import { systemClock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { bindingController } from '../bindings/binding-controller.ts';
import { BrokerConnections } from '../brokers/broker-connections.ts';
import { CredentialCopies } from '../brokers/credential-copies.ts';
import type { BrokerRef } from '../brokers/broker-ref.ts';
import { ClusterId } from '../brokers/cluster-id.ts';
import { createCatalogControllers } from '../catalog/start.ts';
import type { ControllerConfig } from '../config.ts';
import type { Controller, ReconcileObserver } from '../control/controller.ts';
import { LeaderElection } from '../control/leader.ts';
import { createStores, type Stores } from '../control/stores.ts';
import { instanceController } from '../instances/instance-controller.ts';
import type { CircuitState } from '../osb/options.ts';
import type { KubeClient } from '../kube/client.ts';
import { EventRecorder } from '../kube/events.ts';
import { createWorkloadInformers, workloadController } from '../workloads/workload-controller.ts';

export interface ControllerRoleDeps {
  readonly client: KubeClient;
  readonly logger: Logger;
  readonly config: ControllerConfig;
  /** Bindery's own namespace, where the Lease is. */
  readonly namespace: string;
  /** Name of this process in the Lease and in events. */
  readonly identity: string;
  /** Made here when absent; a process with both roles shares them. */
  readonly stores?: Stores | undefined;
  readonly observeReconcile?: ReconcileObserver | undefined;
  readonly observeBroker?: ConstructorParameters<typeof BrokerConnections>[0]['observe'];
  readonly observeCircuit?: ((ref: BrokerRef, state: CircuitState) => void) | undefined;
}

/** First pause after a failed attempt at a broker. */
const firstRetryMs = 1000;

/**
 * The reconcilers of one process. Every replica watches; only the holder of the Lease works, so the next leader
 * starts with warm stores.
 */
export class ControllerRole {
  readonly controllers: readonly Controller[];
  readonly #deps: ControllerRoleDeps;
  readonly #stores: Stores;
  readonly #workloads: ReturnType<typeof createWorkloadInformers>;
  readonly #events: EventRecorder;
  readonly #connections: BrokerConnections;
  #isLeading = false;

  constructor(deps: ControllerRoleDeps) {
    this.#deps = deps;
    const { client, logger, config, identity, namespace } = deps;
    this.#stores = deps.stores ?? createStores(deps);
    this.#workloads = createWorkloadInformers(deps);
    this.#events = new EventRecorder({ client, component: 'bindery-controller', instance: identity, logger });
    this.#connections = new BrokerConnections({
      client,
      stores: this.#stores,
      logger,
      settings: { timeoutMs: config.brokerTimeoutMs, allowLoopback: config.allowLoopbackBrokers },
      observe: deps.observeBroker,
      copies: new CredentialCopies({ client, stores: this.#stores, logger, namespace }),
    });
    const { observeCircuit } = deps;
    this.#connections.subscribe((news) => {
      if (news.kind === 'circuit') observeCircuit?.(news.ref, news.state);
    });
    this.controllers = this.#createControllers();
  }

  get isLeading(): boolean {
    return this.#isLeading;
  }

  /** True once every kind has been listed. */
  isSynced(): boolean {
    return [...Object.values(this.#stores), ...this.#workloads].every((informer) => informer.isSynced());
  }

  /** Runs until the signal aborts and everything in flight has ended. */
  async start(signal: AbortSignal): Promise<void> {
    const informers = [...(this.#deps.stores ? [] : Object.values(this.#stores)), ...this.#workloads];
    const watching = informers.map((informer) => informer.start(signal));
    try {
      if (this.#deps.config.isLeaderElected) await this.#leadWhenElected(signal);
      else await this.#lead(signal);
    } finally {
      await Promise.all(watching);
      await this.#events.stop();
      await this.#connections.close();
    }
  }

  /** Whoever loses the lead ends, and is started anew: nothing that was begun may go on beside the next leader. */
  async #leadWhenElected(signal: AbortSignal): Promise<void> {
    await this.#election().run(signal, async (leading) => {
      await this.#lead(leading);
      if (!signal.aborted) throw new Error('lost the Lease: another replica leads now');
    });
  }

  /** Nothing is decided on half a view of the cluster. */
  async #lead(signal: AbortSignal): Promise<void> {
    const synced = [...Object.values(this.#stores), ...this.#workloads].map((informer) => informer.synced);
    await Promise.race([Promise.all(synced), aborted(signal)]);
    if (signal.aborted) return;
    this.#isLeading = true;
    this.#deps.logger.info({ identity: this.#deps.identity }, 'leading: reconcilers start');
    try {
      await Promise.all(this.controllers.map((controller) => controller.start(signal)));
    } finally {
      this.#isLeading = false;
    }
  }

  #election(): LeaderElection {
    const { client, namespace, identity, logger } = this.#deps;
    return new LeaderElection({ client, namespace, name: 'bindery-controller', identity, logger });
  }

  #createControllers(): readonly Controller[] {
    const { client, logger, config, observeReconcile: observe } = this.#deps;
    const shared = {
      client,
      logger,
      stores: this.#stores,
      connections: this.#connections,
      events: this.#events,
      clock: systemClock,
    };
    const retry = { initialMs: firstRetryMs, maxMs: config.maxRetryIntervalMs };
    const operations = {
      ...shared,
      clusterId: new ClusterId({ client, ...config.clusterIdConfigMap }),
      settings: {
        retry,
        maxPollIntervalMs: config.maxPollIntervalMs,
        operationTimeoutMs: config.operationTimeoutMs,
      },
      newId: randomUUID,
    };
    const { concurrency } = config;
    return [
      ...createCatalogControllers({
        ...shared,
        observe,
        settings: {
          retry,
          relistIntervalMs: config.relistIntervalMs,
          giveUpAfterMs: config.operationTimeoutMs,
          brokerConcurrency: config.concurrency,
          writeConcurrency: config.concurrency,
        },
      }).controllers,
      instanceController(operations, { concurrency, observe }),
      bindingController(operations, { concurrency, observe }),
      workloadController({ ...shared, observe }, this.#workloads),
    ];
  }
}
