import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { podPresets, serviceBindings, serviceInstances } from '../api/kinds.ts';
import { errorMessage } from '../base/logger.ts';
import { keptBrokered, keptPreset } from '../model/kept-form.ts';
import type { KubeClient } from '../kube/client.ts';
import { listPages } from '../kube/list-pages.ts';
import type { KubeList } from '../kube/objects.ts';
import { pods, type Resource } from '../kube/resources.ts';
import type { NamespaceView } from './keeping/in-use.ts';
import { trimPod, type RawPod } from './pod.ts';
import { trimWorkload, workloadKinds, type RawWorkload } from './workload.ts';

/**
 * The namespace as it is at this moment, read from the API server and not from what this process has heard: a watch
 * may be silent for minutes, and one that has just begun knows nothing. Without a resourceVersion a list is consistent:
 * it shows every write that was answered before it.
 * @throws Error that names the kind that can not be listed: then nobody knows who asks
 */
export async function liveView(
  client: Pick<KubeClient, 'list'>,
  namespace: string,
  signal: AbortSignal,
): Promise<NamespaceView> {
  const selection = { namespace };
  const listed = async <K>({ plural }: Resource, list: Promise<KubeList<K>>): Promise<readonly K[]> => {
    try {
      return (await list).items;
    } catch (error) {
      const what = `nothing is removed in namespace "${namespace}": ${plural} can not be listed`;
      throw new Error(`${what}: ${errorMessage(error)}`, { cause: error });
    }
  };
  const listBindings = (): Promise<readonly ServiceBinding[]> =>
    listed(
      serviceBindings,
      listPages(client, serviceBindings, selection, { signal }, keptBrokered<ServiceBinding>),
    );
  // What is there before who asks for it: whoever asks in between is seen. Bindings are both. A list may take a tenth of
  // a second, in which the API server brings its cache up to date.
  const [instances, bindings] = await Promise.all([
    listed(
      serviceInstances,
      listPages(client, serviceInstances, selection, { signal }, keptBrokered<ServiceInstance>),
    ),
    listBindings(),
  ]);
  const [users, kept, presets, ...found] = await Promise.all([
    listBindings(),
    listed(
      pods,
      listPages(client, pods, selection, { signal }, (raw: RawPod) => trimPod(raw)),
    ),
    listed(podPresets, listPages(client, podPresets, selection, { signal }, keptPreset)),
    ...workloadKinds.map((kind) =>
      listed(
        kind,
        listPages(client, kind, selection, { signal }, (raw: RawWorkload) => trimWorkload(kind.kind, raw)),
      ),
    ),
  ]);
  const workloads = found.flat();
  const there = new Set(workloads.map(({ kind, metadata: { name } }) => `${kind}/${name}`));
  for (const { metadata } of kept) there.add(`Pod/${metadata.name}`);
  return {
    workloads,
    pods: kept,
    presets,
    instances,
    bindings,
    users,
    isThere: ({ kind, name }) => there.has(`${kind}/${name}`),
  };
}
