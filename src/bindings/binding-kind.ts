import { isConditionTrue } from '../api/conditions.ts';
import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { serviceBindings } from '../api/kinds.ts';
import { brokerRefOf, type BrokerRef } from '../brokers/broker-ref.ts';
import { goOn, stopFor } from '../control/steps.ts';
import { objectKey } from '../kube/objects.ts';
import type { Stores } from '../model/stores.ts';
import { pollOfCreationFailed } from '../operations/failed-creation.ts';
import { isAdoptedHere } from '../operations/adoption.ts';
import { isIdOfAnotherCluster } from '../operations/copied-id.ts';
import { isIdHeldByAnother } from '../operations/held-ids.ts';
import type { Blocked, DeletionWords, Found, Kind, Reach } from '../operations/kind.ts';
import { isOnRecord } from '../operations/operation-status.ts';
import { creationWords } from './bind-outcome.ts';
import { bind } from './bind.ts';
import { hear } from './follow.ts';
import { findBindableInstance } from './bindable-instance.ts';
import { uncheckedSources } from './copied-keys.ts';
import { removeSecret } from './credential-secret.ts';
import { tellExpiry } from './expiry.ts';
import { beginFetch, resumeFetch } from './fetch-credentials.ts';
import type { InstanceLanes } from './instance-lanes.ts';
import { InstanceToCome } from './instance-to-come.ts';
import { bindingIdOf, knownBinding, type BindingTask } from './known-binding.ts';
import type { RepairParts } from './repair-parts.ts';
import { repair } from './repair.ts';
import { unbindReplacedFirst } from './replaced-bindings.ts';
import { reshape } from './reshape.ts';
import { secretNameOf } from './secret-standing.ts';
import { transformProblem } from './secret-transforms.ts';
import { withSecretConditions } from './secret-state.ts';
import { instanceKeyOf } from '../model/instance-of.ts';
import { giveWay, waitForTurn } from './wait-for-turn.ts';

const deletion: DeletionWords = {
  operation: 'Unbind',
  inFlight: {
    reason: 'UnbindingRequestInFlight',
    message: 'Unbind request for ServiceBinding in-flight to Broker',
  },
  underWay: { reason: 'Unbinding', message: 'The binding is being deleted asynchronously' },
  done: { reason: 'UnboundSuccessfully', message: 'The binding was deleted successfully' },
  failed: { reason: 'UnbindCallFailed', message: 'Unbind call failed' },
  unknownBroker: 'The instance of this binding is gone, so its broker can not be told',
};

/**
 * In what ServiceBindings differ from ServiceInstances.
 * @param news keys of bindings that are not there yet, and whose instance says something else than before
 */
export function bindingKind(
  lanes: InstanceLanes,
  parts: RepairParts,
  news: Set<string>,
): Kind<ServiceBinding> {
  const toCome = new InstanceToCome();
  return {
    noun: 'Binding',
    resource: serviceBindings,
    storeOf: ({ serviceBindings: { store } }) => store,
    creation: creationWords,
    deletion,
    progressOf: () => ({ reason: 'Binding', message: 'The binding is being created asynchronously' }),

    idOf: bindingIdOf,
    mayBeAtBroker: (binding) => isOnRecord(binding) || (binding.status?.replacedBindings?.length ?? 0) > 0,
    reach,
    brokerOf,

    generationOf: ({ metadata }) => metadata.generation ?? 0,

    alongWith: (decided, _stores, now) => ({ conditions: withSecretConditions(decided, now) }),

    isSettled: (_task, binding) => isSettled(binding),
    isOurs: () => true,
    defaultsOf: ({ metadata }) => ({ secretName: metadata.name }),
    resolve,

    writeOf: () => 'create',
    succeeded: beginFetch,
    failed: (binding, end) => pollOfCreationFailed(creationWords, end, binding),

    // Who takes up an instance takes up its logins.
    isDecidedWith: (binding, stores) => {
      const instance = stores.serviceInstances.store.get(instanceKeyOf(binding));
      return instance !== undefined && isAdoptedHere(instance, Boolean(instance.status?.instanceID));
    },

    // What the Secret may hold was revoked, whether anybody had read it or not.
    discard: async ({ client, signal }, binding) => removeSecret(client, binding, signal),
    anew: (bindingID) => ({
      unbindStatus: 'NotRequired',
      bindingID,
      secret: undefined,
      secretContent: undefined,
    }),
    giveWay: async (task, binding) => giveWay(lanes, task, binding),

    tend: async (task, binding) => {
      const looked = await repair(task, await hear(task, binding, news), parts);
      if (looked.kind !== 'continue') return looked;
      const shaped = await reshape(task, looked.object);
      return shaped.kind === 'continue' ? goOn(await tellExpiry(task, shaped.object)) : shaped;
    },
    mayGo: unbindReplacedFirst,
    lookNow: (binding) => parts.checks.soon(objectKey(binding)),
    resume: resumeFetch,
    takeTurn: async (task, binding) => {
      const instance = task.stores.serviceInstances.store.get(instanceKeyOf(binding));
      const ms = toCome.waitMs(binding, instance, task.stopwatch.elapsedMs());
      return ms > 0 ? stopFor(ms) : waitForTurn(lanes, task, binding);
    },
    afterRun: (key, known) => {
      if (!known?.status?.currentOperation) lanes.leave(key);
      if (known === undefined || known.status?.externalProperties !== undefined) news.delete(key);
    },
  };
}

