import { jsonEqual } from '../base/json.ts';
import { objectKey, type KubeObject } from '../kube/objects.ts';
import type { Stores } from '../model/stores.ts';
import { isOfOldDesign } from './making/old-services.ts';
import type { WorkloadDeps } from './workload-deps.ts';

type Waiting = Pick<
  Stores,
  'namespaces' | 'serviceClasses' | 'clusterServiceClasses' | 'serviceInstances' | 'serviceBindings'
>;

/**
 * What a workload waits for may come after it, in any order: the label of its namespace, or a class of a broker that is nearer.
 * Each of them has the namespaces, or the services, looked at again that it may matter to.
 * @param enqueue takes the name of a namespace, or `namespace/name` of an instance
 */
export function awaitOrder(
  stores: Waiting,
  workloads: WorkloadDeps['workloads'],
  enqueue: (key: string) => void,
): void {
  const { serviceInstances, serviceBindings, serviceClasses, clusterServiceClasses, namespaces } = stores;
  const isAsking = (namespace: string): boolean =>
    workloads.some(({ store }) => store.byIndex('namespace', namespace).length > 0);

  namespaces.store.subscribe(({ object: { metadata }, previous, removed }) => {
    const isNews = !jsonEqual(metadata.labels ?? {}, previous?.metadata.labels ?? {});
    if (removed || (isNews && isAsking(metadata.name))) enqueue(metadata.name);
  });
  serviceClasses.store.subscribe(({ object: { metadata } }) => {
    const { namespace = '' } = metadata;
    if (serviceInstances.store.byIndex('generated', namespace).length > 0) enqueue(namespace);
  });
  // One of the cluster is nearer only than one of the namespace that has gone. Who waits for that has no class yet.
  clusterServiceClasses.store.subscribe(({ object: { spec } }) => {
    for (const instance of serviceInstances.store.byIndex('unresolved', 'true')) {
      if (instance.spec.serviceClassExternalName === spec.externalName) enqueue(objectKey(instance));
    }
  });
  const onOld = ({ object, previous }: { readonly object: KubeObject; readonly previous?: KubeObject }) => {
    if (previous === undefined && isOfOldDesign(object)) enqueue(object.metadata.namespace ?? '');
  };
  serviceInstances.store.subscribe(onOld);
  serviceBindings.store.subscribe(onOld);
}
