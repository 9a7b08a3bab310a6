import type { Store } from '../control/store.ts';
import { objectKey } from '../kube/objects.ts';
import type { KeptPreset } from '../model/kept-form.ts';
import { scoped, type Stores } from '../model/stores.ts';
import type { NamespaceView } from './keeping/in-use.ts';
import type { KeptPod, RawPod } from './pod.ts';
import type { RawWorkload, Workload } from './workload.ts';

/** Each with an index `namespace` of those that ask, and those of `service-index.ts`. */
export type KnownWorkloads = readonly {
  readonly store: Pick<Store<Workload, RawWorkload>, 'byIndex' | 'get'>;
}[];
/** With an index `namespace` of those that need something, `needs`, and those of `service-index.ts`. */
export type KnownPods = { readonly store: Pick<Store<KeptPod, RawPod>, 'byIndex' | 'get'> };
/** With an index `namespace`. */
export type KnownPresets = { readonly store: Pick<Store<KeptPreset>, 'byIndex'> };

export interface Known {
  readonly stores: Pick<Stores, 'serviceInstances' | 'serviceBindings'>;
  readonly workloads: KnownWorkloads;
  readonly pods: KnownPods;
  readonly presets: KnownPresets;
}

/** The namespace as the watches have told it: enough to make something, and to find that something looks unused. */
export function knownView(known: Known, namespace: string): NamespaceView {
  const { stores, workloads, pods, presets } = known;
  const { serviceInstances, serviceBindings } = stores;
  const instances = serviceInstances.store.byIndex('generated', namespace);
  return {
    workloads: workloads.flatMap(({ store }) => store.byIndex('namespace', namespace)),
    pods: pods.store.byIndex('namespace', namespace),
    presets: presets.store.byIndex('namespace', namespace),
    instances,
    bindings: serviceBindings.store.byIndex('generated', namespace),
    users: instances.flatMap((instance) => serviceBindings.store.byIndex('instance', objectKey(instance))),
    isThere: isKnownThere(known, namespace),
  };
}

/** All in a namespace who ask for something to be made. */
export function askersIn({ workloads, pods }: Known, namespace: string): readonly Workload[] {
  return [
    ...workloads.flatMap(({ store }) => store.byIndex('namespace', namespace)),
    ...pods.store.byIndex('namespace', namespace).flatMap(({ asks }) => asks ?? []),
  ];
}

/** Whether there is a workload of this kind and name, be it asking or not. */
export function isKnownThere(
  { workloads, pods }: Pick<Known, 'workloads' | 'pods'>,
  namespace: string,
): NamespaceView['isThere'] {
  return ({ kind, name }) => {
    const key = scoped(namespace, name);
    if (kind === 'Pod') return pods.store.get(key) !== undefined;
    return workloads.some(({ store }) => store.get(key)?.kind === kind);
  };
}
