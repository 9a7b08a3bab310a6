/** An entry that a container needs for a variable and that its Secret does not have. */
export interface MissingKey {
  readonly secret: string;
  readonly key: string;
}

/** Of a container's status, what tells why it can not start. */
export interface ContainerState {
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string } | null;
  } | null;
}

/** The words of the kubelet (kuberuntime, `makeEnvironmentVariables`): names, and never a value. */
const words = /couldn't find key ([-._a-zA-Z0-9]{1,253}) in Secret [^\s/]+\/([-.a-z0-9]{1,253})$/;

/**
 * @param isUsed whether the Pod uses this Secret
 * @returns what the first container waits for; undefined when none waits for a key
 */
export function missingKeyOf(
  containers: readonly ContainerState[],
  isUsed: (secret: string) => boolean,
): MissingKey | undefined {
  for (const { state } of containers) {
    const { reason, message = '' } = state?.waiting ?? {};
    if (reason !== 'CreateContainerConfigError') continue;
    const [, key, secret] = words.exec(message) ?? [];
    if (key !== undefined && secret !== undefined && isUsed(secret)) return { secret, key };
  }
  return undefined;
}
