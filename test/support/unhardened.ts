interface SecurityContext {
  readonly runAsNonRoot?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly privileged?: boolean;
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  readonly seccompProfile?: { readonly type: string };
}

interface PodSpec {
  readonly securityContext?: SecurityContext;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly volumes?: readonly { readonly hostPath?: object }[];
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
}

interface Container {
  readonly name: string;
  readonly securityContext?: SecurityContext;
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly template?: { readonly spec: PodSpec } };
}

/**
 * What the Pods of manifests may do and need not, as "Deployment/a: b"; empty where they run without root, capabilities, the
 * host's namespaces and a writable root, and with bounded memory. More than the profile `restricted` asks for.
 */
export function unhardened(manifests: readonly Manifest[]): readonly string[] {
  return manifests.flatMap(({ kind, metadata, spec }) => {
    const pod = spec?.template?.spec;
    return pod === undefined ? [] : complaints(pod).map((words) => `${kind}/${metadata.name}: ${words}`);
  });
}

/** Names of the manifests that make Pods. */
export function podMakers(manifests: readonly Manifest[]): readonly string[] {
  return manifests
    .filter(({ spec }) => spec?.template?.spec !== undefined)
    .map(({ kind, metadata: { name } }) => `${kind}/${name}`);
}

function complaints(pod: PodSpec): readonly string[] {
  const { securityContext, hostNetwork, hostPID, hostIPC, volumes = [], initContainers = [] } = pod;
  return [
    ...said(securityContext?.runAsNonRoot !== true, 'may run as root'),
    ...said(securityContext?.seccompProfile?.type !== 'RuntimeDefault', 'has no seccomp profile'),
    ...said(hostNetwork === true || hostPID === true || hostIPC === true, "is in the host's namespaces"),
    ...said(
      volumes.some(({ hostPath }) => hostPath !== undefined),
      "mounts the host's files",
    ),
    ...[...initContainers, ...pod.containers].flatMap(containerComplaints),
  ];
}

function containerComplaints({ name, securityContext, resources }: Container): readonly string[] {
  const { readOnlyRootFilesystem, allowPrivilegeEscalation, privileged, capabilities } =
    securityContext ?? {};
  return [
    ...said(readOnlyRootFilesystem !== true, 'may write its root'),
    ...said(allowPrivilegeEscalation !== false || privileged === true, 'may get more rights'),
    ...said(
      capabilities?.drop?.includes('ALL') !== true || capabilities.add !== undefined,
      'has capabilities',
    ),
    ...said(resources?.limits?.['memory'] === undefined, 'has no limit of memory'),
    ...said(resources?.requests?.['memory'] === undefined, 'asks for no memory'),
  ].map((words) => `${name} ${words}`);
}

function said(isSo: boolean, words: string): readonly string[] {
  return isSo ? [words] : [];
}
