import type { Condition } from '../../../src/api/generated/shared-types.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { freeFormFields } from '../../../src/api/free-form.ts';
import { apiVersion, idMadeAnnotation } from '../../../src/api/group.ts';
import { clusterServiceBrokers, serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { isConditionTrue } from '../../../src/api/conditions.ts';
import { parseConfig } from '../../../src/config.ts';
import { KubeClient, type KubeCall } from '../../../src/kube/client.ts';
import { loadConnection } from '../../../src/kube/credentials.ts';
import { isNotFound } from '../../../src/kube/errors.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { secrets, type Resource } from '../../../src/kube/resources.ts';
import { BinderyProcess, type BinderyOptions } from '../../../demo/bindery-process.ts';
import { RunningRole } from './running-role.ts';
import { StoryClient } from './story-steps.ts';
import { startStory, Story, type StoryOptions, type StoryParts } from './story.ts';
import { writeLog, type WriteLog } from './write-log.ts';
import { TestBroker, type TestBrokerOptions } from '../test-broker/test-broker.ts';
import { waitFor } from '../wait-for.ts';

export interface WorldOptions extends TestBrokerOptions, Pick<StoryOptions, 'apiServerArgs' | 'etcdArgs'> {
  /** `none`: the test starts them, and registers the broker then. */
  readonly controllers?: 'none';
  /** Flags of the controller, as on its command line but named `brokerTimeout`; the world's own are short already. */
  readonly flags?: Flags;
}

type Flags = Readonly<Record<string, string>>;
type Annotations = Readonly<Record<string, string>>;

/**
 * A control plane of its own, a broker that can misbehave, and the reconcilers in this process, without the admission
 * webhook: what they complete by themselves is tested as well. One per test file. A `bindery run` that was started ends and
 * starts anew at the steps of a story, too.
 */
export class ServiceWorld extends Story<RunningRole> {
  readonly broker: TestBroker;
  /** What test and reconcilers wrote, as "PATCH serviceinstances"; reads and events are left out. */
  readonly writes: readonly string[];
  readonly #observe: (call: KubeCall) => void;
  readonly #processes: BinderyProcess[] = [];
  readonly #flags: Flags;
  readonly #clients: KubeClient[] = [];

  private constructor(parts: StoryParts, broker: TestBroker, log: WriteLog, flags: Flags) {
    super(parts);
    this.broker = broker;
    this.writes = log.writes;
    this.#observe = log.observe;
    this.#flags = flags;
  }

  static async start(options: WorldOptions = {}): Promise<ServiceWorld> {
    const log = writeLog();
    const parts = await startStory({ ...options, observe: log.observe });
    const world = new ServiceWorld(parts, await TestBroker.start(options), log, options.flags ?? {});
    if (options.controllers === 'none') return world;
    world.startControllers();
    await world.register();
    return world;
  }

  /** @param flags on top of those of the world, until the controllers are stopped */
  startControllers(flags: Flags = {}): void {
    this.run(() => this.startRole('test', flags));
  }

  /**
   * Reconcilers that no step of a story ends. Whoever starts them ends them.
   * @param identity name in the Lease
   */
  startRole(identity: string, flags: Flags = {}, client = this.newClient()): RunningRole {
    const defaults = {
      leaderElect: 'false',
      brokerTimeout: '2s',
      maxRetryInterval: '2s',
      // Stories count what is written.
      userProvidedServices: 'false',
    };
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

  /** A client of somebody else, whose writes are steps of the story as well. It is closed with the world. */
  async clientOf(kubeconfig: string): Promise<KubeClient> {
    const connection = await loadConnection({ kubeconfig });
    const client = new StoryClient({ connection, observe: this.#observe }, this.steps);
    this.#clients.push(client);
    return client;
  }

  protected override async restart(): Promise<void> {
    await super.restart();
    await Promise.all(this.#processes.map((bindery) => bindery.restart(AbortSignal.timeout(60_000))));
  }

  /** `bindery run` against this control plane, as its administrator: see `startRoleProcess`. */
  async startBindery(...args: readonly string[]): Promise<BinderyProcess> {
    const { kubeconfig } = this.controlPlane;
    return this.startRoleProcess({ kubeconfig, args });
  }

  /** A role as a process of its own, at its most talkative. It ends with the world, if not before. */
  async startRoleProcess(options: Omit<BinderyOptions, 'signal'>): Promise<BinderyProcess> {
    const args = ['--log-level=debug', ...(options.args ?? [])];
    const started = await BinderyProcess.start({ ...options, args, signal: AbortSignal.timeout(60_000) });
    this.#processes.push(started);
    return started;
  }

  override async stop(): Promise<void> {
    await using cleanUp = new AsyncDisposableStack();
    cleanUp.defer(async () => super.stop());
    for (const client of this.#clients) cleanUp.defer(async () => client.close());
    cleanUp.defer(async () => this.broker.stop());
    for (const bindery of this.#processes) {
      this.eavesdropper.hear('metrics of bindery', await bindery.metrics().catch(() => ''));
      await bindery.end();
      this.eavesdropper.hear('log of bindery', await bindery.log());
      await bindery.stop();
    }
  }

  /** Registers the broker as `test` and waits for its catalog. */
  async register(): Promise<void> {
    const { auth } = this.broker;
    if (auth.kind !== 'basic') throw new Error('the world registers brokers with basic authentication');
    const secretRef = { namespace: this.namespace, name: 'broker-auth' };
    await this.client.create<SecretObject>(secrets, {
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
    const secret = await this.client.get<SecretObject>(secrets, { namespace: this.namespace, name });
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
    this.steps.settled();
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
    this.steps.settled();
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
