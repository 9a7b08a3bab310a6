import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { finalizer } from '../api/group.ts';
import { serviceInstances } from '../api/kinds.ts';
import { removeFinalizer } from '../control/finalizer.ts';
import { stop, type Step } from '../control/steps.ts';
import type { AtBroker, BrokeredKind, DeletionWords } from '../operations/brokered-kind.ts';
import { isDeletion } from '../operations/operation-status.ts';
import { instanceIdOf, type InstanceTask } from './instance-task.ts';
import { knownAtBroker, maxPollingSecondsOf, mayBeAtBroker } from './known-at-broker.ts';
import { instanceEvent, saveInstance } from './save-instance.ts';

/** ServiceInstances for the steps that they share with ServiceBindings. */
export function brokeredInstance(task: InstanceTask): BrokeredKind<ServiceInstance, 'Deprovision'> {
  return {
    noun: 'Instance',
    retryReason: 'ErrorCallingProvision',
    deletion,
    idOf: instanceIdOf,
    mayBeAtBroker,
    atBroker: (instance) => atBroker(task, instance),
    progressOf: (instance) => progress[operationOf(instance)],
    save: async (...args) => saveInstance(task, ...args),
    saveClean: async (instance, verdict, changes) => {
      const clean = { provisionStatus: 'NotProvisioned', deprovisionStatus: 'NotRequired' } as const;
      return saveInstance(task, instance, verdict, { ...changes, ...clean, instanceID: task.newId() }, 'uid');
    },
    event: (instance, type, { reason, message }) => instanceEvent(task, instance, type, reason, message),
    release: async (instance) => releaseInstance(task, instance),
  };
}

const deletion: DeletionWords<'Deprovision'> = {
  operation: 'Deprovision',
  inFlight: {
    reason: 'DeprovisionRequestInFlight',
    message: 'Deprovision request for the instance is in flight to the broker',
  },
  underWay: { reason: 'Deprovisioning', message: 'The instance is being deprovisioned asynchronously' },
  failed: { reason: 'DeprovisionCallFailed', message: 'Deprovision call failed' },
  unknownBroker:
    'The class of this instance is gone, so its broker can not be told; restore the class to go on',
};

const progress = {
  provision: { reason: 'Provisioning', message: 'The instance is being provisioned asynchronously' },
  update: {
    reason: 'UpdatingInstance',
    message: 'The instance is being updated asynchronously',
    usable: true,
  },
} as const;

/** What is under way, when it is no deletion. */
export function operationOf({ status }: ServiceInstance): 'provision' | 'update' {
  return status?.currentOperation === 'Update' ? 'update' : 'provision';
}

function atBroker(task: InstanceTask, instance: ServiceInstance): AtBroker | undefined {
  const known = knownAtBroker(instance, task.stores);
  if (known === undefined) return undefined;
  const { broker, serviceId, planId } = known;
  const request = { instanceId: instanceIdOf(instance), serviceId, planId };
  const operation = instance.status?.lastOperation ?? undefined;
  const of = isDeletion(instance, deletion.operation) ? 'deprovision' : operationOf(instance);
  return {
    broker,
    maxPollingSeconds: maxPollingSecondsOf(instance, planId, task.stores),
    delete: async (client, identity) => client.deprovision({ ...request, identity }, task.signal),
    poll: async (client, identity) =>
      client.pollInstance({ ...request, operation, of, identity }, task.signal),
  };
}

/** The object may go: the last thing that is written about an instance. */
export async function releaseInstance(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  const { store } = task.stores.serviceInstances;
  await removeFinalizer(task.client, serviceInstances, instance, finalizer, store, task.signal);
  const message = 'The instance was deprovisioned successfully';
  instanceEvent(task, instance, 'Normal', 'DeprovisionedSuccessfully', message);
  return stop;
}
