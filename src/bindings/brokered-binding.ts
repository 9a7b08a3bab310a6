import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { finalizer } from '../api/group.ts';
import { serviceBindings } from '../api/kinds.ts';
import { removeFinalizer } from '../control/finalizer.ts';
import { stop, type Step } from '../control/steps.ts';
import type { AtBroker, BrokeredKind, DeletionWords } from '../operations/brokered-kind.ts';
import { isOnRecord } from '../operations/operation-status.ts';
import { bindingEvent, bindingIdOf, saveBinding, type BindingTask } from './binding-task.ts';
import { removeSecret } from './credential-secret.ts';
import { knownAtBroker } from './known-at-broker.ts';
import { giveWay } from './wait-for-turn.ts';

/** ServiceBindings for the steps that they share with ServiceInstances. */
export function brokeredBinding(task: BindingTask): BrokeredKind<ServiceBinding, 'Unbind'> {
  return {
    noun: 'Binding',
    retryReason: 'ErrorCallingBind',
    deletion,
    idOf: bindingIdOf,
    mayBeAtBroker: isOnRecord,
    atBroker: (binding) => atBroker(task, binding),
    progressOf: () => ({ reason: 'Binding', message: 'The binding is being created asynchronously' }),
    save: async (...args) => saveBinding(task, ...args),
    saveClean: async (binding, verdict, changes) => {
      // What it may hold was revoked, whether anybody had read it or not.
      await removeSecret(task.client, binding, task.signal);
      const fresh = { bindingID: task.newId(), existedBefore: undefined };
      const clean = { unbindStatus: 'NotRequired', ...fresh } as const;
      return saveBinding(task, binding, verdict, { ...changes, ...clean }, 'uid');
    },
    event: (binding, type, { reason, message }) => bindingEvent(task, binding, type, reason, message),
    release: async (binding) => releaseBinding(task, binding),
    giveWay: async (binding) => giveWay(task, binding),
  };
}

const deletion: DeletionWords<'Unbind'> = {
  operation: 'Unbind',
  inFlight: {
    reason: 'UnbindingRequestInFlight',
    message: 'Unbind request for ServiceBinding in-flight to Broker',
  },
  underWay: { reason: 'Unbinding', message: 'The binding is being deleted asynchronously' },
  failed: { reason: 'UnbindCallFailed', message: 'Unbind call failed' },
  unknownBroker: 'The instance of this binding is gone, so its broker can not be told',
};

function atBroker(task: BindingTask, binding: ServiceBinding): AtBroker | undefined {
  const known = knownAtBroker(binding, task.stores);
  if (known === undefined) return undefined;
  const { broker, instanceId, serviceId, planId, maxPollingSeconds, isRetrievable } = known;
  const request = { instanceId, bindingId: bindingIdOf(binding), serviceId, planId };
  const operation = binding.status?.lastOperation ?? undefined;
  return {
    broker,
    maxPollingSeconds,
    delete: async (client, identity) =>
      client.unbind({ ...request, acceptsIncomplete: isRetrievable, identity }, task.signal),
    poll: async (client, identity) => client.pollBinding({ ...request, operation, identity }, task.signal),
  };
}

/** The Secret goes first, then the object may. */
export async function releaseBinding(
  task: BindingTask,
  binding: ServiceBinding,
): Promise<Step<ServiceBinding>> {
  await removeSecret(task.client, binding, task.signal);
  const { store } = task.stores.serviceBindings;
  await removeFinalizer(task.client, serviceBindings, binding, finalizer, store, task.signal);
  bindingEvent(task, binding, 'Normal', 'UnboundSuccessfully', 'The binding was deleted successfully');
  return stop;
}
