import type { ConfigMapObject, PodReader, SecretObject } from '../../../support/kubelet-lite/pod-reader.ts';
import type { ContainerSpec, PodObject, VolumeSpec } from '../../../support/kubelet-lite/pod-types.ts';
import type { PodResolution, ResolvedContainer } from '../../../support/kubelet-lite/resolution.ts';

/** A Secret as the API server serves it, from plain text. */
export function secret(values: Readonly<Record<string, string | Buffer>>): SecretObject {
  const encoded = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return { data: Object.fromEntries(encoded) as Record<string, string> };
}

/** A cluster with these objects in the namespace `shop`. */
export function readerOf(objects: {
  readonly secrets?: Readonly<Record<string, SecretObject>>;
  readonly configMaps?: Readonly<Record<string, ConfigMapObject>>;
}): PodReader {
  return {
    getSecret: async (namespace, name) => (namespace === 'shop' ? objects.secrets?.[name] : undefined),
    getConfigMap: async (namespace, name) => (namespace === 'shop' ? objects.configMaps?.[name] : undefined),
  };
}

/** A Pod `cart` in the namespace `shop` with one container `app`. */
export function podWith(container: Partial<ContainerSpec>, volumes: readonly VolumeSpec[] = []): PodObject {
  return {
    metadata: {
      name: 'cart',
      namespace: 'shop',
      uid: 'c0ffee',
      labels: { app: 'cart', tier: 'web' },
      annotations: { 'example.com/type': 'postgresql', note: 'two\nlines "quoted" \u0001' },
    },
    spec: {
      nodeName: 'node-1',
      serviceAccountName: 'cart-account',
      containers: [{ name: 'app', ...container }],
      volumes,
    },
  };
}

export function containerOf(resolution: PodResolution, name = 'app'): ResolvedContainer {
  if (resolution.kind === 'waiting') throw new Error(`the Pod waits: ${resolution.message}`);
  const container = resolution.containers[name];
  if (container?.kind !== 'ready')
    throw new Error(`the container waits: ${container?.message ?? 'there is none'}`);
  return container;
}

/** The files at a mount path as text. */
export function textsAt(container: ResolvedContainer, mountPath: string): Record<string, string> {
  const files = Object.entries(container.files[mountPath] ?? {});
  return Object.fromEntries(files.map(([path, file]) => [path, file.content.toString('utf8')]));
}

/** The permission bits at a mount path in octal. */
export function modesAt(container: ResolvedContainer, mountPath: string): Record<string, string> {
  const files = Object.entries(container.files[mountPath] ?? {});
  return Object.fromEntries(files.map(([path, file]) => [path, file.mode.toString(8)]));
}
