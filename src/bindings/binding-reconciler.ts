import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { serviceBindings } from '../api/kinds.ts';
import { brokerRefOf, type BrokerRef } from '../brokers/broker-ref.ts';
import type { Reconcile } from '../control/controller.ts';
import { readAnew } from '../control/read-anew.ts';
import { goOn, runSteps, stop, type Step } from '../control/steps.ts';
import { stopWhenReleased, waitForNextAttempt } from '../operations/attempt-steps.ts';
import { deleteAtBroker } from '../operations/delete-at-broker.ts';
import { HeldIds, isIdHeldByAnother } from '../operations/held-ids.ts';
import { mitigateOrphan } from '../operations/mitigate-orphan.ts';
import { isOnRecord } from '../operations/operation-status.ts';
import type { OperationDeps } from '../operations/operation-task.ts';
import { PollPace } from '../operations/poll-pace.ts';
import { laneIdOf, waitForLane } from '../operations/wait-for-lane.ts';
import { adoptBinding } from './adopt-binding.ts';
import { bind } from './bind.ts';
import type { BindingTask } from './binding-task.ts';
import { findBindableInstance } from './bindable-instance.ts';
import { brokeredBinding, releaseBinding } from './brokered-binding.ts';
import { resumeFetch } from './fetch-credentials.ts';
import type { InstanceLanes } from './instance-lanes.ts';
import { knownAtBroker } from './known-at-broker.ts';
import { pollBinding } from './poll-binding.ts';
import { waitForTurn } from './wait-for-turn.ts';

/**
 * Brings one ServiceBinding a step nearer to its spec. Level-triggered: everything it needs to know is in the
 * object, so it can be run at any time, after any crash, and does nothing when there is nothing to do.
 */
export function bindingReconciler(deps: OperationDeps, lanes: InstanceLanes): Reconcile {
  const bindings = deps.stores.serviceBindings.store;
  const ids = new HeldIds(deps.client, serviceBindings, bindings, deps.stores);
  const polls = new PollPace(deps.stopwatch);
  return async (key, signal, turn) => {
    const binding = bindings.get(key);
    const task: BindingTask = { ...deps, lanes, polls, ids, signal, turn };
    try {
      if (binding === undefined) return undefined;
      const isDeleting = binding.metadata.deletionTimestamp !== undefined;
      const steps = isDeleting ? deletionSteps(task) : creationSteps(task);
      return await runSteps(steps, binding, (known) =>
        readAnew(deps.client, serviceBindings, known, bindings, signal),
      );
    } finally {
      const known = bindings.get(key);
      if (!known?.status?.currentOperation) lanes.leave(key);
      if (known === undefined) polls.forget(key);
      deps.connections.lanes.leave(laneIdOf('Binding', key));
    }
  };
}

type BindingStep = (binding: ServiceBinding) => Promise<Step<ServiceBinding>> | Step<ServiceBinding>;

function creationSteps(task: BindingTask): readonly BindingStep[] {
  return [
    stopWhenSettled,
    (binding) => task.ids.giveWay(brokeredBinding(task), binding),
    (binding) => waitForNextAttempt(task, binding),
    (binding) => adoptBinding(task, binding),
    (binding) => waitForLane(task, brokeredBinding(task), binding, brokerOf(task, binding)),
    (binding) => pollBinding(task, binding),
    (binding) => resumeFetch(task, binding),
    (binding) => waitForTurn(task, binding),
    (binding) => mitigateOrphan(task, brokeredBinding(task), binding),
    (binding) => bind(task, binding),
  ];
}

function deletionSteps(task: BindingTask): readonly BindingStep[] {
  return [
    stopWhenReleased,
    (binding) => releaseUnlessAtBroker(task, binding),
    (binding) => waitForNextAttempt(task, binding),
    (binding) => waitForLane(task, brokeredBinding(task), binding, brokerOf(task, binding)),
    (binding) => pollBinding(task, binding),
    (binding) => waitForTurn(task, binding),
    (binding) => deleteAtBroker(task, brokeredBinding(task), binding),
  ];
}

/** Who has it, or is to have it: nobody is spoken to while its instance is not ready. */
function brokerOf({ stores }: BindingTask, binding: ServiceBinding): BrokerRef | undefined {
  if (isOnRecord(binding)) return knownAtBroker(binding, stores)?.broker;
  const found = findBindableInstance(binding, stores);
  return found.kind === 'bindable' ? brokerRefOf(found.offering.class) : undefined;
}

/** Nothing to do: this generation has been dealt with, for good or bad. */
function stopWhenSettled(binding: ServiceBinding): Step<ServiceBinding> {
  const status = binding.status ?? {};
  if (status.currentOperation || status.orphanMitigationInProgress) return goOn(binding);
  // The spec of a binding can not change: what is bound stays bound.
  if (status.reconciledGeneration !== undefined && status.externalProperties !== undefined) return stop;
  const isFailed = status.conditions?.some(
    ({ type, status: value }) => type === 'Failed' && value === 'True',
  );
  if (isIdHeldByAnother(binding)) return goOn(binding);
  return isFailed && status.observedGeneration === binding.metadata.generation ? stop : goOn(binding);
}

/** A binding that no broker has ever heard of goes without a call, as does one whose id is another's. */
async function releaseUnlessAtBroker(
  task: BindingTask,
  binding: ServiceBinding,
): Promise<Step<ServiceBinding>> {
  const isHolder = task.ids.holderOf(brokeredBinding(task), binding) === undefined;
  return isOnRecord(binding) && isHolder ? goOn(binding) : releaseBinding(task, binding);
}
