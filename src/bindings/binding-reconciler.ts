import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { finalizer } from '../api/group.ts';
import { waitMs } from '../control/attempts.ts';
import type { ReconcileResult } from '../control/controller.ts';
import { goOn, runSteps, stop, stopFor, type Step } from '../control/steps.ts';
import { adoptBinding } from './adopt-binding.ts';
import { bind } from './bind.ts';
import type { OperationDeps } from '../brokers/operation.ts';
import { PollPace } from '../brokers/poll-pace.ts';
import type { BindingTask } from './binding-task.ts';
import { resumeFetch } from './fetch-credentials.ts';
import type { InstanceLanes } from './instance-lanes.ts';
import { pollBinding } from './poll-binding.ts';
import { mitigateOrphan, releaseUnlessAtBroker, unbind } from './unbind.ts';
import { waitForTurn } from './wait-for-turn.ts';

/**
 * Brings one ServiceBinding a step nearer to its spec. Level-triggered: everything it needs to know is in the
 * object, so it can be run at any time, after any crash, and does nothing when there is nothing to do.
 */
export function bindingReconciler(
  deps: OperationDeps,
  lanes: InstanceLanes,
): (key: string, signal: AbortSignal) => Promise<ReconcileResult | undefined> {
  const bindings = deps.stores.serviceBindings.store;
  const polls = new PollPace(deps.clock);
  return async (key, signal) => {
    const binding = bindings.get(key);
    const task: BindingTask = { ...deps, lanes, polls, signal };
    try {
      if (binding === undefined) return undefined;
      const isDeleting = binding.metadata.deletionTimestamp !== undefined;
      return await runSteps(isDeleting ? deletionSteps(task) : creationSteps(task), binding);
    } finally {
      const status = bindings.get(key)?.status;
      if (!status?.currentOperation) lanes.leave(key);
      if (status?.asyncOpInProgress !== true) polls.forget(key);
    }
  };
}

type BindingStep = (binding: ServiceBinding) => Promise<Step<ServiceBinding>> | Step<ServiceBinding>;

function creationSteps(task: BindingTask): readonly BindingStep[] {
  return [
    stopWhenSettled,
    (binding) => waitForNextAttempt(task, binding),
    (binding) => adoptBinding(task, binding),
    (binding) => pollBinding(task, binding),
    (binding) => resumeFetch(task, binding),
    (binding) => waitForTurn(task, binding),
    (binding) => mitigateOrphan(task, binding),
    (binding) => bind(task, binding),
  ];
}

function deletionSteps(task: BindingTask): readonly BindingStep[] {
  return [
    stopWhenReleased,
    (binding) => releaseUnlessAtBroker(task, binding),
    (binding) => waitForNextAttempt(task, binding),
    (binding) => pollBinding(task, binding),
    (binding) => waitForTurn(task, binding),
    (binding) => unbind(task, binding),
  ];
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
  return isFailed && status.observedGeneration === binding.metadata.generation ? stop : goOn(binding);
}

/** Our finalizer is gone already; others may still hold the object. */
function stopWhenReleased(binding: ServiceBinding): Step<ServiceBinding> {
  return binding.metadata.finalizers?.includes(finalizer) ? goOn(binding) : stop;
}

function waitForNextAttempt(task: BindingTask, binding: ServiceBinding): Step<ServiceBinding> {
  const ms = waitMs(binding.status ?? {}, binding.metadata.generation, task.clock);
  return ms > 0 ? stopFor(ms) : goOn(binding);
}
