import type { PodReader } from './pod-reader.ts';

/** The data of a Secret or ConfigMap, or the kubelet's words for what is missing. */
export type SourceData =
  | { readonly kind: 'found'; readonly data: ReadonlyMap<string, Buffer> }
  | { readonly kind: 'missing'; readonly message: string };

export interface ObjectSource {
  readonly kind: 'secret' | 'configmap';
  readonly namespace: string;
  readonly name: string;
}

/** Reads Secrets and ConfigMaps, each once: all that a Pod gets from an object is from one state of it. */
export class ObjectSources {
  readonly #reader: PodReader;
  readonly #read = new Map<string, Promise<SourceData>>();

  constructor(reader: PodReader) {
    this.#reader = reader;
  }

  /** @param includeBinary whether the `binaryData` of a ConfigMap counts: in volumes it does, in env it does not */
  async get(source: ObjectSource, includeBinary: boolean): Promise<SourceData> {
    const key = `${source.kind}/${source.namespace}/${source.name}/${includeBinary}`;
    const known = this.#read.get(key);
    if (known !== undefined) return known;
    const reading = this.#fetch(source, includeBinary);
    this.#read.set(key, reading);
    return reading;
  }

  async #fetch({ kind, namespace, name }: ObjectSource, includeBinary: boolean): Promise<SourceData> {
    const data = new Map<string, Buffer>();
    if (kind === 'secret') {
      const secret = await this.#reader.getSecret(namespace, name);
      if (secret === undefined) return { kind: 'missing', message: `secret "${name}" not found` };
      for (const [key, value] of Object.entries(secret.data ?? {}))
        data.set(key, Buffer.from(value, 'base64'));
      return { kind: 'found', data };
    }
    const configMap = await this.#reader.getConfigMap(namespace, name);
    if (configMap === undefined) return { kind: 'missing', message: `configmap "${name}" not found` };
    for (const [key, value] of Object.entries(configMap.data ?? {})) data.set(key, Buffer.from(value));
    for (const [key, value] of Object.entries(includeBinary ? (configMap.binaryData ?? {}) : {})) {
      data.set(key, Buffer.from(value, 'base64'));
    }
    return { kind: 'found', data };
  }
}
