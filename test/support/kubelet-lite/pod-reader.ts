/** All that kubelet-lite may know of a cluster. `undefined`: there is no such object. */
export interface PodReader {
  getSecret(namespace: string, name: string): Promise<SecretObject | undefined>;
  getConfigMap(namespace: string, name: string): Promise<ConfigMapObject | undefined>;
}

export interface SecretObject {
  /** Values in base64, as the API server serves them. */
  readonly data?: Readonly<Record<string, string>>;
}

export interface ConfigMapObject {
  readonly data?: Readonly<Record<string, string>>;
  /** Values in base64. */
  readonly binaryData?: Readonly<Record<string, string>>;
}
