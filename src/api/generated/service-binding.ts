// Generated from deploy/crds by `npm run generate`. Do not edit.
import type { ObjectMeta } from '../../base/object-meta.ts';
import type {
  BrokerReference,
  Condition,
  LocalObjectReference,
  ObjectReference,
  ParametersFromSource,
  UserInfo,
} from './shared-types.ts';

export type {
  BrokerReference,
  Condition,
  LocalObjectReference,
  ObjectReference,
  ParametersFromSource,
  UserInfo,
};

/** Credentials for a ServiceInstance, kept in a Secret of the same namespace. */
export interface ServiceBinding {
  /** Group and version of the API, servicecatalog.k8s.io/v1beta1. */
  readonly apiVersion?: string;
  /** Kind of the object, ServiceBinding. */
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  /** Which instance to bind and where to put the credentials. It can not be changed later; only what was left empty is filled in. */
  readonly spec: ServiceBindingSpec;
  /** What the controller knows about the object. Written by the controller only. */
  readonly status?: ServiceBindingStatus;
}

/** Which instance to bind and where to put the credentials. It can not be changed later; only what was left empty is filled in. */
export interface ServiceBindingSpec {
  /** The ServiceInstance to bind, in the same namespace. */
  readonly instanceRef: LocalObjectReference;
  /** Parameters for the broker, as a JSON object of any shape. Readable to everyone who may read this object: put secrets into parametersFrom. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Secrets whose content is merged with parameters before each call to the broker. The same top-level key in two places is an error. */
  readonly parametersFrom?: readonly ParametersFromSource[];
  /** Name of the Secret that receives the credentials. The name of the binding, unless given. */
  readonly secretName?: string;
  /** Changes to the credentials on their way into the Secret, applied one after the other. */
  readonly secretTransforms?: readonly SecretTransform[];
  /** First identifier of the binding at the broker, a random UUID unless given. Which one is in use now is in status.bindingID. */
  readonly externalID?: string;
  /** Who asked for the current spec, as the API server authenticated them. Set at admission and sent to the broker as originating identity. A value written by hand is overwritten. */
  readonly userInfo?: UserInfo;
}

/** One change; exactly one of its fields is set. */
export interface SecretTransform {
  /** Gives a key another name, if it is there. */
  readonly renameKey?: RenameKeyTransform;
  /** Adds a key. Of the three sources of its value the first that is set counts, in the order jsonPathExpression, stringValue, value. */
  readonly addKey?: AddKeyTransform;
  /** Adds all keys of another Secret, which whoever creates the binding must be allowed to read. */
  readonly addKeysFrom?: AddKeysFromTransform;
  /** Leaves a key out. */
  readonly removeKey?: RemoveKeyTransform;
}

/** Gives a key another name, if it is there. */
export interface RenameKeyTransform {
  /** The key as the broker calls it. */
  readonly from: string;
  /** The key as the Secret shall call it. */
  readonly to: string;
}

/** Adds a key. Of the three sources of its value the first that is set counts, in the order jsonPathExpression, stringValue, value. */
export interface AddKeyTransform {
  /** The key to add. */
  readonly key: string;
  /** The value in base64, for what is not text. */
  readonly value?: string;
  /** The value as text. */
  readonly stringValue?: string;
  /** A JSONPath template over the credentials, such as {.host}:{.port}. */
  readonly jsonPathExpression?: string;
}

/** Adds all keys of another Secret, which whoever creates the binding must be allowed to read. */
export interface AddKeysFromTransform {
  /** The Secret to copy from. */
  readonly secretRef: ObjectReference;
}

/** Leaves a key out. */
export interface RemoveKeyTransform {
  /** The key to leave out. */
  readonly key: string;
}

