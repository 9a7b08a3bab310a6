// Generated from deploy/crds by `npm run generate`. Do not edit.
import type { ObjectMeta } from '../../base/object-meta.ts';
import type {
  ClusterObjectReference,
  Condition,
  MaintenanceInfo,
} from './shared-types.ts';

export type {
  ClusterObjectReference,
  Condition,
  MaintenanceInfo,
};

/** A plan of a ClusterServiceClass: one size or price of the service. Made and kept up to date by the controller from the broker's catalog. */
export interface ClusterServicePlan {
  /** Group and version of the API, servicecatalog.k8s.io/v1beta1. */
  readonly apiVersion?: string;
  /** Kind of the object, ClusterServicePlan. */
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  /** The plan as the broker's catalog describes it. */
  readonly spec: ClusterServicePlanSpec;
  /** What the controller knows about the object. Written by the controller only. */
  readonly status?: ClusterServicePlanStatus;
}

/** The plan as the broker's catalog describes it. */
export interface ClusterServicePlanSpec {
  /** Name of the ClusterServiceBroker that offers the plan. */
  readonly clusterServiceBrokerName: string;
  /** The class that the plan belongs to. */
  readonly clusterServiceClassRef: ClusterObjectReference;
  /** Name that the broker gives the plan, which people use to ask for it. */
  readonly externalName: string;
  /** Identifier of the plan at the broker. */
  readonly externalID: string;
  /** What the broker says the plan is, in a sentence. */
  readonly description?: string;
  /** Display name, costs and whatever else the broker wants to show. */
  readonly externalMetadata?: Readonly<Record<string, unknown>>;
  /** Whether the plan costs nothing. A broker that does not say means yes. */
  readonly free?: boolean;
  /** Whether instances of this plan can be bound. Absent, the class decides. */
  readonly bindable?: boolean;
  /** JSON Schema of the parameters of a new instance. */
  readonly instanceCreateParameterSchema?: Readonly<Record<string, unknown>>;
  /** JSON Schema of the parameters of a change to an instance. */
  readonly instanceUpdateParameterSchema?: Readonly<Record<string, unknown>>;
  /** JSON Schema of the parameters of a new binding. */
  readonly serviceBindingCreateParameterSchema?: Readonly<Record<string, unknown>>;
  /** Parameters for every new instance of this plan, set by an administrator and never by the catalog. Parameters of the instance win over those of the plan, and these over those of the class. */
  readonly defaultProvisionParameters?: Readonly<Record<string, unknown>>;
}

/** What the controller knows about the object. Written by the controller only. */
export interface ClusterServicePlanStatus {
  /** What is known about the object, one element per condition type. Clients of the original service catalog show the last element, so Ready comes last, and Failed after it once nothing more will be tried. */
  readonly conditions?: readonly Condition[];
  /** Generation of the object that the conditions describe. It is -1 until the controller has seen the object, so that tools which wait for Ready do not take a new object for a finished one. */
  readonly observedGeneration?: number;
  /** One word for the Status column: the type of the last condition when it is True, otherwise its reason. */
  readonly lastConditionState?: string;
  /** True once the broker no longer offers the plan. It then takes no new instances and is deleted after its last one. */
  readonly removedFromBrokerCatalog?: boolean;
  /** Whether an instance may leave this plan for another. Absent, the class decides. */
  readonly planUpdatable?: boolean | null;
  /** Whether the broker can make a successor of a binding, which rotation without interruption needs. */
  readonly bindingRotatable?: boolean;
  /** How long the broker wants to be polled at most for one operation, in seconds. */
  readonly maximumPollingDurationSeconds?: number;
  /** Version of what the broker now gives to new instances of this plan. */
  readonly maintenanceInfo?: MaintenanceInfo;
}
