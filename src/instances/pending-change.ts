import type { ServiceInstance, ServiceInstancePropertiesState } from '../api/generated/service-instance.ts';
import { compact } from '../base/compact.ts';
import type { JsonText } from '../base/json-text.ts';
import type { JsonObject } from '../base/json.ts';
import type { Offering } from '../model/resolve.ts';
import { driftToMend } from './check-service.ts';
import { isKeptAsFound, isUpdateRequested } from './instance-status.ts';
import { recordedPlan } from '../model/recorded-plan.ts';
import type { ServiceRequest } from './service-request.ts';

/** What an update has to tell the broker: the fields of the PATCH that change, and no others. */
export interface PendingChange {
  readonly planId: string | undefined;
  readonly parameters: JsonObject | JsonText | undefined;
  readonly maintenanceInfoVersion: string | undefined;
  readonly context: JsonObject | undefined;
  /** Nobody asked for it: the place where the instance is has changed. */
  readonly isContextOnly: boolean;
  /** A person has changed the spec. Who has changed a Secret, nobody knows. */
  readonly isAskedFor: boolean;
  /** What is on record once the broker has accepted it. */
  readonly properties: ServiceInstancePropertiesState;
}

type Properties = ServiceInstancePropertiesState;

/**
 * Compares the spec with what the broker is known to have (OSB, Updating a Service Instance). Undefined when there is
 * nothing to tell it.
 */
export function pendingChange(
  instance: ServiceInstance,
  offering: Offering,
  request: ServiceRequest,
): PendingChange | undefined {
  const wanted = request.properties;
  const confirmed = instance.status?.externalProperties ?? {};
  const news = newsFor(instance, offering, request);
  const isAsked = isWish(news);
  if (!isAsked && !news.context && !news.isUnsure) return undefined;

  const tellsContext = wantsContext(offering) || news.plan || news.parameters || news.version;
  const recorded = (isNew: boolean): Properties => (isNew ? wanted : confirmed);
  return {
    planId: given(news.plan, request.planId),
    parameters: statedParameters(request, news),
    maintenanceInfoVersion: given(news.version, request.maintenanceInfoVersion),
    context: given(tellsContext, request.context),
    isContextOnly: news.context && !isAsked,
    isAskedFor: news.spec,
    properties: compact({
      ...(news.isKept ? confirmed : wanted),
      maintenanceInfo: recorded(news.version).maintenanceInfo,
      contextChecksum: recorded(tellsContext).contextChecksum,
      userInfo: recorded(news.spec).userInfo,
    }),
  };
}

interface News {
  /** Of a generation that has not been carried out. */
  readonly spec: boolean;
  readonly plan: boolean;
  readonly parameters: boolean;
  readonly context: boolean;
  /** An upgrade that was asked for. Never together with another change: there are brokers that refuse that. */
  readonly version: boolean;
  /** Somebody bumped spec.updateRequests: the update is sent even when nothing seems to have changed. */
  readonly isRequested: boolean;
  /** Only another update can repair an instance that a failed one broke. */
  readonly isBroken: boolean;
  /** An update whose result nobody knows may have been carried out: what it changed is stated again. */
  readonly isUnsure: boolean;
  /** What was found at the broker stays, though the spec asks for something else. */
  readonly isKept: boolean;
}

/** Somebody has to want it; the rest happens by itself. */
function isWish({ plan, parameters, isRequested, isBroken }: News): boolean {
  return plan || parameters || isRequested || isBroken;
}

type Differs = (field: (properties: Properties) => string | undefined) => boolean;

/** What the broker has changed itself is stated again for whoever asks for it. */
function wishes(instance: ServiceInstance, differs: Differs): Pick<News, 'plan' | 'parameters'> {
  const drift = driftToMend(instance);
  return {
    plan: drift.plan || differs(recordedPlan),
    parameters: drift.parameters || differs(({ parameterChecksum }) => parameterChecksum),
  };
}

function newsFor(instance: ServiceInstance, offering: Offering, request: ServiceRequest): News {
  const { metadata, status = {} } = instance;
  const isKept = isKeptAsFound(instance);
  const confirmed = status.externalProperties ?? {};
  const attempted = status.inProgressProperties ?? undefined;
  const differs: Differs = (field) =>
    [confirmed, attempted ?? confirmed].some(
      (known) => (field(known) ?? '') !== (field(request.properties) ?? ''),
    );
  const isRequested = isUpdateRequested(instance);
  const { plan, parameters } = isKept ? { plan: false, parameters: false } : wishes(instance, differs);
  return {
    spec: isRequested || status.reconciledGeneration !== metadata.generation,
    plan,
    parameters,
    context: isToldContext(offering, confirmed) && differs(({ contextChecksum }) => contextChecksum),
    version: isRequested && !plan && !parameters && offersUpgrade(request, confirmed),
    isRequested,
    isBroken: status.usable === false,
    isUnsure: attempted !== undefined,
    isKept,
  };
}

function offersUpgrade({ maintenanceInfoVersion: offered }: ServiceRequest, confirmed: Properties): boolean {
  return offered !== undefined && offered !== confirmed.maintenanceInfo?.version;
}

/** What the broker was told first is not known of instances that the original Service Catalog made. */
function isToldContext(offering: Offering, { contextChecksum }: Properties): boolean {
  return wantsContext(offering) && contextChecksum !== undefined;
}

/** The broker wants to hear of new contexts; others are told with what a person asked for. */
function wantsContext({ class: { status } }: Offering): boolean {
  return status?.allowContextUpdates === true;
}

/** Parameters that were taken away are an empty object: leaving them out would mean "no change". */
function statedParameters({ parameters }: ServiceRequest, news: News): PendingChange['parameters'] {
  if (news.parameters) return parameters ?? {};
  return news.isBroken && !news.isKept ? parameters : undefined;
}

function given<T>(isGiven: boolean, value: T): T | undefined {
  return isGiven ? value : undefined;
}