function reach(binding: ServiceBinding, stores: Stores): Reach | undefined {
  const known = knownBinding(binding, stores);
  if (known === undefined) return undefined;
  const { broker, maxPollingSeconds, instanceId, serviceId, planId, isRetrievable } = known;
  const request = { instanceId, bindingId: bindingIdOf(binding), serviceId, planId };
  const operation = binding.status?.lastOperation ?? undefined;
  return {
    broker,
    maxPollingSeconds,
    delete: async (client, identity, signal) =>
      client.unbind({ ...request, acceptsIncomplete: isRetrievable, identity }, signal),
    poll: async (client, identity, signal) => client.pollBinding({ ...request, operation, identity }, signal),
  };
}

/** Nobody is spoken to while the instance is not ready. */
function brokerOf(binding: ServiceBinding, stores: Stores): BrokerRef | undefined {
  if (isOnRecord(binding)) return knownBinding(binding, stores)?.broker;
  const found = findBindableInstance(binding, stores);
  return found.kind === 'bindable' ? brokerRefOf(found.offering.class) : undefined;
}

/** The spec of a binding can not change: what is bound stays bound. */
function isSettled(binding: ServiceBinding): boolean {
  const { metadata, status = {} } = binding;
  if (status.currentOperation || status.orphanMitigationInProgress) return false;
  if (status.reconciledGeneration !== undefined && status.externalProperties !== undefined) return true;
  if (isIdHeldByAnother(binding) || isIdOfAnotherCluster(binding)) return false;
  // The original Service Catalog wrote down no generation that it had looked at.
  const { observedGeneration = metadata.generation } = status;
  return isConditionTrue(status.conditions, 'Failed') && observedGeneration === metadata.generation;
}

function resolve(task: BindingTask, binding: ServiceBinding): Found<ServiceBinding> | Blocked {
  const found = findBindableInstance(binding, task.stores);
  if (found.kind === 'blocked') return found;
  const own = { namespace: binding.metadata.namespace ?? '', secretName: secretNameOf(binding) };
  const message = transformProblem(binding.spec.secretTransforms ?? [], own);
  if (message !== undefined) {
    const reason = 'ErrorWithSecretTransforms';
    return { kind: 'blocked', verdict: { kind: 'stalled', reason, message, failedReason: reason } };
  }
  const unchecked = uncheckedSources(binding);
  if (unchecked !== undefined) {
    // An annotation brings it back.
    return { kind: 'blocked', verdict: { kind: 'working', reason: 'SourcesUnchecked', message: unchecked } };
  }
  const { instance, offering } = found;
  return { kind: 'found', make: async (adopted) => bind(task, adopted, instance, offering) };
}
