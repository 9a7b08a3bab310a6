import { randomUUID } from 'node:crypto';
import type { Condition } from '../../src/api/generated/shared-types.ts';
import type { ServiceBinding } from '../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../src/api/generated/service-instance.ts';
import { freeFormFields } from '../../src/api/free-form.ts';
import { apiVersion, idMadeAnnotation } from '../../src/api/group.ts';
import { clusterServiceBrokers, serviceBindings, serviceInstances } from '../../src/api/kinds.ts';
import { isConditionTrue } from '../../src/api/conditions.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { install } from '../../src/commands/install.ts';
import { readManifests } from '../../src/commands/manifests.ts';
import { parseConfig } from '../../src/config.ts';
import { KubeClient, type KubeCall } from '../../src/kube/client.ts';
import { loadConnection } from '../../src/kube/credentials.ts';
import { isNotFound } from '../../src/kube/errors.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { namespaces, secrets, type Resource } from '../../src/kube/resources.ts';
import { BinderyProcess } from '../../demo/bindery-process.ts';
import { startControlPlane, type ControlPlane } from '../cluster/control-plane.ts';
import { Eavesdropper, expectNoLeaks } from './secrecy/eavesdropper.ts';
import { RunningRole } from './running-role.ts';
import { StoryClient, StorySteps } from './story-steps.ts';
import { TestBroker, type TestBrokerOptions } from './test-broker/test-broker.ts';
import { waitFor } from './wait-for.ts';

export interface Secret extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

export interface WorldOptions extends TestBrokerOptions {
  /** `none`: the test starts them, and registers the broker then. */
  readonly controllers?: 'none';
  /** More flags of kube-apiserver. */
  readonly apiServerArgs?: readonly string[];
  /** More flags of etcd. */
  readonly etcdArgs?: readonly string[];
  /** Flags of the controller, as on its command line but named `brokerTimeout`; the world's own are short already. */
  readonly flags?: Flags;
}

type Flags = Readonly<Record<string, string>>;
type Annotations = Readonly<Record<string, string>>;

/**
 * A control plane of its own, a broker that can misbehave, and the reconcilers in this process, without the admission
 * webhook: what they complete by themselves is tested as well. One per test file.
 *
 * With `--restarts` the controllers, or the `bindery run` that was started, end and start anew at each step of a story.
 * All that is said in it is heard, and `stop` fails when a marked secret was told.
 */
export class ServiceWorld {
  readonly controlPlane: ControlPlane;
  readonly client: KubeClient;
  readonly broker: TestBroker;
  readonly namespace: string;
  readonly eavesdropper: Eavesdropper;
  /** What test and reconcilers wrote, as "PATCH serviceinstances"; reads and events are left out. */
  readonly writes: readonly string[];
  readonly #steps: StorySteps;
  readonly #observe: (call: KubeCall) => void;
  readonly #processes: BinderyProcess[] = [];
  readonly #abandoned: Promise<void>[] = [];
  #flags: Flags = {};
  #startFlags: Flags = {};
  #role: RunningRole | undefined;

