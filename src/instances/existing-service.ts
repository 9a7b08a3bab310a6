import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { isNamedAfter } from '../api/names.ts';
import { builtInBrokerName } from '../api/user-provided.ts';
import { JsonText } from '../base/json-text.ts';
import { jsonEqual, type JsonObject } from '../base/json.ts';
import { compact } from '../base/compact.ts';
import { parameterChecksum as checksumOf } from '../brokers/parameter-checksum.ts';
import { cameBack, hasGivenId } from '../model/given-id.ts';
import type { Offering } from '../model/resolve.ts';
import { brokerText } from '../osb/broker-text.ts';
import type { Failure } from '../osb/outcome-types.ts';
import type { FetchedInstance } from '../osb/types.ts';
import type { Telling } from '../operations/kind.ts';
import type { ChangesOf } from '../operations/operation-status.ts';
import type { InstanceTask } from './instance-status.ts';
import type { Note } from './provision-outcome.ts';
import { planWithId } from '../model/plan-at-broker.ts';
import { instanceIdOf } from './known-instance.ts';
import type { ServiceRequest } from './service-request.ts';

/** What the broker has under an id that came with the object. */
export type Existing =
  | { readonly kind: 'found'; readonly service: FetchedInstance }
  /** It says that it has nothing, also of what it is just making (OSB, Fetching a Service Instance). */
  | { readonly kind: 'none' }
  /** Services of this class are not shown, or the id is new: a request is the only question. */
  | { readonly kind: 'not-asked' }
  /** Of another class: nobody who asks for this one means it. */
  | ({ readonly kind: 'stranger' } & Telling)
  /** Nobody knows yet. */
  | ({ readonly kind: 'unclear' } & Telling);

/** Other answers say that it can not be asked in this way; then the request is as good a question. */
const passing: readonly (number | undefined)[] = [undefined, 401, 403, 408, 422, 429];

/**
 * GET /v2/service_instances/{id}, before anything is made: an object that comes back from a backup has its id and no status.
 * The plan is no part of the question, since the broker may have another one by now.
 */
export async function askForExisting(
  task: InstanceTask,
  instance: ServiceInstance,
  { class: ofClass, plan }: Offering,
  { client, serviceId, identity, broker }: ServiceRequest,
): Promise<Existing> {
  if (hasGivenId(instance) && [ofClass, plan].some(isHalfKnown)) {
    const message = 'The catalog of the broker is not written down wholly yet.';
    return { kind: 'unclear', reason: 'ErrorFetchingInstance', message };
  }
  if (!hasGivenId(instance) || ofClass.status?.instancesRetrievable !== true) return { kind: 'not-asked' };
  const instanceId = instanceIdOf(instance);
  const outcome = await client.getInstance({ instanceId, serviceId, identity }, task.signal);
  if (outcome.kind === 'failed') {
    task.connections.reportFailure(broker, outcome);
    return withoutAnswer(outcome);
  }
  const { serviceId: shown } = outcome.body;
  if (shown === undefined || shown === serviceId) return { kind: 'found', service: outcome.body };
  const message =
    `The broker has a service of another class (id "${brokerText(shown) ?? ''}") under the id "${instanceId}": nothing is asked for under it. ` +
    'Name its class, or delete this object, which deletes nothing there, and make it again without externalID.';
  return { kind: 'stranger', reason: 'IdOfAnotherService', message };
}

/**
 * A class or plan of a catalog that has the status of a new object only: in what is still to come is whether services are shown,
 * and which maintenance they had. Those that are made by hand need not be waited for, and those of the original have theirs.
 */
function isHalfKnown({ metadata, spec, status }: Offering['class'] | Offering['plan']): boolean {
  return status?.observedGeneration === -1 && isNamedAfter(spec.externalID, metadata.name);
}

