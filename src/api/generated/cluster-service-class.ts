// Generated from deploy/crds by `npm run generate`. Do not edit.
import type { ObjectMeta } from '../../base/object-meta.ts';
import type {
  Condition,
  DashboardClient,
} from './shared-types.ts';

export type {
  Condition,
  DashboardClient,
};

/** A service that a ClusterServiceBroker offers. Made and kept up to date by the controller from the broker's catalog. */
export interface ClusterServiceClass {
  /** Group and version of the API, servicecatalog.k8s.io/v1beta1. */
  readonly apiVersion?: string;
  /** Kind of the object, ClusterServiceClass. */
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  /** The service as the broker's catalog describes it. */
  readonly spec: ClusterServiceClassSpec;
  /** What the controller knows about the object. Written by the controller only. */
  readonly status?: ClusterServiceClassStatus;
}

/** The service as the broker's catalog describes it. */
export interface ClusterServiceClassSpec {
  /** Name of the ClusterServiceBroker that offers the class. */
  readonly clusterServiceBrokerName: string;
  /** Name that the broker gives the class, which people use to ask for it. */
  readonly externalName: string;
  /** Identifier of the class at the broker. */
  readonly externalID: string;
  /** What the broker says the class is, in a sentence. */
  readonly description?: string;
  /** Display name, costs and whatever else the broker wants to show. */
  readonly externalMetadata?: Readonly<Record<string, unknown>>;
  /** Whether instances can be bound. A plan may say otherwise for itself. */
  readonly bindable?: boolean;
  /** Whether the broker can return a binding again, which asynchronous binding needs. */
  readonly bindingRetrievable?: boolean;
  /** Whether an instance may change its plan. A plan may say otherwise for itself. */
  readonly planUpdatable?: boolean;
  /** Words by which to find and group services. */
  readonly tags?: readonly string[];
  /** Permissions that the broker says the service needs. */
  readonly requires?: readonly string[];
  /** Parameters for every new instance of this class, set by an administrator and never by the catalog. Parameters of the instance win over those of the plan, and these over those of the class. */
  readonly defaultProvisionParameters?: Readonly<Record<string, unknown>>;
}

/** What the controller knows about the object. Written by the controller only. */
export interface ClusterServiceClassStatus {
  /** What is known about the object, one element per condition type. Clients of the original service catalog show the last element, so Ready comes last, and Failed after it once nothing more will be tried. */
  readonly conditions?: readonly Condition[];
  /** Generation of the object that the conditions describe. It is -1 until the controller has seen the object, so that tools which wait for Ready do not take a new object for a finished one. */
  readonly observedGeneration?: number;
  /** One word for the Status column: the type of the last condition when it is True, otherwise its reason. */
  readonly lastConditionState?: string;
  /** True once the broker no longer offers the class. It then takes no new instances and is deleted after its last one. */
  readonly removedFromBrokerCatalog?: boolean;
  /** Whether the broker can return an instance again. */
  readonly instancesRetrievable?: boolean;
  /** Whether the broker wants to hear of changes that concern only the context of an instance. */
  readonly allowContextUpdates?: boolean;
  /** OAuth client of the service's dashboard. Its secret is never stored. */
  readonly dashboardClient?: DashboardClient;
}
