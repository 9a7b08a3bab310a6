import { isConditionTrue } from '../api/conditions.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { serviceInstances } from '../api/kinds.ts';
import { brokerRefOf, type BrokerRef } from '../brokers/broker-ref.ts';
import { offeringRefs } from '../model/offering-of.ts';
import { resolveOffering, userSpecifiedNames } from '../model/resolve.ts';
import { isUnsureBuiltIn, unsureBuiltIn } from '../model/unsure-built-in.ts';
import { stopFor, type Step } from '../control/steps.ts';
import type { Stores } from '../model/stores.ts';
import { objectKey } from '../kube/objects.ts';
import { pollOfCreationFailed } from '../operations/failed-creation.ts';
import { isIdOfAnotherCluster } from '../operations/copied-id.ts';
import { isIdHeldByAnother } from '../operations/held-ids.ts';
import type { BadEnd, DeletionWords, Kind, Reach } from '../operations/kind.ts';
import { isDeletion } from '../operations/operation-status.ts';
import { settle } from '../operations/record.ts';
import { isAdoptionNews } from './adopt-service.ts';
import { beforePurge } from './before-purge.ts';
import { checkService, type CheckParts } from './check-service.ts';
import { withHiddenBuiltIn } from './hidden-built-in.ts';
import { noteOfPolled } from './existing-service.ts';
import { followParameters, hasNews, isFollowed, type FollowParts } from './follow-parameters.ts';
import { hasNewContext } from './instance-context.ts';
import { spokenOf, type InstanceTask, type Judgement } from './instance-status.ts';
import { planWithId } from '../model/plan-at-broker.ts';
import { instanceIdOf, knownInstance, mayBeAtBroker } from './known-instance.ts';
import { isRefusedByCatalog } from './plan-change.ts';
import { waitForBindings } from './prepare-deprovision.ts';
import { provision } from './provision.ts';
import { creationWords, provisioned } from './provision-outcome.ts';
import { retain } from './retain.ts';
import { updateInstance } from './update-instance.ts';
import { asyncUpdateFailed, updated } from './update-outcome.ts';
import { announceUpgrade, withUpgrade } from './upgrade-condition.ts';

const deletion: DeletionWords = {
  operation: 'Deprovision',
  inFlight: {
    reason: 'DeprovisionRequestInFlight',
    message: 'Deprovision request for the instance is in flight to the broker',
  },
  underWay: { reason: 'Deprovisioning', message: 'The instance is being deprovisioned asynchronously' },
  done: { reason: 'DeprovisionedSuccessfully', message: 'The instance was deprovisioned successfully' },
  failed: { reason: 'DeprovisionCallFailed', message: 'Deprovision call failed' },
  unknownBroker:
    'The class of this instance is gone, so its broker can not be told; restore the class to go on',
};

const progress = {
  create: { reason: 'Provisioning', message: 'The instance is being provisioned asynchronously' },
  update: {
    reason: 'UpdatingInstance',
    message: 'The instance is being updated asynchronously',
    usable: true,
  },
} as const;

/** In what ServiceInstances differ from ServiceBindings. */
export const instanceKind: Kind<ServiceInstance> = {
  noun: 'Instance',
  resource: serviceInstances,
  storeOf: ({ serviceInstances: { store } }) => store,
  creation: creationWords,
  deletion,
  progressOf: (instance) => progress[writeOf(instance)],

  idOf: instanceIdOf,
  mayBeAtBroker,
  reach,
  brokerOf,

  generationOf: spokenOf,
  // The columns Class and Plan follow the spec with every write.
  alongWith: (decided, stores, now) => {
    const names = userSpecifiedNames(decided.spec);
    return {
      userSpecifiedClassName: names.class,
      userSpecifiedPlanName: names.plan,
      conditions: withHiddenBuiltIn(withUpgrade(decided, stores, now), decided, stores, now),
    };
  },

  isSettled,
  isOurs: mayBeAtBroker,
  resolve: (task, instance) => {
    const { spec, metadata, status } = instance;
    const isMade = status?.provisionStatus === 'Provisioned';
    const resolution = resolveOffering(spec, metadata.namespace ?? '', task.stores);
    if (resolution.kind === 'unresolved') {
      const { reason, message } = resolution;
      return { kind: 'blocked', verdict: { kind: 'working', reason, message, usable: isMade } };
    }
    const { offering } = resolution;
    if (!mayBeAtBroker(instance) && isUnsureBuiltIn(instance, offering)) {
      return {
        kind: 'blocked',
        verdict: { kind: 'working', reason: 'BuiltInClassUnsure', message: unsureBuiltIn },
      };
    }
    const make = isMade ? updateInstance : provision;
    return {
      kind: 'found',
      refs: offeringRefs(offering),
      make: async (adopted) => make(task, adopted, offering),
    };
  },

  writeOf,
  succeeded: async (task, instance) => {
    const properties = instance.status?.inProgressProperties ?? undefined;
    const judgement =
      writeOf(instance) === 'update'
        ? updated(instance, properties, undefined)
        : provisioned(instance, properties, undefined, noteOfPolled(instance));
    await settle(task, instance, judgement);
    return stopFor(1);
  },
  failed: (instance, end) =>
    writeOf(instance) === 'update'
      ? updateEnd(instance, end)
      : pollOfCreationFailed(creationWords, end, instance),

  anew: (instanceID) => ({
    provisionStatus: 'NotProvisioned',
    deprovisionStatus: 'NotRequired',
    instanceID,
  }),

  announce: announceUpgrade,
  beforePurge,
  retain,
  mayGo: waitForBindings,
};

