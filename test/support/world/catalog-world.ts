import { randomBytes } from 'node:crypto';
import type { ClusterServiceBroker } from '../../../src/api/generated/cluster-service-broker.ts';
import type { ServiceBroker } from '../../../src/api/generated/service-broker.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { apiVersion, finalizer } from '../../../src/api/group.ts';
import {
  clusterServiceBrokers,
  clusterServiceClasses,
  clusterServicePlans,
  serviceBrokers,
  serviceClasses,
  serviceInstances,
  servicePlans,
} from '../../../src/api/kinds.ts';
import { isConditionTrue } from '../../../src/api/conditions.ts';
import type { BrokerConnections } from '../../../src/brokers/broker-connections.ts';
import type { AnyBroker } from '../../../src/brokers/broker-settings.ts';
import type { AnyClass, AnyPlan } from '../../../src/catalog/scope.ts';
import type { KubeCall } from '../../../src/kube/call.ts';
import { KubeClient, type KubeClientDeps } from '../../../src/kube/client.ts';
import { isNotFound } from '../../../src/kube/errors.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { namespaces, secrets, type Resource } from '../../../src/kube/resources.ts';
import type { TestBroker } from '../test-broker/test-broker.ts';
import { waitFor } from '../wait-for.ts';
import { startStory, Story } from './story.ts';
import { writeLog } from './write-log.ts';
import { RunningCatalog, type CatalogChanges } from './running-catalog.ts';

export interface Registration {
  readonly name?: string;
  readonly spec?: Partial<ClusterServiceBroker['spec']>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A control plane with the controllers of the catalog, and nothing else that would write to it. */
export class CatalogWorld extends Story<RunningCatalog> {
  readonly #log = writeLog();

  /** What the controllers wrote, as "PATCH serviceplans", reads and events left out. */
  get writes(): readonly string[] {
    return this.#log.writes;
  }

  /** Of the controllers that run now. */
  get connections(): BrokerConnections | undefined {
    return this.running?.connections;
  }

  /** What the controllers have logged up to now. */
  get log(): string {
    return this.eavesdropper.log;
  }

  static async start(): Promise<CatalogWorld> {
    const world = new CatalogWorld(await startStory({}));
    await world.startControllers();
    return world;
  }

  async createNamespace(name: string): Promise<void> {
    await this.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }

  /** @param createClient of the controllers */
  async startControllers(
    changes: CatalogChanges = {},
    createClient = (deps: KubeClientDeps) => new KubeClient(deps),
  ): Promise<void> {
    const observe = (call: KubeCall): void => {
      this.eavesdropper.metrics.observeKube(call);
      this.#log.observe(call);
    };
    const { connection } = this.client;
    const start = () => new RunningCatalog(createClient({ connection, observe }), this.eavesdropper, changes);
    await this.run(start).ready;
  }

  /** Makes the Secret and the ClusterServiceBroker; gives the broker's name. */
  async register(broker: TestBroker, registration: Registration = {}): Promise<string> {
    const name = registration.name ?? uniqueName('broker');
    await this.saveSecret(name, credentialsOf(broker));
    await this.client.create<ClusterServiceBroker>(clusterServiceBrokers, {
      apiVersion,
      kind: clusterServiceBrokers.kind,
      metadata: { name, annotations: registration.annotations ?? {} },
      spec: {
        url: broker.url,
        authInfo: { basic: { secretRef: { namespace: this.namespace, name } } },
        ...registration.spec,
      },
    });
    return name;
  }

  /** Makes the Secret and the ServiceBroker. */
  async registerNamespaced(broker: TestBroker, namespace = this.namespace): Promise<string> {
    const name = uniqueName('broker');
    await this.saveSecret(name, credentialsOf(broker), namespace);
    await this.client.create<ServiceBroker>(serviceBrokers, {
      apiVersion,
      kind: serviceBrokers.kind,
      metadata: { name, namespace },
      spec: { url: broker.url, authInfo: { basic: { secretRef: { name } } } },
    });
    return name;
  }

  async saveSecret(
    name: string,
    values: Readonly<Record<string, string>>,
    namespace = this.namespace,
  ): Promise<void> {
    const entries = Object.entries(values).map(([key, value]) => [
      key,
      Buffer.from(value).toString('base64'),
    ]);
    await this.client.patch(
      secrets,
      { namespace, name },
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { namespace, name },
        data: Object.fromEntries(entries) as unknown,
      },
      { type: 'apply', fieldManager: 'test', force: true },
    );
  }

