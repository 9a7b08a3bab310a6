// Generated from deploy/crds by `npm run generate`. Do not edit.
import type { ObjectMeta } from '../../base/object-meta.ts';
import type {
  Condition,
} from './shared-types.ts';

export type {
  Condition,
};

/** Adds variables, volumes and bindings to the Pods of its namespace that its selector chooses, when they are created. The original service catalog declared this type and never served it. */
export interface PodPreset {
  /** Group and version of the API, settings.servicecatalog.k8s.io/v1alpha1. */
  readonly apiVersion?: string;
  /** Kind of the object, PodPreset. */
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  /** Which Pods to change, and what to add to them. */
  readonly spec: PodPresetSpec;
  /** Whether Pods can be created with the preset. Written by the controller only. */
  readonly status?: PodPresetStatus;
}

/** Which Pods to change, and what to add to them. */
export interface PodPresetSpec {
  /** Chooses Pods of the namespace by their labels. An empty selector means all Pods; none means no Pod. */
  readonly selector?: LabelSelector;
  /** Bindings to project into the Pods as files and variables, as the annotation bind.servicecatalog.k8s.io/<name> of a Pod does for itself. Not part of the original type. */
  readonly bindings?: readonly PodPresetBinding[];
  /** Variables to add to every container. */
  readonly env?: readonly EnvVar[];
  /** Secrets and ConfigMaps whose keys all become variables of every container. */
  readonly envFrom?: readonly EnvFromSource[];
  /** Volumes to add to the Pod. */
  readonly volumes?: readonly PodPresetVolume[];
  /** Mounts to add to every container. */
  readonly volumeMounts?: readonly VolumeMount[];
}

/** Chooses Pods of the namespace by their labels. An empty selector means all Pods; none means no Pod. */
export interface LabelSelector {
  /** Labels that must be there with exactly these values. */
  readonly matchLabels?: Readonly<Record<string, string>>;
  /** Conditions on labels, all of which must hold. */
  readonly matchExpressions?: readonly LabelSelectorRequirement[];
}

/** One condition. */
export interface LabelSelectorRequirement {
  /** Key of the label. */
  readonly key: string;
  /** How the label relates to the values. */
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  /** Values for In and NotIn. */
  readonly values?: readonly string[];
}

/** One binding. The fields have the notation of the annotations of the same name. */
export interface PodPresetBinding {
  /** Name of the directory below $SERVICE_BINDING_ROOT. */
  readonly name: string;
  /** Where the credentials are, binding/<ServiceBinding> or secret/<Secret>. Empty means binding/<name>. */
  readonly from?: string;
  /** Variables to set, such as DATABASE_URL=uri,PGPASSWORD=password, or DB_* for all keys with a prefix. */
  readonly env?: string;
  /** Containers that take part, by name or class, such as app,!proxy,init:*. Empty means all. */
  readonly containers?: string;
  /** Absolute path of the directory instead of the usual one, or none for variables only. */
  readonly mount?: string;
  /** Replaces the type entry of the Secret. */
  readonly type?: string;
  /** Replaces the provider entry of the Secret. */
  readonly provider?: string;
}

/** One variable. */
export interface EnvVar {
  /** Name of the variable. */
  readonly name: string;
  /** Its value. $(NAME) stands for a variable defined before. */
  readonly value?: string;
  /** Where to take the value from instead. */
  readonly valueFrom?: EnvVarSource;
}

/** Where to take the value from instead. */
export interface EnvVarSource {
  /** A key of a Secret in the namespace of the Pod. */
  readonly secretKeyRef?: EnvKeySelector;
  /** A key of a ConfigMap in the namespace of the Pod. */
  readonly configMapKeyRef?: EnvKeySelector;
  /** A variable from a file of variables in a volume. */
  readonly fileKeyRef?: EnvFileSelector;
  /** A field of the Pod. */
  readonly fieldRef?: EnvFieldSelector;
  /** A request or limit of a container. */
  readonly resourceFieldRef?: EnvResourceSelector;
}

export interface EnvKeySelector {
  /** Name of the object. */
  readonly name: string;
  /** Key in the object. */
  readonly key: string;
  /** Whether the container may start without the object or the key. */
  readonly optional?: boolean;
}

/** A variable from a file of variables in a volume. */
export interface EnvFileSelector {
  /** Name of the volume. */
  readonly volumeName: string;
  /** Path of the file in the volume. */
  readonly path: string;
  /** Name of the variable in the file. */
  readonly key: string;
  /** Whether the container may start without the file or the variable. */
  readonly optional?: boolean;
}

/** A field of the Pod. */
export interface EnvFieldSelector {
  /** Version of the schema that the path is written for, v1 unless given. */
  readonly apiVersion?: string;
  /** Path of the field, such as metadata.name. */
  readonly fieldPath: string;
}

/** A request or limit of a container. */
export interface EnvResourceSelector {
  /** Name of the container; its own unless given. */
  readonly containerName?: string;
  /** Name of the resource, such as limits.memory. */
  readonly resource: string;
  /** Unit of the value, such as 1Mi. */
  readonly divisor?: number | string;
}

/** One source of variables. */
export interface EnvFromSource {
  /** Put before the name of each variable. */
  readonly prefix?: string;
  /** The Secret. */
  readonly secretRef?: EnvSourceReference;
  /** The ConfigMap. */
  readonly configMapRef?: EnvSourceReference;
}

export interface EnvSourceReference {
  /** Name of the object. */
  readonly name: string;
  /** Whether the container may start without the object. */
  readonly optional?: boolean;
}

/** One volume, with any source that a Pod may have. */
export interface PodPresetVolume {
  /** Name of the volume. */
  readonly name: string;
  readonly [k: string]: unknown;
}

/** One mount. */
export interface VolumeMount {
  /** Name of the volume. */
  readonly name: string;
  /** Path in the container. */
  readonly mountPath: string;
  /** Path in the volume to mount instead of its root. */
  readonly subPath?: string;
  /** As subPath, with $(NAME) for variables of the container. Excludes subPath. */
  readonly subPathExpr?: string;
  /** Whether the container may only read. */
  readonly readOnly?: boolean;
  /** Whether mounts below this one are read-only as well. */
  readonly recursiveReadOnly?: 'Disabled' | 'IfPossible' | 'Enabled';
  /** How mounts travel between host and container. */
  readonly mountPropagation?: 'None' | 'HostToContainer' | 'Bidirectional';
}

/** Whether Pods can be created with the preset. Written by the controller only. */
export interface PodPresetStatus {
  /** What is known about the object, one element per condition type. Clients of the original service catalog show the last element, so Ready comes last, and Failed after it once nothing more will be tried. */
  readonly conditions?: readonly Condition[];
  /** Generation of the object that the conditions describe. It is -1 until the controller has seen the object, so that tools which wait for Ready do not take a new object for a finished one. */
  readonly observedGeneration?: number;
  /** One word for the Status column: the type of the last condition when it is True, otherwise its reason. */
  readonly lastConditionState?: string;
}
