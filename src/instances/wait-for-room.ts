import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { jsonEqual } from '../base/json.ts';
import { stop, type Step } from '../control/steps.ts';
import { recordedPlans } from '../model/recorded-plan.ts';
import type { Offering } from '../model/resolve.ts';
import type { Stores } from '../model/stores.ts';
import { record } from '../operations/record.ts';
import type { InstanceTask } from './instance-status.ts';

/**
 * An administrator may give a plan to some namespaces only, and some of it to each: what is new waits until it may be had. What
 * there is goes on. Undefined when it may.
 */
export async function waitForRoom(
  task: InstanceTask,
  instance: ServiceInstance,
  offering: Offering,
): Promise<Step<ServiceInstance> | undefined> {
  const refused = task.rooms.enter(instance, offering);
  if (refused === undefined) return undefined;
  const usable = instance.status?.provisionStatus === 'Provisioned';
  // No timer: see `onRoom`.
  await record(task, instance, { kind: 'working', ...refused, usable });
  return stop;
}

/**
 * Calls back with those that may have room now: another instance has gone, or has another plan, or their namespace has other
 * labels. What is said of their class and plan has them looked at anyway.
 */
export function onRoom(
  { serviceInstances, namespaces }: Pick<Stores, 'serviceInstances' | 'namespaces'>,
  lookAt: (instances: readonly ServiceInstance[]) => void,
): void {
  const waiting = (namespace: string): readonly ServiceInstance[] =>
    serviceInstances.store.byIndex('waiting', namespace);
  serviceInstances.store.subscribe(({ object, previous, removed }) => {
    const isElsewhere = previous !== undefined && !jsonEqual(plansOf(previous), plansOf(object));
    if (removed || isElsewhere) lookAt(waiting(object.metadata.namespace ?? ''));
  });
  namespaces.store.subscribe(({ object: { metadata }, previous }) => {
    if (jsonEqual(previous?.metadata.labels ?? {}, metadata.labels ?? {})) return;
    lookAt(waiting(metadata.name));
  });
}

/** Of which plans it is, or wants to be. */
function plansOf(instance: ServiceInstance): readonly (string | undefined)[] {
  const { clusterServicePlanRef, servicePlanRef } = instance.spec;
  return [...recordedPlans(instance), (clusterServicePlanRef ?? servicePlanRef)?.name];
}
