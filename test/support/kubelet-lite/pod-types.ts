/** The fields of a v1 Pod that kubelet-lite reads, as the API server serves them. */
export interface PodObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly containers: readonly ContainerSpec[];
    readonly initContainers?: readonly ContainerSpec[];
    readonly volumes?: readonly VolumeSpec[];
    readonly nodeName?: string;
    readonly serviceAccountName?: string;
  };
  readonly status?: { readonly podIP?: string; readonly hostIP?: string };
}

export interface ContainerSpec {
  readonly name: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly restartPolicy?: string;
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly EnvFromSource[];
  readonly volumeMounts?: readonly VolumeMount[];
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: KeySelector;
    readonly configMapKeyRef?: KeySelector;
    readonly fieldRef?: { readonly fieldPath: string };
    readonly resourceFieldRef?: object;
    readonly fileKeyRef?: object;
  };
}

export interface KeySelector extends ObjectSelector {
  readonly key: string;
}

export interface ObjectSelector {
  readonly name: string;
  readonly optional?: boolean;
}

export interface EnvFromSource {
  readonly prefix?: string;
  readonly secretRef?: ObjectSelector;
  readonly configMapRef?: ObjectSelector;
}

export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly subPathExpr?: string;
  readonly readOnly?: boolean;
}

export interface VolumeSpec {
  readonly name: string;
  readonly secret?: ItemsSource & { readonly secretName: string; readonly defaultMode?: number };
  readonly configMap?: ItemsSource & { readonly name: string; readonly defaultMode?: number };
  readonly downwardAPI?: DownwardSource & { readonly defaultMode?: number };
  readonly projected?: { readonly sources?: readonly ProjectedSource[]; readonly defaultMode?: number };
  readonly emptyDir?: object;
  readonly persistentVolumeClaim?: object;
  readonly hostPath?: object;
}

export interface ItemsSource {
  readonly items?: readonly { readonly key: string; readonly path: string; readonly mode?: number }[];
  readonly optional?: boolean;
}

export interface DownwardSource {
  readonly items?: readonly {
    readonly path: string;
    readonly mode?: number;
    readonly fieldRef?: { readonly fieldPath: string };
    readonly resourceFieldRef?: object;
  }[];
}

export interface ProjectedSource {
  readonly secret?: ItemsSource & { readonly name: string };
  readonly configMap?: ItemsSource & { readonly name: string };
  readonly downwardAPI?: DownwardSource;
  readonly serviceAccountToken?: object;
  readonly clusterTrustBundle?: object;
}
