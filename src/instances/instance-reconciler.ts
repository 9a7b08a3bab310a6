import { isConditionTrue } from '../api/conditions.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { serviceInstances } from '../api/kinds.ts';
import { brokerRefOf, type BrokerRef } from '../brokers/broker-ref.ts';
import type { Reconcile } from '../control/controller.ts';
import { readAnew } from '../control/read-anew.ts';
import { resolveOffering } from '../control/resolve.ts';
import { goOn, runSteps, stop, type Step } from '../control/steps.ts';
import { stopWhenReleased, waitForNextAttempt } from '../operations/attempt-steps.ts';
import { deleteAtBroker } from '../operations/delete-at-broker.ts';
import { HeldIds, isIdHeldByAnother } from '../operations/held-ids.ts';
import { mitigateOrphan } from '../operations/mitigate-orphan.ts';
import type { OperationDeps } from '../operations/operation-task.ts';
import { PollPace } from '../operations/poll-pace.ts';
import { laneIdOf, waitForLane } from '../operations/wait-for-lane.ts';
import { adoptInstance, repairLabels } from './adopt-instance.ts';
import { brokeredInstance } from './brokered-instance.ts';
import { hasNewContext } from './instance-context.ts';
import type { InstanceTask } from './instance-task.ts';
import { knownAtBroker } from './known-at-broker.ts';
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
export function instanceReconciler(deps: OperationDeps): Reconcile {
  const polls = new PollPace(deps.stopwatch);
  const ids = new HeldIds(deps.client, serviceInstances, deps.stores.serviceInstances.store, deps.stores);
  return async (key, signal, turn) => {
    const { store } = deps.stores.serviceInstances;
    const instance = store.get(key);
    const task: InstanceTask = { ...deps, polls, ids, signal, turn };
    try {
      if (instance === undefined) {
        polls.forget(key);
        return undefined;
      }
      const isDeleting = instance.metadata.deletionTimestamp !== undefined;
      const steps = isDeleting ? deletionSteps(task) : creationSteps(task);
      return await runSteps(steps, instance, (known) =>
        readAnew(deps.client, serviceInstances, known, store, signal),
      );
    } finally {
      deps.connections.lanes.leave(laneIdOf('Instance', key));
    }
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
    (instance) => waitForLane(task, brokeredInstance(task), instance, brokerOf(task, instance)),
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
    (instance) => waitForLane(task, brokeredInstance(task), instance, brokerOf(task, instance)),
    (instance) => pollInstance(task, instance),
    (instance) => learnOfBindings(task, instance),
    (instance) => waitForBindings(task, instance),
    (instance) => releaseUnlessHolder(task, instance),
    (instance) => deleteAtBroker(task, brokeredInstance(task), instance),
  ];
}

/** Who has it, or is to have it. */
function brokerOf({ stores }: InstanceTask, instance: ServiceInstance): BrokerRef | undefined {
  const known = knownAtBroker(instance, stores);
  if (known !== undefined) return known.broker;
  const resolution = resolveOffering(instance.spec, instance.metadata.namespace ?? '', stores);
  return resolution.kind === 'resolved' ? brokerRefOf(resolution.offering.class) : undefined;
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
