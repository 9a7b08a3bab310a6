import type { JsonText } from '../base/json-text.ts';
import type { JsonObject } from '../base/json.ts';

/**
 * The documents of the Open Service Broker API 2.17 as the program sees them: camelCase, defaults applied, unknown
 * fields gone, `null` of an optional field the same as absent. Numbers inside free-form parts (`metadata`,
 * `credentials`, `parameters`, schemas) are exact tokens as made by base/json `parseExact`.
 */

/** Body of `GET /v2/catalog`. May be empty. */
export interface Catalog {
  readonly services: readonly CatalogService[];
}

export interface CatalogService {
  /** Globally unique and immutable: the only key to match with an earlier catalog. */
  readonly id: string;
  /** Unique in its catalog, compared case-sensitively. Any Unicode. */
  readonly name: string;
  readonly description: string;
  /** Default of its plans. */
  readonly bindable: boolean;
  /** Default of its plans. Absent in the document means false. */
  readonly planUpdateable: boolean;
  readonly instancesRetrievable: boolean;
  readonly bindingsRetrievable: boolean;
  readonly allowContextUpdates: boolean;
  readonly tags: readonly string[];
  readonly requires: readonly string[];
  /** Opaque; text when it is large. */
  readonly metadata?: JsonObject | JsonText;
  /** Cloud Foundry single sign-on. Its `secret` is dropped on arrival and exists nowhere in the program. */
  readonly dashboardClient?: { readonly id?: string; readonly redirectUri?: string };
  readonly plans: readonly CatalogPlan[];
}

export interface CatalogPlan {
  /** Globally unique; belongs to one offering for ever. */
  readonly id: string;
  /** Unique in its service. */
  readonly name: string;
  readonly description: string;
  /** Absent in the document means true. */
  readonly free: boolean;
  /** Overrides the service's. */
  readonly bindable?: boolean;
  /** Overrides the service's. */
  readonly planUpdateable?: boolean;
  readonly bindingRotatable: boolean;
  /** Opaque; text when it is large. */
  readonly metadata?: JsonObject | JsonText;
  /** JSON Schemas as the broker wrote them, not checked; text when they are large. */
  readonly schemas?: PlanSchemas;
  readonly maximumPollingDurationSeconds?: number;
  readonly maintenanceInfo?: MaintenanceInfo;
}

export interface PlanSchemas {
  readonly instanceCreate?: JsonObject | JsonText;
  readonly instanceUpdate?: JsonObject | JsonText;
  readonly bindingCreate?: JsonObject | JsonText;
}

export interface MaintenanceInfo {
  readonly version: string;
  readonly description?: string;
}

/** One thing that is wrong in a catalog, e.g. path `services[2].plans[0].id`. */
export interface CatalogProblem {
  readonly path: string;
  /** The `name` of the item that was left out, if it has one. */
  readonly name?: string;
  readonly message: string;
}

/** `X-Broker-API-Originating-Identity`: the user who caused a request. Left out of orphan mitigation and relists. */
export interface OriginatingIdentity {
  /** Must be the `platform` of the request's context (OSB, Originating Identity). */
  readonly platform: string;
  /** For Kubernetes: username, uid, groups, extra. */
  readonly value: JsonObject;
}

/** What every request about one service instance carries. */
export interface InstanceRequest {
  readonly instanceId: string;
  readonly serviceId: string;
  readonly planId: string;
  readonly identity?: OriginatingIdentity | undefined;
}

export interface ProvisionRequest extends InstanceRequest {
  readonly context: JsonObject;
  readonly organizationGuid: string;
  readonly spaceGuid: string;
  readonly parameters?: JsonObject | JsonText | undefined;
  readonly maintenanceInfoVersion?: string | undefined;
}

