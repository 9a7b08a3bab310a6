/** What the kubelet would make of a Pod, or what it would wait for. */
export type PodResolution =
  | { readonly kind: 'resolved'; readonly containers: Readonly<Record<string, ContainerResolution>> }
  /** No container starts before all volumes are mounted. */
  | Waiting<'FailedMount'>;

export type ContainerResolution = ResolvedContainer | Waiting<'CreateContainerConfigError'>;

/** `reason` and `message` are those of the kubelet's Event or container status. */
export interface Waiting<Reason extends string> {
  readonly kind: 'waiting';
  readonly reason: Reason;
  readonly message: string;
}

export interface ResolvedContainer {
  readonly kind: 'ready';
  readonly name: string;
  /** An init container with `restartPolicy: Always` is a sidecar. */
  readonly role: 'init' | 'sidecar' | 'main';
  readonly env: Readonly<Record<string, string>>;
  /** With `$(NAME)` expanded; empty when the image says what to run. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir?: string;
  readonly mounts: readonly ResolvedMount[];
  /** By mount path, then by path below it. A `subPath` that is one file has the one path ''. */
  readonly files: Readonly<Record<string, FileTree>>;
  /** What a kubelet would give and kubelet-lite does not, in words. */
  readonly notProvided: readonly string[];
}

export interface ResolvedMount {
  readonly mountPath: string;
  readonly volume: string;
  /** Also true without `readOnly` for the volumes that the kubelet itself fills. */
  readonly readOnly: boolean;
  /**
   * `atomic`: the kubelet's directory with `..data`, replaced as a whole when the source changes;
   * `directory`: a plain one, as of emptyDir and of a subPath; `file`: a subPath that is one file.
   */
  readonly layout: 'atomic' | 'directory' | 'file';
}

export type FileTree = Readonly<Record<string, VolumeFile>>;

export interface VolumeFile {
  readonly content: Buffer;
  /** Permission bits, such as 0o644. */
  readonly mode: number;
}