/** With looks at what the broker has, and with the Secrets of parameters that are followed: news of them are a change, as one of the spec is. */
export function lookedAfterKind(parts: FollowParts, checking: CheckParts): Kind<ServiceInstance> {
  const { news } = parts;
  return {
    ...instanceKind,
    tend: async (task, instance) => {
      const followed = await followParameters(task, instance, parts);
      return followed.kind === 'continue' ? checkService(task, followed.object, checking) : followed;
    },
    lookNow: (instance) => {
      checking.looks.soon(objectKey(instance));
      if (isFollowed(instance)) parts.checks.soon(objectKey(instance));
    },
    isSettled: async (task, instance) => !hasNews(parts, instance) && isSettled(task, instance),
    resolve: (task, instance) => {
      const found = instanceKind.resolve(task, instance);
      if (found.kind === 'blocked') return found;
      const make = async (adopted: ServiceInstance): Promise<Step<ServiceInstance>> => {
        news.delete(objectKey(adopted));
        return found.make(adopted);
      };
      return { ...found, make };
    },
    afterRun: (key, known) => {
      if (known !== undefined) return;
      news.delete(key);
      checking.missed.delete(key);
    },
  };
}

/** The spec has been dealt with, for good or bad, and the broker knows where the instance is. */
async function isSettled(task: InstanceTask, instance: ServiceInstance): Promise<boolean> {
  const { metadata, status = {} } = instance;
  const isUnderWay =
    status.observedGeneration !== metadata.generation ||
    Boolean(status.currentOperation) ||
    status.orphanMitigationInProgress === true ||
    Boolean(status.nextAttemptTime) ||
    isAdoptionNews(instance);
  if (isUnderWay) return false;
  const { conditions } = status;
  if (isConditionTrue(conditions, 'Failed') || isConditionTrue(conditions, 'Stalled')) {
    return !isRefusedByCatalog(instance) && !isIdHeldByAnother(instance) && !isIdOfAnotherCluster(instance);
  }
  return status.reconciledGeneration === metadata.generation && !(await hasNewContext(task, instance));
}

function reach(instance: ServiceInstance, stores: Stores): Reach | undefined {
  const known = knownInstance(instance, stores);
  if (known === undefined) return undefined;
  const { broker, serviceId, planId } = known;
  const request = { instanceId: instanceIdOf(instance), serviceId, planId };
  const operation = instance.status?.lastOperation ?? undefined;
  const making = writeOf(instance) === 'update' ? 'update' : 'provision';
  const of = isDeletion(instance, deletion.operation) ? 'deprovision' : making;
  return {
    broker,
    maxPollingSeconds: planWithId(instance, planId, stores)?.status?.maximumPollingDurationSeconds,
    delete: async (client, identity, signal) => client.deprovision({ ...request, identity }, signal),
    poll: async (client, identity, signal) =>
      client.pollInstance({ ...request, operation, of, identity }, signal),
  };
}

function brokerOf(instance: ServiceInstance, stores: Stores): BrokerRef | undefined {
  const known = knownInstance(instance, stores);
  if (known !== undefined) return known.broker;
  const resolution = resolveOffering(instance.spec, instance.metadata.namespace ?? '', stores);
  return resolution.kind === 'resolved' ? brokerRefOf(resolution.offering.class) : undefined;
}

/** What is under way, when it is no deletion. */
function writeOf({ status }: ServiceInstance): 'create' | 'update' {
  return status?.currentOperation === 'Update' ? 'update' : 'create';
}

function updateEnd(instance: ServiceInstance, { answer, cause, polled }: BadEnd): Judgement {
  return asyncUpdateFailed(instance, answer, cause, polled.kind === 'failed' ? polled : {});
}
