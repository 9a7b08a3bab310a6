// Generated from deploy/crds by `npm run generate`. Do not edit.
import type { ObjectMeta } from '../../base/object-meta.ts';
import type {
  CatalogRestrictions,
  Condition,
  ObjectReference,
  SkippedCatalogItem,
} from './shared-types.ts';

export type {
  CatalogRestrictions,
  Condition,
  ObjectReference,
  SkippedCatalogItem,
};

/** An Open Service Broker whose catalog is offered in every namespace. */
export interface ClusterServiceBroker {
  /** Group and version of the API, servicecatalog.k8s.io/v1beta1. */
  readonly apiVersion?: string;
  /** Kind of the object, ClusterServiceBroker. */
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  /** Where the broker is, how to log in to it, and what of its catalog to offer. */
  readonly spec: ClusterServiceBrokerSpec;
  /** What the controller knows about the object. Written by the controller only. */
  readonly status?: ClusterServiceBrokerStatus;
}

/** Where the broker is, how to log in to it, and what of its catalog to offer. */
export interface ClusterServiceBrokerSpec {
  /** Base URL of the broker, http or https; the paths of the Open Service Broker API are appended to it. */
  readonly url: string;
  /** Accept any certificate of the broker. For experiments only; not together with caBundle. */
  readonly insecureSkipTLSVerify?: boolean;
  /** Certificate authorities in PEM, base64-encoded. The broker's certificate must be signed by one of them; the authorities of the system then no longer count. */
  readonly caBundle?: string;
  /** How to log in to the broker. Without it, requests carry no credentials. */
  readonly authInfo?: ClusterServiceBrokerAuthInfo;
  /** Duration fetches the catalog again and again, each time relistDuration has passed; Manual only when relistRequests or another part of the spec changes. Empty means Duration. */
  readonly relistBehavior?: '' | 'Duration' | 'Manual';
  /** Time between two fetches of the catalog, in the notation of Go such as 15m0s or 24h; less than a minute counts as a minute. Absent, the setting of the controller applies. */
  readonly relistDuration?: string;
  /** Counter; raising it makes the controller fetch the catalog now. It never goes down. */
  readonly relistRequests?: number;
  /** Which part of the catalog becomes classes and plans. A class without any accepted plan is left out. */
  readonly catalogRestrictions?: CatalogRestrictions;
}

/** How to log in to the broker. Without it, requests carry no credentials. */
export interface ClusterServiceBrokerAuthInfo {
  /** User name and password. */
  readonly basic?: ClusterBasicAuthConfig;
  /** A bearer token. */
  readonly bearer?: ClusterBearerTokenAuthConfig;
}

/** User name and password. */
export interface ClusterBasicAuthConfig {
  /** The Secret with the keys username and password. */
  readonly secretRef: ObjectReference;
}

/** A bearer token. */
export interface ClusterBearerTokenAuthConfig {
  /** The Secret with the key token. */
  readonly secretRef: ObjectReference;
}

/** What the controller knows about the object. Written by the controller only. */
export interface ClusterServiceBrokerStatus {
  /** What is known about the object, one element per condition type. Clients of the original service catalog show the last element, so Ready comes last, and Failed after it once nothing more will be tried. */
  readonly conditions?: readonly Condition[];
  /** Generation of the object that the conditions describe. It is -1 until the controller has seen the object, so that tools which wait for Ready do not take a new object for a finished one. */
  readonly observedGeneration?: number;
  /** Last generation whose catalog was fetched and applied in full. */
  readonly reconciledGeneration?: number;
  /** When the current operation, or the first failed attempt of it, began. */
  readonly operationStartTime?: string | null;
  /** One word for the Status column: the type of the last condition when it is True, otherwise its reason. While the object is being deleted it says what that waits for. */
  readonly lastConditionState?: string;
  /** Failed attempts in a row of what is being tried now. Starts again at zero after a success. */
  readonly attempts?: number;
  /** Nothing is tried again before this time. Empty when nothing waits. */
  readonly nextAttemptTime?: string | null;
  /** The value of the annotation servicecatalog.k8s.io/sync-requested-at that was answered last, at most 64 characters of it. */
  readonly lastHandledSyncRequest?: string;
  /** When a fetch of the catalog last brought something new. One that changes nothing writes nothing, not even its time. */
  readonly lastCatalogRetrievalTime?: string | null;
  /** Value of spec.relistRequests that was last carried out. */
  readonly lastRelistRequests?: number;
  /** Entity tag of the catalog in use, with which the broker can answer "not modified". */
  readonly catalogETag?: string;
  /** Classes that the catalog in use gave. */
  readonly serviceClassCount?: number;
  /** Plans that the catalog in use gave. */
  readonly servicePlanCount?: number;
  /** Parts of the broker's catalog that could not be used. They do not keep the rest from being offered. */
  readonly skippedItems?: readonly SkippedCatalogItem[];
  /** Closed while calls go through; Open while the broker gets none because it kept failing; HalfOpen while a single call tries whether it has recovered. */
  readonly circuit?: '' | 'Closed' | 'Open' | 'HalfOpen';
}
