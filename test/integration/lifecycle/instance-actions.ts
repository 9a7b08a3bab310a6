import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { isConditionTrue } from '../../../src/api/conditions.ts';
import { clusterServiceBrokers, serviceInstances } from '../../../src/api/kinds.ts';
import { isReady, type ServiceWorld } from '../../support/world/service-world.ts';

type Spec = Readonly<Record<string, unknown>>;

export async function readyInstance(
  world: ServiceWorld,
  name: string,
  spec: Partial<ServiceInstance['spec']> = {},
): Promise<ServiceInstance> {
  await world.createInstance(name, spec);
  return world.instance(name, isReady, 'is ready');
}

/** A merge patch of the spec. */
export async function changeSpec(world: ServiceWorld, name: string, spec: Spec): Promise<ServiceInstance> {
  return patch(world, name, { spec });
}

/** Without the admission webhook, whoever changes the plan takes away what the old one was resolved to. */
export async function changePlan(
  world: ServiceWorld,
  name: string,
  plan: string,
  also: Spec = {},
): Promise<ServiceInstance> {
  const spec = { clusterServicePlanExternalName: plan, clusterServicePlanRef: null, ...also };
  return changeSpec(world, name, spec);
}

export async function annotate(
  world: ServiceWorld,
  name: string,
  annotations: Readonly<Record<string, string | null>>,
): Promise<ServiceInstance> {
  return patch(world, name, { metadata: { annotations } });
}

/** Wakes the reconciler and changes nothing that anybody cares about. */
export async function nudge(world: ServiceWorld, name: string): Promise<ServiceInstance> {
  return patch(world, name, { metadata: { labels: { nudge: String(performance.now()) } } });
}

/** Nothing more happens by itself: carried out, or given up. */
export async function settled(world: ServiceWorld, name: string): Promise<ServiceInstance> {
  return world.instance(name, isSettled, 'is settled');
}

export async function removeInstance(world: ServiceWorld, name: string): Promise<void> {
  await world.remove(serviceInstances, name);
  await world.gone(serviceInstances, name);
}

/** Has the catalog of the broker `test` fetched anew, and waits until it is in use. */
export async function relist(world: ServiceWorld): Promise<void> {
  const broker = await world.client.get<Broker>(clusterServiceBrokers, { name: 'test' });
  const relistRequests = (broker.spec.relistRequests ?? 0) + 1;
  const changed = await world.client.patch<Broker>(
    clusterServiceBrokers,
    { name: 'test' },
    { spec: { relistRequests } },
    { type: 'merge' },
  );
  await world.until<Broker>(
    clusterServiceBrokers,
    'test',
    ({ status }) => status?.reconciledGeneration === changed.metadata.generation,
    'has fetched its catalog',
  );
}

interface Broker {
  readonly metadata: { readonly name: string; readonly generation?: number };
  readonly spec: { readonly relistRequests?: number };
  readonly status?: { readonly reconciledGeneration?: number };
}

function isSettled({ metadata, status = {} }: ServiceInstance): boolean {
  const isDone = status.reconciledGeneration === metadata.generation;
  const isGivenUp = isConditionTrue(status.conditions, 'Stalled');
  return (
    status.observedGeneration === metadata.generation &&
    !status.currentOperation &&
    !status.nextAttemptTime &&
    (isDone || isGivenUp)
  );
}

async function patch(world: ServiceWorld, name: string, change: object): Promise<ServiceInstance> {
  const ref = { namespace: world.namespace, name };
  return world.client.patch<ServiceInstance>(serviceInstances, ref, change, { type: 'merge' });
}

/** After each test: the broker was asked nothing that a platform may not ask, and has nothing left. */
export function expectCleanBroker({ broker }: ServiceWorld): void {
  expect(broker.violations).toEqual([]);
  expect(broker.liveInstances()).toEqual([]);
  broker.forget();
}