/** `planId`, `parameters`, `context` and `maintenanceInfoVersion` are sent only when given: state what changes. */
export interface UpdateRequest {
  readonly instanceId: string;
  readonly serviceId: string;
  /** Only when the plan changes. */
  readonly planId?: string | undefined;
  readonly context?: JsonObject | undefined;
  readonly parameters?: JsonObject | JsonText | undefined;
  readonly maintenanceInfoVersion?: string | undefined;
  readonly previousValues?:
    | { readonly planId?: string | undefined; readonly maintenanceInfoVersion?: string | undefined }
    | undefined;
  readonly identity?: OriginatingIdentity | undefined;
}

export type DeprovisionRequest = InstanceRequest;

export interface PollInstanceRequest extends InstanceRequest {
  /** `planId` must be the plan from before the update. */
  readonly operation?: string | undefined;
  /** What is polled. Flags of the answer that have no meaning for it are ignored. */
  readonly of?: 'provision' | 'update' | 'deprovision' | undefined;
}

/** `serviceId` and `planId` are hints here; a plan is left out where the broker may have another one by now. */
export interface GetInstanceRequest extends Omit<InstanceRequest, 'planId'> {
  readonly planId?: string | undefined;
}

export interface BindingRequest extends InstanceRequest {
  readonly bindingId: string;
}

export interface BindRequest extends BindingRequest {
  readonly context: JsonObject;
  /** `bind_resource.app_guid`, also sent as the deprecated top-level `app_guid`. */
  readonly appGuid?: string | undefined;
  /** Further fields of `bind_resource`. */
  readonly bindResource?: JsonObject | undefined;
  readonly parameters?: JsonObject | JsonText | undefined;
  /** True only when the service is `bindings_retrievable`: else an asynchronous binding could never be fetched. */
  readonly acceptsIncomplete: boolean;
  /** Rotation: parameters and bind_resource are then inherited from that binding and not sent. */
  readonly predecessorBindingId?: string | undefined;
}

export interface UnbindRequest extends BindingRequest {
  readonly acceptsIncomplete: boolean;
}

export interface PollBindingRequest extends BindingRequest {
  readonly operation?: string | undefined;
}

/** `serviceId` and `planId` are hints here. */
export type GetBindingRequest = BindingRequest;

/** Service instance metadata: labels are checked for nothing but being strings. */
export interface InstanceMetadata {
  readonly labels: Readonly<Record<string, string>>;
  readonly attributes?: JsonObject;
}

/** Good answer of provision and update. An absent `dashboardUrl` means: keep the one you know. */
export interface InstanceAnswer {
  readonly dashboardUrl?: string;
  readonly metadata?: InstanceMetadata;
}

/** Answer of `GET /v2/service_instances/{id}`. */
export interface FetchedInstance extends InstanceAnswer {
  readonly serviceId?: string;
  readonly planId?: string;
  readonly parameters?: JsonObject | JsonText;
  readonly maintenanceInfo?: MaintenanceInfo;
}

export interface BindingMetadata {
  /** ISO 8601 text as sent by the broker. */
  readonly expiresAt?: string;
  readonly renewBefore?: string;
}

export interface BindingEndpoint {
  readonly host: string;
  /** Single ports (`"443"`) and ranges (`"9000-9010"`), all within 1-65535. */
  readonly ports: readonly string[];
  readonly protocol: 'tcp' | 'udp' | 'all';
}

/** Good answer of bind, and of fetching a binding. */
export interface BindingAnswer {
  /** Absent when the broker sent none, which is legal for some kinds of service. Text when they are large. */
  readonly credentials?: JsonObject | JsonText;
  readonly metadata?: BindingMetadata;
  readonly endpoints: readonly BindingEndpoint[];
  readonly syslogDrainUrl?: string;
  readonly routeServiceUrl?: string;
  readonly volumeMounts?: readonly JsonObject[];
  /** What was dropped from the answer, for a warning: bad endpoints, unreadable times. Holds no credentials. */
  readonly warnings: readonly string[];
}

export interface FetchedBinding extends BindingAnswer {
  readonly parameters?: JsonObject | JsonText;
}

/** Deletes answer nothing that matters. */
export type DeletionAnswer = Readonly<Record<string, never>>;
