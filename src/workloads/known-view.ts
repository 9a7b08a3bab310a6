import type { Store } from '../control/store.ts';
import { objectKey } from '../kube/objects.ts';
import type { KeptPreset } from '../model/kept-form.ts';
import { scoped, type Stores } from '../model/stores.ts';
import type { NamespaceView } from './keeping/in-use.ts';
import type { KeptPod, RawPod } from './pod.ts';
import type { RawWorkload, Workload } from './workload.ts';

/** Each with an index `namespace` of those that ask. */
export type KnownWorkloads = readonly {
  readonly store: Pick<Store<Workload, RawWorkload>, 'byIndex' | 'get'>;
}[];
/** With an index `namespace` of those that need something. */
export type KnownPods = { readonly store: Pick<Store<KeptPod, RawPod>, 'byIndex' | 'get'> };
/** With an index `namespace`. */
export type KnownPresets = { readonly store: Pick<Store<KeptPreset>, 'byIndex'> };

/** The namespace as the watches have told it: enough to make something, and to find that something looks unused. */
export function knownView(
  {
    stores,
    workloads,
    pods,
    presets,
  }: {
    readonly stores: Pick<Stores, 'serviceInstances' | 'serviceBindings'>;
    readonly workloads: KnownWorkloads;
    readonly pods: KnownPods;
    readonly presets: KnownPresets;
  },
  namespace: string,
): NamespaceView {
  const { serviceInstances, serviceBindings } = stores;
  const instances = serviceInstances.store.byIndex('generated', namespace);
  return {
    workloads: workloads.flatMap(({ store }) => store.byIndex('namespace', namespace)),
    pods: pods.store.byIndex('namespace', namespace),
    presets: presets.store.byIndex('namespace', namespace),
    instances,
    bindings: serviceBindings.store.byIndex('generated', namespace),
    users: instances.flatMap((instance) => serviceBindings.store.byIndex('instance', objectKey(instance))),
    isThere: ({ kind, name }) => {
      const key = scoped(namespace, name);
      if (kind === 'Pod') return pods.store.get(key) !== undefined;
      return workloads.some(({ store }) => store.get(key)?.kind === kind);
    },
  };
}
