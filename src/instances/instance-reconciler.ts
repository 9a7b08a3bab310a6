import { isConditionTrue } from '../api/conditions.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { serviceInstances } from '../api/kinds.ts';
import type { ReconcileResult } from '../control/controller.ts';
import { readAnew } from '../control/read-anew.ts';
import { goOn, runSteps, stop, type Step } from '../control/steps.ts';
import { stopWhenReleased, waitForNextAttempt } from '../operations/attempt-steps.ts';
import { deleteAtBroker } from '../operations/delete-at-broker.ts';
import { HeldIds, isIdHeldByAnother } from '../operations/held-ids.ts';
import { mitigateOrphan } from '../operations/mitigate-orphan.ts';
import type { OperationDeps } from '../operations/operation-task.ts';
import { PollPace } from '../operations/poll-pace.ts';
import { adoptInstance, repairLabels } from './adopt-instance.ts';
import { brokeredInstance } from './brokered-instance.ts';
import { hasNewContext } from './instance-context.ts';
import type { InstanceTask } from './instance-task.ts';
import { isRefusedByCatalog } from './plan-change.ts';
import { pollInstance } from './poll-instance.ts';
import { releaseUnlessAtBroker, releaseUnlessHolder, waitForBindings } from './prepare-deprovision.ts';
import { provision } from './provision.ts';
import { learnOfBindings } from './unseen-bindings.ts';
import { updateInstance } from './update-instance.ts';
import { announceUpgrade } from './upgrade-condition.ts';

/**
 * Brings one ServiceInstance a step nearer to its spec. Level-triggered: everything it needs to know is in the
 * object, so it can be run at any time, after any crash, and does nothing when there is nothing to do.
 */
export function instanceReconciler(
  deps: OperationDeps,
): (key: string, signal: AbortSignal) => Promise<ReconcileResult | undefined> {
  const polls = new PollPace(deps.stopwatch);
  const ids = new HeldIds(deps.client, serviceInstances, deps.stores.serviceInstances.store, deps.stores);
  return async (key, signal) => {
    const instance = deps.stores.serviceInstances.store.get(key);
    if (instance === undefined) {
      polls.forget(key);
      return undefined;
    }
    const task: InstanceTask = { ...deps, polls, ids, signal };
    const isDeleting = instance.metadata.deletionTimestamp !== undefined;
    const steps = isDeleting ? deletionSteps(task) : creationSteps(task);
    const { store } = deps.stores.serviceInstances;
    return runSteps(steps, instance, (known) =>
      readAnew(deps.client, serviceInstances, known, store, signal),
    );
  };
}

type InstanceStep = (instance: ServiceInstance) => Promise<Step<ServiceInstance>> | Step<ServiceInstance>;

function creationSteps(task: InstanceTask): readonly InstanceStep[] {
  return [
    (instance) => announceUpgrade(task, instance),
    (instance) => repairLabels(task, instance),
    (instance) => stopWhenSettled(task, instance),
    (instance) => task.ids.giveWay(brokeredInstance(task), instance),
    (instance) => waitForNextAttempt(task, instance),
    // What is under way goes on before the spec is looked at: that may mean nothing, by a typo.
    (instance) => pollInstance(task, instance),
    (instance) => mitigateOrphan(task, brokeredInstance(task), instance),
    (instance) => adoptInstance(task, instance),
    (instance) => provision(task, instance),
    (instance) => updateInstance(task, instance),
  ];
}

function deletionSteps(task: InstanceTask): readonly InstanceStep[] {
  return [
    stopWhenReleased,
    (instance) => releaseUnlessAtBroker(task, instance),
    (instance) => waitForNextAttempt(task, instance),
    (instance) => pollInstance(task, instance),
    (instance) => learnOfBindings(task, instance),
    (instance) => waitForBindings(task, instance),
    (instance) => releaseUnlessHolder(task, instance),
    (instance) => deleteAtBroker(task, brokeredInstance(task), instance),
  ];
}

/** Nothing to do: the spec has been dealt with, for good or bad, and the broker knows where the instance is. */
async function stopWhenSettled(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  if (isUnderWay(instance)) return goOn(instance);
  if (isStalled(instance)) {
    return isRefusedByCatalog(instance) || isIdHeldByAnother(instance) ? goOn(instance) : stop;
  }
  if (instance.status?.reconciledGeneration !== instance.metadata.generation) return goOn(instance);
  return (await hasNewContext(task, instance)) ? goOn(instance) : stop;
}

function isUnderWay({ metadata, status = {} }: ServiceInstance): boolean {
  return (
    status.observedGeneration !== metadata.generation ||
    Boolean(status.currentOperation) ||
    status.orphanMitigationInProgress === true ||
    Boolean(status.nextAttemptTime)
  );
}

function isStalled({ status }: ServiceInstance): boolean {
  return isConditionTrue(status?.conditions, 'Failed') || isConditionTrue(status?.conditions, 'Stalled');
}
