// Generated from deploy/crds by `npm run generate`. Do not edit.

export interface ObjectReference {
  /** Namespace of the Secret. */
  readonly namespace: string;
  /** Name of the Secret. */
  readonly name: string;
}

/** Which part of the catalog becomes classes and plans. A class without any accepted plan is left out. */
export interface CatalogRestrictions {
  /** Conditions on classes, all of which must hold, in the notation of label selectors over the properties name, spec.externalName and spec.externalID. */
  readonly serviceClass?: readonly string[];
  readonly servicePlan?: readonly string[];
}

/** One aspect of the state of an object. */
export interface Condition {
  /** Name of the aspect, such as Ready, Failed, Reconciling or Stalled. */
  readonly type: string;
  /** Whether the condition holds. */
  readonly status: 'True' | 'False' | 'Unknown';
  /** When the status of this condition last changed. A new reason or message does not move it. */
  readonly lastTransitionTime: string;
  /** Machine-readable cause in one CamelCase word. */
  readonly reason: string;
  /** Explanation for people. Never holds credentials or parameter values. */
  readonly message: string;
  /** Generation of the object that this condition was derived from. */
  readonly observedGeneration?: number;
}

/** One service or plan that was left out. */
export interface SkippedCatalogItem {
  /** Place in the catalog document, such as services[3].plans[0]. */
  readonly path: string;
  /** Name that the broker gives it, if it has one. */
  readonly name?: string;
  /** What is wrong with it. */
  readonly reason: string;
}

/** OAuth client of the service's dashboard. Its secret is never stored. */
export interface DashboardClient {
  /** Identifier that the broker wishes for the client. */
  readonly id?: string;
  /** Where the dashboard wants users sent after login. */
  readonly redirectURI?: string;
}

export interface ClusterObjectReference {
  readonly name: string;
}

export interface MaintenanceInfo {
  /** Semantic version. Two versions are compared for equality only. */
  readonly version?: string;
  /** What the broker says about this version. */
  readonly description?: string;
}

export interface LocalObjectReference {
  readonly name: string;
}

/** One source of parameters. */
export interface ParametersFromSource {
  /** A key of a Secret in the same namespace. Its value must be a JSON object. */
  readonly secretKeyRef: SecretKeyReference;
}

/** A key of a Secret in the same namespace. Its value must be a JSON object. */
export interface SecretKeyReference {
  /** Name of the Secret. */
  readonly name: string;
  /** Key of the Secret. */
  readonly key: string;
}

export interface UserInfo {
  /** Name that identifies the user among all active users. */
  readonly username?: string;
  /** Identifier that outlives a name. Empty for users known by a certificate. */
  readonly uid?: string;
  /** Groups the user belongs to. */
  readonly groups?: readonly string[];
  /** Further attributes that the authenticator supplied. */
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** The broker that was called, so that clean-up finds it even when the class is gone. */
export interface BrokerReference {
  /** Kind of the broker. */
  readonly kind: 'ClusterServiceBroker' | 'ServiceBroker';
  /** Name of the broker. A ServiceBroker is in the namespace of this object. */
  readonly name: string;
}