  private constructor(
    controlPlane: ControlPlane,
    client: KubeClient,
    broker: TestBroker,
    namespace: string,
    eavesdropper: Eavesdropper,
    writes: readonly string[],
    steps: StorySteps,
    observe: (call: KubeCall) => void,
  ) {
    this.controlPlane = controlPlane;
    this.client = client;
    this.broker = broker;
    this.namespace = namespace;
    this.eavesdropper = eavesdropper;
    this.writes = writes;
    this.#steps = steps;
    this.#observe = observe;
    steps.onStep(() => this.#restart());
  }

  static async start(options: WorldOptions = {}): Promise<ServiceWorld> {
    const { apiServerArgs = [], etcdArgs = [] } = options;
    const controlPlane = await startControlPlane({ apiServerArgs, etcdArgs });
    const writes: string[] = [];
    const observe = ({ method, resource }: KubeCall): void => {
      if (method !== 'GET' && resource !== 'events') writes.push(`${method} ${resource}`);
    };
    const steps = new StorySteps();
    const connection = await loadConnection({ kubeconfig: controlPlane.kubeconfig });
    const client = new StoryClient({ connection, observe }, steps);
    const manifests = (await readManifests()).filter((text) => text.includes('CustomResourceDefinition'));
    const signal = AbortSignal.timeout(30_000);
    await install({ client, logger: silentLogger, manifests, namespace: 'bindery-system' }, signal);
    const namespace = `world-${randomUUID().slice(0, 8)}`;
    await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const eavesdropper = await Eavesdropper.start(client);
    const broker = await TestBroker.start(options);
    const world = new ServiceWorld(
      controlPlane,
      client,
      broker,
      namespace,
      eavesdropper,
      writes,
      steps,
      observe,
    );
    if (options.flags !== undefined) world.#flags = options.flags;
    if (options.controllers === 'none') return world;
    world.startControllers();
    await world.register();
    return world;
  }

  /** @param flags on top of those of the world, until the controllers are stopped */
  startControllers(flags: Flags = {}): void {
    this.#startFlags = flags;
    this.#role = this.startRole('test', flags);
  }

  async stopControllers(): Promise<void> {
    await this.#role?.stop();
    this.#role = undefined;
  }

  /** They end without a goodbye: see `RunningRole.abandon`. */
  async killControllers(): Promise<void> {
    await this.#role?.abandon();
    this.#role = undefined;
  }

  /**
   * Reconcilers that no step of a story ends. Whoever starts them ends them.
   * @param identity name in the Lease
   */
  startRole(identity: string, flags: Flags = {}, client = this.newClient()): RunningRole {
    const defaults = { leaderElect: 'false', brokerTimeout: '2s', maxRetryInterval: '2s' };
    const own = { namespace: 'default', allowLoopbackBrokers: true };
    const config = parseConfig({ ...own, ...defaults, ...this.#flags, ...flags }, {});
    const { logger, metrics } = this.eavesdropper;
    return new RunningRole({
      client,
      logger,
      config: config.controller,
      namespace: 'default',
      identity,
      observeReconcile: metrics.observeReconcile,
      observeBroker: metrics.observeBroker,
      observeCircuit: metrics.circuit,
    });
  }

  /** A client with connections of its own, whose writes are counted as all are. */
  newClient(): KubeClient {
    const { connection } = this.client;
    return new KubeClient({ connection, observe: this.#observe, largeFields: freeFormFields });
  }

  /** No restarts until the end of the block: `using _ = world.undisturbed('…why')`. */
  undisturbed(reason: string): Disposable {
    return this.#steps.undisturbed(reason);
  }

  async #restart(): Promise<void> {
    if (this.#role !== undefined) {
      this.#abandoned.push(this.#role.abandon());
      this.#role = this.startRole('test', this.#startFlags);
    }
    await Promise.all(this.#processes.map((bindery) => bindery.restart(AbortSignal.timeout(60_000))));
  }

  /** `bindery run` against this control plane, at its most talkative. It ends with the world, if not before. */
  async startBindery(...args: readonly string[]): Promise<BinderyProcess> {
    const started = await BinderyProcess.start({
      kubeconfig: this.controlPlane.kubeconfig,
      args: ['--log-level=debug', ...args],
      signal: AbortSignal.timeout(60_000),
    });
    this.#processes.push(started);
    return started;
  }

  /** @throws Error when a marked secret was told; everything is stopped and removed all the same */
  async stop(): Promise<void> {
    await using cleanUp = new AsyncDisposableStack();
    cleanUp.defer(async () => this.controlPlane.stop());
    cleanUp.defer(async () => this.client.close());
    cleanUp.defer(async () => this.broker.stop());
    for (const bindery of this.#processes) {
      this.eavesdropper.hear('metrics of bindery run', await bindery.metrics().catch(() => ''));
      await bindery.end();
      this.eavesdropper.hear('log of bindery run', await bindery.log());
      await bindery.stop();
    }
    await this.stopControllers();
    await Promise.all(this.#abandoned);
    expectNoLeaks(await this.eavesdropper.stop());
  }

  /** Registers the broker as `test` and waits for its catalog. */
  async register(): Promise<void> {
    const { auth } = this.broker;
    if (auth.kind !== 'basic') throw new Error('the world registers brokers with basic authentication');
    const secretRef = { namespace: this.namespace, name: 'broker-auth' };
    await this.client.create<Secret>(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: secretRef,
      data: { username: base64(auth.username), password: base64(auth.password) },
    });
    await this.client.create(clusterServiceBrokers, {
      apiVersion,
      kind: clusterServiceBrokers.kind,
      metadata: { name: 'test' },
      spec: { url: this.broker.url, authInfo: { basic: { secretRef } } },
    } as KubeObject);
    await this.until(clusterServiceBrokers, 'test', isReady, 'the broker is ready');
  }

  /** @param annotations such as `madeNow()` */
  async createInstance(
    name: string,
    spec: Partial<ServiceInstance['spec']> = {},
    annotations: Annotations = {},
  ): Promise<ServiceInstance> {
    return this.client.create<ServiceInstance>(serviceInstances, {
      apiVersion,
      kind: serviceInstances.kind,
      metadata: { name, namespace: this.namespace, annotations },
      spec: {
        clusterServiceClassExternalName: 'postgresql',
        clusterServicePlanExternalName: 'small',
        ...spec,
      },
    });
  }

  async createBinding(
    name: string,
    instance: string,
    spec: Partial<ServiceBinding['spec']> = {},
    annotations: Annotations = {},
  ): Promise<ServiceBinding> {
    return this.client.create<ServiceBinding>(serviceBindings, {
      apiVersion,
      kind: serviceBindings.kind,
      metadata: { name, namespace: this.namespace, annotations },
      spec: { instanceRef: { name: instance }, ...spec },
    });
  }

  instance(
    name: string,
    condition: (instance: ServiceInstance) => boolean,
    what: string,
  ): Promise<ServiceInstance> {
    return this.until<ServiceInstance>(serviceInstances, name, condition, what);
  }

  binding(
    name: string,
    condition: (binding: ServiceBinding) => boolean,
    what: string,
  ): Promise<ServiceBinding> {
    return this.until<ServiceBinding>(serviceBindings, name, condition, what);
  }

  async secret(name: string): Promise<Readonly<Record<string, string>> & { readonly type: string }> {
    const secret = await this.client.get<Secret>(secrets, { namespace: this.namespace, name });
    const entries = Object.entries(secret.data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString('utf8'),
    ]);
    return { ...(Object.fromEntries(entries) as Record<string, string>), type: secret.type ?? '' };
  }

  async remove(resource: Resource, name: string): Promise<void> {
    await this.client.delete(resource, { namespace: this.namespace, name });
  }

  async gone(resource: Resource, name: string): Promise<void> {
    await waitFor(async () => (await this.find(resource, name)) === undefined, {
      timeoutMs: 45_000,
      describe: `${resource.kind} ${name} is gone`,
    });
    this.#steps.settled();
  }

  async find<T extends KubeObject>(resource: Resource, name: string): Promise<T | undefined> {
    try {
      const ref = resource.namespaced ? { namespace: this.namespace, name } : { name };
      return await this.client.get<T>(resource, ref);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async until<T extends KubeObject>(
    resource: Resource,
    name: string,
    condition: (object: T) => boolean,
    what: string,
  ): Promise<T> {
    let last: T | undefined;
    const found = await waitFor(
      async () => {
        last = await this.find<T>(resource, name);
        return last !== undefined && condition(last) ? last : undefined;
      },
      {
        timeoutMs: 45_000,
        describe: () => `${resource.kind} ${name}: ${what}; last status ${JSON.stringify(statusOf(last))}`,
      },
    );
    this.#steps.settled();
    return found;
  }
}

interface WithStatus {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** The mark of the webhook on an id that it made: for tests that have to know an id before the object has it. */
export function madeNow(): Annotations {
  return { [idMadeAnnotation]: new Date().toISOString() };
}

export function isReady(object: KubeObject): boolean {
  return isConditionTrue((object as WithStatus).status?.conditions, 'Ready');
}

export function isFailed(object: KubeObject): boolean {
  return isConditionTrue((object as WithStatus).status?.conditions, 'Failed');
}

/** Reason of the Ready condition. */
export function readyReason(object: KubeObject): string | undefined {
  return (object as WithStatus).status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
}

function statusOf(object: KubeObject | undefined): unknown {
  return (object as WithStatus | undefined)?.status;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
