import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { randomUUID } from 'node:crypto';
import { aborted } from '../base/abort.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { always } from '../base/permit.ts';
import { systemStopwatch } from '../base/stopwatch.ts';
import { runTogether } from '../base/task-group.ts';
import { bindingController } from '../bindings/binding-controller.ts';
import type { SecretChecks } from '../operations/secret-checks.ts';
import type { SecretFinding } from '../bindings/secret-finding.ts';
import { BrokerConnections } from '../brokers/broker-connections.ts';
import { KindsInRemoval } from '../brokers/kinds-in-removal.ts';
import { CredentialCopies } from '../brokers/credential-copies.ts';
import type { BrokerRef } from '../brokers/broker-ref.ts';
import { ChecksumKey } from '../brokers/checksum-key.ts';
import { ClusterId } from '../brokers/cluster-id.ts';
import { userProvidedOperations } from '../brokers/user-provided.ts';
import { RetainedServices } from '../operations/retained-services.ts';
import { builtInCatalogController } from '../catalog/built-in-catalog.ts';
import { createCatalogControllers } from '../catalog/start.ts';
import { CaBundle } from '../certs/ca-bundle.ts';
import { caSecretName } from '../certs/ca-note.ts';
import type { ControllerConfig } from '../config.ts';
import type { Controller, ReconcileObserver } from '../control/controller.ts';
import { KeptTimes } from '../control/kept-times.ts';
import { LeaderElection } from '../control/leader.ts';
import { ParameterSchemas } from '../model/parameter-schemas.ts';
import { Rooms } from '../model/rooms.ts';
import { createStores, type Stores } from '../model/stores.ts';
import { instanceController } from '../instances/instance-controller.ts';
import type { CircuitState } from '../osb/options.ts';
import type { KubeClient } from '../kube/client.ts';
import { EventRecorder } from '../kube/events.ts';
import { mutatingWebhookConfigurations } from '../kube/resources.ts';
import { createPresetInformer, presetController } from '../presets/preset-controller.ts';
import { feedbackController } from '../workloads/feedback/feedback-controller.ts';
import { gateController } from '../workloads/gates/gate-controller.ts';
import { hasOlderContainers } from '../workloads/older-containers.ts';
import { podsWithSecretOf } from '../workloads/pods-with-secret.ts';
import { onPodsThatWait } from '../workloads/pods-that-wait.ts';
import { refusedControllers } from '../workloads/refused/refused-controllers.ts';
import { strandedController } from '../workloads/stranded/stranded-controller.ts';
import { restartControllers } from '../workloads/restarts/restart-controllers.ts';
import {
  createWorkloadInformers,
  workloadControllers,
  type Askers,
} from '../workloads/workload-controller.ts';
import { logBrokerCall } from './log-broker-call.ts';

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
  /** For what is written into objects. @default the system's */
  readonly clock?: Clock | undefined;
  readonly observeReconcile?: ReconcileObserver | undefined;
  readonly observeBroker?: ConstructorParameters<typeof BrokerConnections>[0]['observe'];
  readonly observeCaBundle?: (() => void) | undefined;
  readonly observeSecret?: ((finding: SecretFinding) => void) | undefined;
  readonly observePurge?: ((kind: string) => void) | undefined;
  readonly observeCircuit?: ((ref: BrokerRef, state: CircuitState) => void) | undefined;
}

