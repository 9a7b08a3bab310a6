// Generated from deploy/crds by `npm run generate`. Do not edit.
import type { ObjectMeta } from '../../base/object-meta.ts';
import type {
  BrokerReference,
  ClusterObjectReference,
  Condition,
  LocalObjectReference,
  MaintenanceInfo,
  ParametersFromSource,
  UserInfo,
} from './shared-types.ts';

export type {
  BrokerReference,
  ClusterObjectReference,
  Condition,
  LocalObjectReference,
  MaintenanceInfo,
  ParametersFromSource,
  UserInfo,
};

/** A service that somebody asked for: a database, a queue, an account. The controller has the broker provision it. */
export interface ServiceInstance {
  /** Group and version of the API, servicecatalog.k8s.io/v1beta1. */
  readonly apiVersion?: string;
  /** Kind of the object, ServiceInstance. */
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  /** What is wanted. A class is always named; the plan may be left out when the class has only one. */
  readonly spec: ServiceInstanceSpec;
  /** What the controller knows about the object. Written by the controller only. */
  readonly status?: ServiceInstanceStatus;
}

/** What is wanted. A class is always named; the plan may be left out when the class has only one. */
export interface ServiceInstanceSpec {
  /** Selects a ClusterServiceClass by the name that the broker gives it. */
  readonly clusterServiceClassExternalName?: string;
  /** Selects a ClusterServiceClass by its identifier at the broker. */
  readonly clusterServiceClassExternalID?: string;
  /** Selects a ClusterServiceClass by its Kubernetes name. */
  readonly clusterServiceClassName?: string;
  /** Selects a ClusterServicePlan by the name that the broker gives it. */
  readonly clusterServicePlanExternalName?: string;
  /** Selects a ClusterServicePlan by its identifier at the broker. */
  readonly clusterServicePlanExternalID?: string;
  /** Selects a ClusterServicePlan by its Kubernetes name. */
  readonly clusterServicePlanName?: string;
  /** Selects a ServiceClass of this namespace by the name that the broker gives it. */
  readonly serviceClassExternalName?: string;
  /** Selects a ServiceClass of this namespace by its identifier at the broker. */
  readonly serviceClassExternalID?: string;
  /** Selects a ServiceClass of this namespace by its Kubernetes name. */
  readonly serviceClassName?: string;
  /** Selects a ServicePlan of this namespace by the name that the broker gives it. */
  readonly servicePlanExternalName?: string;
  /** Selects a ServicePlan of this namespace by its identifier at the broker. */
  readonly servicePlanExternalID?: string;
  /** Selects a ServicePlan of this namespace by its Kubernetes name. */
  readonly servicePlanName?: string;
  /** The ClusterServiceClass that the selector was resolved to. Set at admission or by the controller. */
  readonly clusterServiceClassRef?: ClusterObjectReference;
  /** The ClusterServicePlan that the selector was resolved to. Set at admission or by the controller. */
  readonly clusterServicePlanRef?: ClusterObjectReference;
  /** The ServiceClass that the selector was resolved to. Set at admission or by the controller. */
  readonly serviceClassRef?: LocalObjectReference;
  /** The ServicePlan that the selector was resolved to. Set at admission or by the controller. */
  readonly servicePlanRef?: LocalObjectReference;
  /** Parameters for the broker, as a JSON object of any shape. Readable to everyone who may read this object: put secrets into parametersFrom. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Secrets whose content is merged with parameters before each call to the broker. The same top-level key in two places is an error. */
  readonly parametersFrom?: readonly ParametersFromSource[];
  /** First identifier of the instance at the broker, a random UUID unless given. Which one is in use now is in status.instanceID. */
  readonly externalID?: string;
  /** Who asked for the current spec, as the API server authenticated them. Set at admission and sent to the broker as originating identity. A value written by hand is overwritten. */
  readonly userInfo?: UserInfo;
  /** Counter; raising it makes the controller read the Secrets of parametersFrom again and send an update to the broker. Raised without any other change it upgrades an instance whose condition UpgradeAvailable is True. It never goes down. */
  readonly updateRequests?: number;
}