/** What the controller knows about the object. Written by the controller only. */
export interface ServiceBindingStatus {
  /** What is known about the object, one element per condition type. Clients of the original service catalog show the last element, so Ready comes last, and Failed after it once nothing more will be tried. */
  readonly conditions?: readonly Condition[];
  /** Generation of the object that the conditions describe. It is -1 until the controller has seen the object, so that tools which wait for Ready do not take a new object for a finished one. */
  readonly observedGeneration?: number;
  /** One word for the Status column: the type of the last condition when it is True, otherwise its reason. While the object is being deleted it says what that waits for. */
  readonly lastConditionState?: string;
  /** The Secret with the credentials, where every consumer of the Service Binding Specification looks for it (Provisioned Service). */
  readonly binding?: ServiceBindingSecretReference;
  /** What was made of the credentials in that Secret. Names of keys only, never values. */
  readonly secret?: ServiceBindingSecretState;
  /** What the Secret held when it was written, so that a Secret which was changed or lost is told from one that is right. Holds no value, and nothing that a value could be guessed from. */
  readonly secretContent?: ServiceBindingSecretContent;
  /** Logins at the broker in whose place another one was made, because their credentials were lost. Each is unbound when no container runs any more that may have read them, or when this object goes. */
  readonly replacedBindings?: readonly ServiceBindingReplaced[];
  /** Identifier of the binding in use at the broker. It starts as spec.externalID; after a rotation or a cleaned-up failure it is a fresh one. */
  readonly bindingID?: string;
  /** The binding was at the broker before anything was sent for this object, as after a restore from a backup. Whatever fails, it is never deleted there as an orphan. */
  readonly existedBefore?: boolean;
  /** Operation that has been decided on and is not finished. */
  readonly currentOperation?: '' | 'Bind' | 'Fetch' | 'Unbind';
  /** When the current operation is given up. Bounds every retry and the polling of the broker. */
  readonly operationDeadline?: string | null;
  /** Key that the broker gave for its asynchronous operation, sent back with every poll. */
  readonly lastOperation?: string | null;
  /** What the broker last said about the operation, shortened. */
  readonly lastOperationDescription?: string;
  /** True while the broker works on an accepted operation and is being polled. */
  readonly asyncOpInProgress?: boolean;
  /** True while something that may have been left behind at the broker is being removed. */
  readonly orphanMitigationInProgress?: boolean;
  /** Last generation that was carried out in full. Kept for clients of the original service catalog; observedGeneration with the conditions says more. */
  readonly reconciledGeneration?: number;
  /** When the current operation, or the first failed attempt of it, began. */
  readonly operationStartTime?: string | null;
  /** Failed attempts in a row of what is being tried now. Starts again at zero after a success. */
  readonly attempts?: number;
  /** Nothing is tried again before this time. Empty when nothing waits. */
  readonly nextAttemptTime?: string | null;
  /** The value of the annotation servicecatalog.k8s.io/sync-requested-at that was answered last, at most 64 characters of it. */
  readonly lastHandledSyncRequest?: string;
  /** What the operation under way has sent to the broker. */
  readonly inProgressProperties?: ServiceBindingPropertiesState;
  /** What the broker last accepted. */
  readonly externalProperties?: ServiceBindingPropertiesState;
  /** Whether the broker has to be told when the binding is deleted, and how that went. */
  readonly unbindStatus?: '' | 'NotRequired' | 'Required' | 'Succeeded' | 'Failed';
  /** When the broker ends the validity of the credentials. */
  readonly expiresAt?: string | null;
  /** When the credentials should be renewed at the latest, according to the broker. */
  readonly renewBefore?: string | null;
  /** Where the service is reached, according to the broker. When there are any, the list is complete: good input for a NetworkPolicy. */
  readonly endpoints?: readonly BindingEndpoint[];
}

/** The Secret with the credentials, where every consumer of the Service Binding Specification looks for it (Provisioned Service). */
export interface ServiceBindingSecretReference {
  /** Name of the Secret in the namespace of the binding. */
  readonly name: string;
}

/** What was made of the credentials in that Secret. Names of keys only, never values. */
export interface ServiceBindingSecretState {
  /** The annotation servicecatalog.k8s.io/shape that the Secret follows. */
  readonly shape?: string;
  /** Keys that readers of this type of binding look for in vain. */
  readonly missingKeys?: readonly string[];
  /** What of the shape could not be done. */
  readonly notes?: readonly string[];
  /** What was made of the keys that secretTransforms adds from other Secrets. */
  readonly copies?: ServiceBindingCopies;
}

/** What was made of the keys that secretTransforms adds from other Secrets. */
export interface ServiceBindingCopies {
  /** Keyed digest of these keys and their values. */
  readonly digest?: string;
  /** What was not copied. */
  readonly notes?: readonly string[];
}

/** What the Secret held when it was written, so that a Secret which was changed or lost is told from one that is right. Holds no value, and nothing that a value could be guessed from. */
export interface ServiceBindingSecretContent {
  /** Which key made it, and the keyed digest of the entries. */
  readonly digest: string;
  /** The entries that count. Absent when they would be too many: then all do. What somebody else adds is none of them. */
  readonly keys?: readonly string[];
}

/** One of them. */
export interface ServiceBindingReplaced {
  /** Identifier at the broker. */
  readonly bindingID: string;
  /** What the broker had accepted of it. */
  readonly properties?: ServiceBindingPropertiesState;
}

export interface ServiceBindingPropertiesState {
  /** Identifier of the service that was sent to the broker. */
  readonly serviceID?: string;
  /** Identifier of the plan that was sent to the broker. */
  readonly planID?: string;
  /** Identifier of the instance that was sent to the broker. */
  readonly instanceID?: string;
  /** The broker that was called, so that clean-up finds it even when the class is gone. */
  readonly broker?: BrokerReference;
  /** The merged parameters. A top-level key that came from a Secret has the value "<redacted>". */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Checksum of the merged parameters, those from Secrets included. */
  readonly parameterChecksum?: string;
  /** Whether bindings of the service can be fetched, which decides how they are deleted. */
  readonly bindingRetrievable?: boolean;
  /** How long an asynchronous operation may take, according to the plan. */
  readonly maximumPollingDurationSeconds?: number;
  /** Who asked for this operation. */
  readonly userInfo?: UserInfo;
}

/** One host with the ports that clients connect to. */
export interface BindingEndpoint {
  /** A host name or an IP address. */
  readonly host: string;
  /** Ports, and ranges of ports such as 9000-9010. */
  readonly ports: readonly string[];
  /** Protocol of the transport. */
  readonly protocol: 'tcp' | 'udp' | 'all';
}