  /** An instance as it is after its controller has resolved it: with finalizer and references. */
  async createInstance(
    offering: AnyClass,
    plan: AnyPlan,
    namespace = this.namespace,
  ): Promise<ServiceInstance> {
    const isNamespaced = offering.metadata.namespace !== undefined;
    const classRef = { name: offering.metadata.name };
    const planRef = { name: plan.metadata.name };
    return this.client.create<ServiceInstance>(serviceInstances, {
      apiVersion,
      kind: serviceInstances.kind,
      metadata: { name: uniqueName('instance'), namespace, finalizers: [finalizer] },
      spec: isNamespaced
        ? {
            serviceClassName: classRef.name,
            servicePlanName: planRef.name,
            serviceClassRef: classRef,
            servicePlanRef: planRef,
          }
        : {
            clusterServiceClassName: classRef.name,
            clusterServicePlanName: planRef.name,
            clusterServiceClassRef: classRef,
            clusterServicePlanRef: planRef,
          },
    });
  }

  async setInstanceStatus(
    { metadata: { name, namespace = '' } }: ServiceInstance,
    status: object,
  ): Promise<void> {
    const ref = { namespace, name };
    await this.client.patch(serviceInstances, ref, { status }, { type: 'merge', subresource: 'status' });
  }

  async deleteClass({ metadata: { name } }: AnyClass): Promise<void> {
    await this.client.delete(clusterServiceClasses, { name });
  }

  /** Deletes the instance as its controller would after deprovisioning. */
  async releaseInstance({ metadata: { name, namespace = '' } }: ServiceInstance): Promise<void> {
    const ref = { namespace, name };
    await this.client.delete(serviceInstances, ref);
    await this.client.patch(serviceInstances, ref, { metadata: { finalizers: null } }, { type: 'merge' });
  }

  async classesOf(brokerName: string): Promise<readonly AnyClass[]> {
    const { items } = await this.client.list<AnyClass>(clusterServiceClasses);
    return items.filter(
      ({ spec }) => 'clusterServiceBrokerName' in spec && spec.clusterServiceBrokerName === brokerName,
    );
  }

  async plansOf(brokerName: string): Promise<readonly AnyPlan[]> {
    const { items } = await this.client.list<AnyPlan>(clusterServicePlans);
    return items.filter(
      ({ spec }) => 'clusterServiceBrokerName' in spec && spec.clusterServiceBrokerName === brokerName,
    );
  }

  async namespacedItems(
    namespace = this.namespace,
  ): Promise<{ classes: readonly AnyClass[]; plans: readonly AnyPlan[] }> {
    const classes = await this.client.list<AnyClass>(serviceClasses, { namespace });
    const plans = await this.client.list<AnyPlan>(servicePlans, { namespace });
    return { classes: classes.items, plans: plans.items };
  }

  async broker(
    name: string,
    resource: Resource = clusterServiceBrokers,
    namespace = this.namespace,
  ): Promise<AnyBroker> {
    const ref = resource.namespaced ? { namespace, name } : { name };
    return this.client.get<AnyBroker>(resource, ref);
  }

  async change(name: string, patch: object): Promise<void> {
    await this.client.patch(clusterServiceBrokers, { name }, patch, { type: 'merge' });
  }

  async brokerUntil(
    name: string,
    condition: (broker: AnyBroker) => boolean,
    resource: Resource = clusterServiceBrokers,
    namespace = this.namespace,
  ): Promise<AnyBroker> {
    let last: AnyBroker | undefined;
    const found = await waitFor(
      async () => {
        last = await this.broker(name, resource, namespace);
        return condition(last) && last;
      },
      {
        timeoutMs: 15_000,
        describe: () => `broker ${name}: ${condition.toString()}: ${JSON.stringify(last?.status)}`,
      },
    );
    this.steps.settled();
    return found;
  }

  ready(name: string, resource?: Resource, namespace?: string): Promise<AnyBroker> {
    return this.brokerUntil(name, isSettled, resource, namespace);
  }

  /** Asks for a relist and waits until it is done. */
  async relist(name: string): Promise<AnyBroker> {
    const { spec } = await this.broker(name);
    await this.change(name, { spec: { relistRequests: (spec.relistRequests ?? 0) + 1 } });
    return this.ready(name);
  }

  async exists(resource: Resource, object: KubeObject): Promise<boolean> {
    const { name, namespace } = object.metadata;
    try {
      await this.client.get(resource, namespace === undefined ? { name } : { namespace, name });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    await waitFor(condition, { timeoutMs: 15_000 });
    this.steps.settled();
  }
}

/** Ready, and for the spec as it is now. */
export function isSettled({ metadata, status }: AnyBroker): boolean {
  return isConditionTrue(status?.conditions, 'Ready') && status?.reconciledGeneration === metadata.generation;
}

export function condition(broker: AnyBroker, type: string) {
  return broker.status?.conditions?.find((candidate) => candidate.type === type);
}

export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(5).toString('hex')}`;
}

function credentialsOf({ auth }: TestBroker): Readonly<Record<string, string>> {
  if (auth.kind !== 'basic') throw new Error('only for brokers with basic authentication');
  return { username: auth.username, password: auth.password };
}
