import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { Store } from '../../../src/control/store.ts';
import { createStores } from '../../../src/model/stores.ts';
import type { KeptPreset } from '../../../src/model/kept-form.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import type { RawPod } from '../../../src/workloads/pod.ts';
import { createWorkloadInformers } from '../../../src/workloads/workload-controller.ts';
import { workloadKinds, type RawWorkload } from '../../../src/workloads/workload.ts';

type Unversioned<T extends KubeObject> = Omit<T, 'metadata'> & { readonly metadata: Partial<T['metadata']> };

/** The stores of a process, filled by hand: everything is in namespace `n`. */
export function knownNamespace() {
  let version = 0;
  const nothing = { client: {} as never, logger: undefined as never };
  const stores = createStores(nothing);
  const { workloads, pods } = createWorkloadInformers(nothing);
  const presets = { store: new Store<KeptPreset>({ indexes: { namespace: () => ['n'] } }) };
  stores.namespaces.store.put({ metadata: { name: 'n', uid: 'n', resourceVersion: '1' } });

  const storeOf = (kind: string) => {
    const found = workloads[workloadKinds.findIndex((known) => known.kind === kind)];
    if (found === undefined) throw new Error(`nobody watches ${kind}`);
    return found.store;
  };
  const versioned = <T extends KubeObject>(object: Unversioned<T>): T => {
    const name = object.metadata.name ?? 'app';
    const resourceVersion = String((version += 1));
    return {
      ...object,
      metadata: { uid: `uid-of-${name}`, ...object.metadata, name, namespace: 'n', resourceVersion },
    } as T;
  };
  return {
    known: { stores, workloads, pods, presets },
    put: {
      workload: (kind: string, raw: Unversioned<RawWorkload>) => storeOf(kind).put(versioned(raw)),
      pod: (raw: Unversioned<RawPod>) => pods.store.put(versioned(raw)),
      preset: (raw: Unversioned<KeptPreset>) => presets.store.put(versioned(raw)),
      instance: (raw: Unversioned<ServiceInstance>) => stores.serviceInstances.store.put(versioned(raw)),
      binding: (raw: Unversioned<ServiceBinding>) => stores.serviceBindings.store.put(versioned(raw)),
    },
    remove: {
      workload: (kind: string, name: string) =>
        storeOf(kind).remove(versioned<RawWorkload>({ metadata: { name } })),
      pod: (name: string) => pods.store.remove(versioned<RawPod>({ metadata: { name } })),
      instance: (name: string) => {
        const object = stores.serviceInstances.store.get(`n/${name}`);
        if (object !== undefined) stores.serviceInstances.store.remove(versioned(object));
      },
      binding: (name: string) => {
        const object = stores.serviceBindings.store.get(`n/${name}`);
        if (object !== undefined) stores.serviceBindings.store.remove(versioned(object));
      },
    },
  };
}
