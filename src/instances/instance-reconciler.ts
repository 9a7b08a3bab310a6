import { finalizer } from '../api/group.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import type { ReconcileResult } from '../control/controller.ts';
import { waitMs } from '../control/attempts.ts';
import { goOn, runSteps, stop, stopFor, type Step } from '../control/steps.ts';
import { adoptInstance } from './adopt-instance.ts';
import { deprovision, mitigateOrphan, releaseUnlessAtBroker, waitForBindings } from './deprovision.ts';
import type { OperationDeps } from '../brokers/operation.ts';
import type { InstanceTask } from './instance-task.ts';
import { pollInstance } from './poll-instance.ts';
import { provision } from './provision.ts';
import { updateInstance } from './update-instance.ts';

/**
 * Brings one ServiceInstance a step nearer to its spec. Level-triggered: everything it needs to know is in the
 * object, so it can be run at any time, after any crash, and does nothing when there is nothing to do.
 */
export function instanceReconciler(
  deps: OperationDeps,
): (key: string, signal: AbortSignal) => Promise<ReconcileResult | undefined> {
  return async (key, signal) => {
    const instance = deps.stores.serviceInstances.store.get(key);
    if (instance === undefined) return undefined;
    const task: InstanceTask = { ...deps, signal };
    const isDeleting = instance.metadata.deletionTimestamp !== undefined;
    return runSteps(isDeleting ? deletionSteps(task) : creationSteps(task), instance);
  };
}

type InstanceStep = (instance: ServiceInstance) => Promise<Step<ServiceInstance>> | Step<ServiceInstance>;

function creationSteps(task: InstanceTask): readonly InstanceStep[] {
  return [
    stopWhenSettled,
    (instance) => waitForNextAttempt(task, instance),
    (instance) => adoptInstance(task, instance),
    (instance) => pollInstance(task, instance),
    (instance) => mitigateOrphan(task, instance),
    (instance) => provision(task, instance),
    (instance) => updateInstance(task, instance),
  ];
}

function deletionSteps(task: InstanceTask): readonly InstanceStep[] {
  return [
    stopWhenReleased,
    (instance) => releaseUnlessAtBroker(task, instance),
    (instance) => waitForBindings(task, instance),
    (instance) => waitForNextAttempt(task, instance),
    (instance) => pollInstance(task, instance),
    (instance) => deprovision(task, instance),
  ];
}

/** Nothing to do: this generation has been dealt with, for good or bad. */
function stopWhenSettled(instance: ServiceInstance): Step<ServiceInstance> {
  const status = instance.status ?? {};
  if (status.observedGeneration !== instance.metadata.generation) return goOn(instance);
  if (status.currentOperation || status.orphanMitigationInProgress) return goOn(instance);
  const isSettled = status.conditions?.some(
    ({ type, status: value }) => value === 'True' && (type === 'Failed' || type === 'Stalled'),
  );
  const isReady = status.reconciledGeneration === instance.metadata.generation;
  return isSettled || isReady ? stop : goOn(instance);
}

/** Our finalizer is gone already; others may still hold the object. */
function stopWhenReleased(instance: ServiceInstance): Step<ServiceInstance> {
  return instance.metadata.finalizers?.includes(finalizer) ? goOn(instance) : stop;
}

function waitForNextAttempt(task: InstanceTask, instance: ServiceInstance): Step<ServiceInstance> {
  const ms = waitMs(instance.status ?? {}, instance.metadata.generation, task.clock);
  return ms > 0 ? stopFor(ms) : goOn(instance);
}