/** What the controller knows about the object. Written by the controller only. */
export interface ServiceInstanceStatus {
  /** What is known about the object, one element per condition type. Clients of the original service catalog show the last element, so Ready comes last, and Failed after it once nothing more will be tried. */
  readonly conditions?: readonly Condition[];
  /** Generation of the object that the conditions describe. It is -1 until the controller has seen the object, so that tools which wait for Ready do not take a new object for a finished one. */
  readonly observedGeneration?: number;
  /** One word for the Status column: the type of the last condition when it is True, otherwise its reason. While the object is being deleted it says what that waits for. */
  readonly lastConditionState?: string;
  /** Identifier of the instance in use at the broker. It starts as spec.externalID; after a failed attempt was cleaned up, the next one gets a fresh one. */
  readonly instanceID?: string;
  /** Operation that has been decided on and is not finished. */
  readonly currentOperation?: '' | 'Provision' | 'Update' | 'Deprovision';
  /** When the current operation is given up. Bounds every retry and the polling of the broker. */
  readonly operationDeadline?: string | null;
  /** Key that the broker gave for its asynchronous operation, sent back with every poll. */
  readonly lastOperation?: string | null;
  /** What the broker last said about the operation, shortened. */
  readonly lastOperationDescription?: string;
  /** True while the broker works on an accepted operation and is being polled. */
  readonly asyncOpInProgress?: boolean;
  /** True while a request is on record whose first answer was 200 OK: the instance was at the broker before this object asked for it. It is then not deleted when a later request fails. Also true of an instance that was taken up with another plan or other parameters than its spec asks for, until its spec has changed. */
  readonly existedBefore?: boolean;
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
  readonly inProgressProperties?: ServiceInstancePropertiesState;
  /** What the broker last accepted. */
  readonly externalProperties?: ServiceInstancePropertiesState;
  /** Whether the instance exists at the broker. */
  readonly provisionStatus?: '' | 'Provisioned' | 'NotProvisioned';
  /** Whether the broker has to be told when the instance is deleted, and how that went. */
  readonly deprovisionStatus?: '' | 'NotRequired' | 'Required' | 'Succeeded' | 'Failed';
  /** Whether the broker last said that the instance works. Absent while it has said nothing. */
  readonly usable?: boolean | null;
  /** Whether the broker last said that a failed update may be sent again. Absent while it has said nothing. */
  readonly updateRepeatable?: boolean | null;
  /** Checksum of the parameters in the last update request, until an update has succeeded: what was refused is not sent again. Empty when it had none. */
  readonly toldParameterChecksum?: string;
  /** What the broker says of the instance for people, as it last said it. Entries that would be no label of Kubernetes are left out. They are no labels of this object: nothing selects by the word of a broker. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Value of spec.updateRequests that was last carried out. */
  readonly handledUpdateRequests?: number;
  /** Where the broker lets people manage the instance. */
  readonly dashboardURL?: string | null;
  /** Defaults of class and plan that went into the parameters of this instance. */
  readonly defaultProvisionParameters?: Readonly<Record<string, unknown>>;
  /** Kind and selector of the class as the user wrote it, such as ClusterServiceClass/mysql. */
  readonly userSpecifiedClassName?: string;
  /** Selector of the plan as the user wrote it. */
  readonly userSpecifiedPlanName?: string;
}

export interface ServiceInstancePropertiesState {
  /** External name of the ClusterServicePlan; empty for a plan of the namespace. */
  readonly clusterServicePlanExternalName?: string;
  /** Identifier of the ClusterServicePlan at the broker; empty for a plan of the namespace. */
  readonly clusterServicePlanExternalID?: string;
  /** External name of the ServicePlan of the namespace. */
  readonly servicePlanExternalName?: string;
  /** Identifier of the ServicePlan of the namespace at the broker. */
  readonly servicePlanExternalID?: string;
  /** Identifier of the service that was sent to the broker. */
  readonly serviceID?: string;
  /** Identifier of the plan that was sent to the broker. */
  readonly planID?: string;
  /** The broker that was called, so that clean-up finds it even when the class is gone. */
  readonly broker?: BrokerReference;
  /** Version that the instance was last provisioned with or upgraded to. */
  readonly maintenanceInfo?: MaintenanceInfo;
  /** The merged parameters. A top-level key that came from a Secret has the value "<redacted>". */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Checksum of the merged parameters, those from Secrets included. */
  readonly parameterChecksum?: string;
  /** Checksum of the OSB context that the broker was told last. */
  readonly contextChecksum?: string;
  /** Who asked for this operation. */
  readonly userInfo?: UserInfo;
}
