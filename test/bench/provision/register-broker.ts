import type { BenchApi } from './bench-api.ts';
import { apiVersion } from './objects.ts';
import { ReadyWatch } from './ready-watch.ts';

/** Registers a broker of the cluster; resolves when its catalog is there. */
export async function registerBroker(
  api: BenchApi,
  name: string,
  url: string,
  timeoutMs: number,
): Promise<void> {
  const path = `/apis/${apiVersion}/clusterservicebrokers`;
  const watch = await ReadyWatch.open(api, path);
  try {
    await api.create(path, {
      apiVersion,
      kind: 'ClusterServiceBroker',
      metadata: { name },
      spec: { url },
    });
    await watch.ready([name], timeoutMs);
  } finally {
    await watch.close();
  }
}
