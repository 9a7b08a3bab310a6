import { loadConnection } from '../../../src/kube/credentials.ts';
import { KubeClient, type KubeClientDeps } from '../../../src/kube/client.ts';
import type { KubeConnection } from '../../../src/kube/connection.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { configMaps } from '../../../src/kube/resources.ts';

export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** A client with the credentials of a kubeconfig; the connection may be bent for a test. */
export async function realClient(
  kubeconfig: string,
  bend: (connection: KubeConnection) => KubeConnection = (connection) => connection,
  deps: Partial<KubeClientDeps> = {},
): Promise<KubeClient> {
  return new KubeClient({ connection: bend(await loadConnection({ kubeconfig })), ...deps });
}

export function createConfigMap(
  client: KubeClient,
  namespace: string,
  name: string,
  labels: Record<string, string> = {},
): Promise<ConfigMap> {
  return client.create<ConfigMap>(configMaps, {
    metadata: { namespace, name, labels },
    data: { key: 'value' },
  });
}