function withoutAnswer({ status, message }: Failure): Existing {
  if (status === 404 || status === 410) return { kind: 'none' };
  const isPassing = passing.includes(status) || (status !== undefined && status >= 500 && status !== 501);
  if (!isPassing) return { kind: 'not-asked' };
  const cause = `Asking the broker what it has under this id failed: ${message}`;
  return { kind: 'unclear', reason: 'ErrorFetchingInstance', message: cause };
}

/** With the plan that the broker showed: it is stated, not changed. As it is where the catalog does not know that one. */
export function offeringAsFound(
  { stores }: InstanceTask,
  instance: ServiceInstance,
  offering: Offering,
  { planId }: FetchedInstance,
): Offering {
  if (planId === undefined || planId === offering.plan.spec.externalID) return offering;
  const plan = planWithId(instance, planId, stores);
  return plan === undefined ? offering : ({ ...offering, plan } as Offering);
}

/**
 * The requests that state what is there: the broker answers 200 to one that agrees with what it has, and is the one to say
 * whether this namespace may have it. First with the parameters of the spec, since what it shows of those may be less or
 * more than it was told, then with the shown ones.
 */
export async function statingWhatIs(
  { checksumKey }: InstanceTask,
  asked: ServiceRequest,
  { parameters, maintenanceInfo }: FetchedInstance,
): Promise<readonly [ServiceRequest, ServiceRequest?]> {
  const request = maintenanceInfo === undefined ? asked : withProperties(asked, { maintenanceInfo });
  if (parameters === undefined) return [request];
  const shown = asObject(parameters);
  if (jsonEqual(shown, asObject(request.parameters ?? {}))) return [request];
  // What is in them may be secret, so only their checksum is on record.
  const parameterChecksum = checksumOf(await checksumKey.get(), shown, {}, []);
  return [request, withProperties({ ...request, parameters }, { parameters: undefined, parameterChecksum })];
}

function withProperties(
  request: ServiceRequest,
  news: ChangesOf<ServiceRequest['properties']>,
): ServiceRequest {
  return { ...request, properties: compact({ ...request.properties, ...news }) };
}

function asObject(parameters: JsonObject | JsonText): JsonObject {
  return parameters instanceof JsonText ? (parameters.toJSON() as JsonObject) : parameters;
}

/** What is told of a service that was there, where it is not what the spec asks for. */
export function noteOfTakenUp(asked: ServiceRequest, taken: ServiceRequest): Note | undefined {
  const differing = [
    ...(asked.planId === taken.planId
      ? []
      : [`plan "${planNameOf(taken)}" instead of "${planNameOf(asked)}"`]),
    ...(asked.properties.parameterChecksum === taken.properties.parameterChecksum
      ? []
      : ['other parameters']),
  ];
  if (differing.length === 0) return undefined;
  const message =
    `The broker had it already, with ${differing.join(' and ')}, and it stays so. The next change of the spec (a greater ` +
    'updateRequests will do) makes it what the spec says.';
  return { message, event: 'Warning', isKept: true };
}

/** What is told of a service that was to come back, and is new. */
export function noteOfNew(instance: ServiceInstance): Note | undefined {
  const { existedBefore, inProgressProperties } = instance.status ?? {};
  if (!cameBack(instance) || existedBefore === true) return undefined;
  // There is nothing in a user-provided service but what its spec says.
  if (inProgressProperties?.broker?.name === builtInBrokerName) return undefined;
  const message =
    'The broker had nothing under the id that this object came with: the service is new, and empty.';
  return { message, event: 'Warning' };
}

/** After a 202: of one that was found nobody knows any more in what it differs, and it stays as it was. */
export function noteOfPolled(instance: ServiceInstance): Note | undefined {
  if (instance.status?.existedBefore !== true) return noteOfNew(instance);
  const message =
    'The broker had it already, and it stays as it was. The next change of the spec (a greater updateRequests will do) ' +
    'makes it what the spec says.';
  return { message, event: 'Normal', isKept: true };
}

function planNameOf({ properties }: ServiceRequest): string {
  const { clusterServicePlanExternalName, servicePlanExternalName, planID = '' } = properties;
  return clusterServicePlanExternalName || servicePlanExternalName || planID;
}