/** Name of our MutatingWebhookConfiguration. */
const configurationName = 'bindery';

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
  readonly #askers: Askers;
  readonly #events: EventRecorder;
  readonly #connections: BrokerConnections;
  /** Absent where nobody else could lead. */
  readonly #election: LeaderElection | undefined;
  /** For all that only a leader may write. */
  readonly #client: KubeClient;
  readonly #checksumKey: ChecksumKey;
  /** Set with the controllers. */
  #secretChecks: readonly SecretChecks[] = [];
  #isLeading = false;

  constructor(deps: ControllerRoleDeps) {
    this.#deps = deps;
    const { logger, config, identity, namespace } = deps;
    this.#stores = deps.stores ?? createStores(deps);
    this.#askers = { ...createWorkloadInformers(deps), presets: createPresetInformer(deps) };
    if (config.isLeaderElected) {
      const lease = { namespace, name: 'bindery-controller', identity };
      this.#election = new LeaderElection({ client: deps.client, logger, ...lease, ...config.election });
    }
    const permit = this.#election?.permit ?? always;
    const client = this.#election === undefined ? deps.client : deps.client.under(permit);
    this.#client = client;
    this.#events = new EventRecorder({ client, component: 'bindery-controller', instance: identity, logger });
    this.#checksumKey = new ChecksumKey({ client, namespace, logger });
    const stores = this.#stores;
    const checksumKey = this.#checksumKey;
    this.#connections = new BrokerConnections({
      client,
      stores,
      logger,
      builtIn: userProvidedOperations({ client, stores, checksumKey, logger }),
      settings: {
        timeoutMs: config.brokerTimeoutMs,
        allowLoopback: config.allowLoopbackBrokers,
        namespacedBrokerTargets: config.namespacedBrokerTargets,
        catalogLimits: config.catalogLimits,
      },
      observe: (broker, call) => {
        logBrokerCall(logger, broker, call);
        deps.observeBroker?.(broker, call);
      },
      permit,
      removal: new KindsInRemoval(client),
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
    return this.#informers().every((informer) => informer.isSynced());
  }

  /** How old the view of the kind may be whose watch was cut first, milliseconds; 0 while all are watched. */
  staleMs(): number {
    return Math.max(...this.#informers().map((informer) => informer.staleMs()));
  }

  /** What only a restart can heal, by name: false for what stands still. */
  get vitals(): Readonly<Record<string, () => boolean>> {
    return {
      election: () => this.#election?.isAlive() !== false,
      watches: () => this.#informers().every((informer) => informer.isAlive()),
      workers: () => this.controllers.every((controller) => controller.isAlive()),
    };
  }

  /**
   * Runs until the signal aborts and everything in flight has ended. Whoever loses the lead ends what was begun under
   * it and stands for election again, with the same stores.
   * @throws LeadOverrunError, or the failure of any part
   */
  async start(signal: AbortSignal): Promise<void> {
    const ofStores = this.#deps.stores ? [] : Object.values(this.#stores);
    const { workloads, pods, presets } = this.#askers;
    const informers = [...ofStores, ...workloads, pods, presets];
    const watches = informers.map((informer) => ({
      name: `watch of ${informer.name}`,
      run: (running: AbortSignal) => informer.start(running),
    }));
    try {
      await runTogether([...watches, { name: 'reconcilers', run: (running) => this.#work(running) }], signal);
    } finally {
      await this.#events.stop();
      await this.#connections.close();
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    if (this.#election === undefined) return this.#lead(signal);
    await this.#election.run(signal, async (leading) => {
      await this.#lead(leading);
      // While they may still be written, and somebody waits for the end anyway.
      if (signal.aborted) await this.#events.flush();
    });
  }

  /** Nothing is decided on half a view of the cluster. */
  async #lead(signal: AbortSignal): Promise<void> {
    await Promise.race([Promise.all(this.#informers().map(({ synced }) => synced)), aborted(signal)]);
    if (signal.aborted) return;
    this.#isLeading = true;
    this.#deps.logger.info({ identity: this.#deps.identity }, 'leading: reconcilers start');
    const workers = this.controllers.map((controller) => ({
      name: `controller ${controller.name}`,
      run: (running: AbortSignal) => controller.start(running),
    }));
    const caBundle = { name: 'caBundle', run: (running: AbortSignal) => this.#caBundle().start(running) };
    const secretChecks = this.#secretChecks.map((checks) => ({
      name: 'looks at Secrets',
      run: (running: AbortSignal) => checks.start(running),
    }));
    try {
      await runTogether([...workers, caBundle, ...secretChecks], signal);
    } finally {
      this.#isLeading = false;
      this.#connections.lanes.reset();
    }
  }

  #informers(): readonly Pick<Stores[keyof Stores], 'isSynced' | 'synced' | 'staleMs' | 'isAlive'>[] {
    const { workloads, pods, presets } = this.#askers;
    return [...Object.values(this.#stores), ...workloads, pods, presets];
  }

  /** What the API server trusts the webhook by: the webhook itself has no right to say so. */
  #caBundle(): CaBundle {
    const { logger, namespace, observeCaBundle } = this.#deps;
    return new CaBundle({
      client: this.#client,
      configurations: [{ resource: mutatingWebhookConfigurations, name: configurationName }],
      secret: { namespace, name: caSecretName },
      clock: systemClock,
      logger,
      observe: () => observeCaBundle?.(),
    });
  }

  #createControllers(): readonly Controller[] {
    const { logger, config, namespace, clock = systemClock, observeReconcile: observe } = this.#deps;
    const client = this.#client;
    const stopwatch = systemStopwatch;
    const shared = {
      client,
      logger,
      stores: this.#stores,
      connections: this.#connections,
      events: this.#events,
      clock,
      stopwatch,
      times: new KeptTimes({ clock, stopwatch }),
    };
    const retry = { initialMs: firstRetryMs, maxMs: config.maxRetryIntervalMs };
    const operations = {
      ...shared,
      clusterId: new ClusterId({ client, ...config.clusterIdConfigMap }),
      checksumKey: this.#checksumKey,
      schemas: new ParameterSchemas(client),
      rooms: new Rooms(this.#stores),
      retained: new RetainedServices({ client, namespace }),
      readersOf: (binding: ServiceBinding) => podsWithSecretOf(this.#askers.pods.store, binding),
      observePurge: this.#deps.observePurge,
      settings: {
        retry,
        maxPollIntervalMs: config.maxPollIntervalMs,
        operationTimeoutMs: config.operationTimeoutMs,
      },
      newId: randomUUID,
    };
    const { concurrency } = config;
    const { secretCheckIntervalMs, driftCheckIntervalMs } = config;
    const instances = instanceController(operations, {
      concurrency,
      observe,
      secretCheckIntervalMs,
      driftCheckIntervalMs,
    });
    const bindings = bindingController(operations, {
      concurrency,
      observe,
      secretCheckIntervalMs,
      olderUsers: async (...about) => hasOlderContainers(client, ...about),
      observeSecret: this.#deps.observeSecret,
    });
    this.#secretChecks = [instances.checks, instances.looks, bindings.checks];
    onPodsThatWait(this.#askers.pods.store, this.#stores, (key) => bindings.checks.soon(key));
    return [
      ...createCatalogControllers({
        ...shared,
        observe,
        settings: {
          retry,
          relistIntervalMs: config.relistIntervalMs,
          giveUpAfterMs: config.operationTimeoutMs,
          maxNamespacePlans: config.catalogLimits.plans,
          brokerConcurrency: config.concurrency,
          writeConcurrency: config.concurrency,
        },
      }).controllers,
      ...(config.offersUserProvided ? [builtInCatalogController({ ...shared, observe })] : []),
      instances.controller,
      bindings.controller,
      ...workloadControllers(
        {
          ...shared,
          retained: operations.retained,
          clusterId: operations.clusterId,
          settings: config.reclaim,
          maxRequestedServices: config.maxRequestedServices,
          namespace,
          observe,
        },
        this.#askers,
      ),
      feedbackController({ ...shared, namespace, observe }, this.#askers),
      gateController({ ...shared, observe }, this.#askers.pods.store),
      strandedController({ ...shared, observe }, this.#askers.pods.store),
      ...restartControllers(
        { ...shared, checksumKey: operations.checksumKey, observe },
        this.#askers.workloads,
      ),
      ...refusedControllers({ ...shared, observe }, this.#askers.workloads),
      presetController({ ...shared, observe }, this.#askers.presets),
    ];
  }
}
