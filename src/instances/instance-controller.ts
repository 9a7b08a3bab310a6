import type { ClusterServicePlan } from '../api/generated/cluster-service-plan.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import type { ServicePlan } from '../api/generated/service-plan.ts';
import { Controller, type ReconcileObserver } from '../control/controller.ts';
import type { StoreChange } from '../control/store.ts';
import { instanceKeyOf } from '../model/instance-of.ts';
import { scoped } from '../model/stores.ts';
import { objectKey, type KubeObject } from '../kube/objects.ts';
import { isProtected } from '../model/protection.ts';
import { concernedKeys } from '../operations/concerned-keys.ts';
import { lifeOf } from '../operations/life.ts';
import { hasNewAnnotations, onNewBrokerAnnotations } from '../operations/new-annotations.ts';
import type { OperationDeps } from '../operations/operation-deps.ts';
import { RepairPace } from '../operations/repair-pace.ts';
import { SecretChecks } from '../operations/secret-checks.ts';
import { isChecked, isToBeChecked } from './check-service.ts';
import { isFollowed, readsOf } from './follow-parameters.ts';
import { lookedAfterKind } from './instance-kind.ts';
import { instanceIdOf, knownInstance } from './known-instance.ts';
import { isRefusedByCatalog } from './plan-change.ts';
import { onRoom } from './wait-for-room.ts';

export interface InstanceControllerOptions {
  /** Instances worked on at the same time. */
  readonly concurrency: number;
  readonly observe?: ReconcileObserver | undefined;
  /** A round of looks at the Secrets of parameters takes so long at least, milliseconds. */
  readonly secretCheckIntervalMs: number;
  /** Likewise a round of looks at what brokers have. */
  readonly driftCheckIntervalMs: number;
}

export interface InstanceParts {
  readonly controller: Controller;
  /** Whose Secrets are read next; runs while the controller does. */
  readonly checks: SecretChecks;
  /** The same for whom brokers are asked for. */
  readonly looks: SecretChecks;
}

const longestConfirmMs = 30_000;

/** The controller of ServiceInstances, and the events that make it look at one again. */
export function instanceController(deps: OperationDeps, options: InstanceControllerOptions): InstanceParts {
  const { stores, logger, stopwatch } = deps;
  const instances = stores.serviceInstances.store;
  const checks = new SecretChecks({
    keys: () => instances.list().flatMap((each) => (isFollowed(each) ? [objectKey(each)] : [])),
    enqueue: (key) => controller.enqueue(key),
    roundMs: options.secretCheckIntervalMs,
    readsOf: (key) => readsOf(instances.get(key)),
    stopwatch,
  });
  const pace = new RepairPace(options.secretCheckIntervalMs, stopwatch);
  const following = { checks, pace, news: new Map<string, string>() };
  const looks = new SecretChecks({
    keys: () => instances.list().flatMap((each) => (isChecked(each, stores) ? [objectKey(each)] : [])),
    enqueue: (key) => controller.enqueue(key),
    roundMs: options.driftCheckIntervalMs,
    isSpread: true,
    stopwatch,
  });
  const confirmMs = Math.min(longestConfirmMs, options.driftCheckIntervalMs);
  const checking = { looks, confirmMs, missed: new Map<string, number>() };
  const controller: Controller = new Controller({
    name: 'service-instance',
    reconcile: lifeOf(lookedAfterKind(following, checking), deps),
    concurrency: options.concurrency,
    logger,
    observe: options.observe,
    isKnown: (key) => instances.get(key) !== undefined,
  });
  const enqueueAll = (found: readonly ServiceInstance[]): void => {
    for (const instance of found) controller.enqueue(objectKey(instance));
  };

  instances.subscribe((change) => {
    for (const key of concernedKeys(instances, instanceIdOf, change)) controller.enqueue(key);
    const { object, previous = object } = change;
    if (isFollowed(object) && !isFollowed(previous)) checks.soon(objectKey(object));
    if (isToBeChecked(previous, object)) looks.soon(objectKey(object));
  });

  // An instance that waits for its class or plan goes on when one appears or comes back into the catalog, and when one of
  // two that it may mean goes; one that is ready may be upgraded or told of its context. An unchanged relist is no event.
  const onOffering =
    (index: 'class' | 'plan') =>
    ({ object, removed }: StoreChange<KubeObject>): void => {
      enqueueAll(instances.byIndex('unresolved', 'true'));
      if (removed) return;
      const { name, namespace } = object.metadata;
      enqueueAll(instances.byIndex(index, scoped(namespace, name)));
    };
  stores.clusterServiceClasses.store.subscribe(onOffering('class'));
  stores.serviceClasses.store.subscribe(onOffering('class'));
  stores.clusterServicePlans.store.subscribe(onOffering('plan'));
  stores.servicePlans.store.subscribe(onOffering('plan'));

  // A change of plan that was refused may be allowed now, by the plan that is to be left.
  const onPlanChange =
    <P extends KubeObject>(classOf: (plan: P) => string) =>
    ({ object, previous, removed }: StoreChange<P>): void => {
      if (previous === undefined || removed) return;
      enqueueAll(instances.byIndex('class', classOf(object)).filter(isRefusedByCatalog));
    };
  stores.clusterServicePlans.store.subscribe(
    onPlanChange<ClusterServicePlan>(({ spec }) => spec.clusterServiceClassRef.name),
  );
  stores.servicePlans.store.subscribe(
    onPlanChange<ServicePlan>(({ metadata, spec }) => scoped(metadata.namespace, spec.serviceClassRef.name)),
  );

  onRoom(stores, enqueueAll);

  // Annotations of namespaces are part of the OSB context.
  stores.namespaces.store.subscribe((change) => {
    if (!hasNewAnnotations(change)) return;
    const { name } = change.object.metadata;
    enqueueAll(instances.list().filter(({ metadata }) => metadata.namespace === name));
  });
  onNewBrokerAnnotations(stores, (belongs) => {
    enqueueAll(instances.list().filter((instance) => belongs(knownInstance(instance, stores)?.broker)));
  });

  // A deletion that waits for bindings goes on when the last one is gone, or is not protected from going along any more.
  stores.serviceBindings.store.subscribe(({ object, previous, removed }) => {
    const isFree = previous !== undefined && isProtected(previous) && !isProtected(object);
    if (removed || isFree) controller.enqueue(instanceKeyOf(object));
  });
  return { controller, checks, looks };
}
