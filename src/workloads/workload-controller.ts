import type { Logger } from '../base/logger.ts';
import { Controller, type ReconcileObserver } from '../control/controller.ts';
import { Informer } from '../control/informer.ts';
import type { KeptPreset } from '../model/kept-form.ts';
import type { KubeClient } from '../kube/client.ts';
import { pods } from '../kube/resources.ts';
import { awaitOrder } from './await-order.ts';
import { isKnownService } from './concerned-services.ts';
import { awaitingIn, namespaceOfNeedy, needsIn, trimPod, type KeptPod, type RawPod } from './pod.ts';
import { LastWords } from './keeping/last-words.ts';
import { UnusedSince } from './keeping/unused-since.ts';
import { NamespaceTurns } from './namespace-turns.ts';
import { removalReconciler } from './removal-reconciler.ts';
import { onServiceChanges } from './service-changes.ts';
import { namesIn, namesInPod, unclearIn, unclearInPod } from './service-index.ts';
import type { WorkloadDeps } from './workload-deps.ts';
import { workloadReconciler } from './workload-reconciler.ts';
import { trimWorkload, workloadKinds, type RawWorkload, type Workload } from './workload.ts';

export interface WorkloadControllerDeps extends Omit<
  WorkloadDeps,
  'workloads' | 'pods' | 'presets' | 'unused' | 'lastWords' | 'staleMs'
> {
  readonly observe?: ReconcileObserver | undefined;
}

export type WorkloadInformer = Informer<Workload, RawWorkload>;

/** Who may ask for something. */
export interface Askers {
  readonly workloads: readonly WorkloadInformer[];
  readonly pods: Informer<KeptPod, RawPod>;
  readonly presets: Informer<KeptPreset>;
}

/** One informer per workload kind; workloads that do not ask are kept by name only. */
export function createWorkloadInformers({
  client,
  logger,
}: {
  readonly client: KubeClient;
  readonly logger: Logger;
}): Omit<Askers, 'presets'> {
  return {
    workloads: workloadKinds.map(
      (resource) =>
        new Informer<Workload, RawWorkload>({
          client,
          logger,
          resource,
          trim: (raw) => trimWorkload(resource.kind, raw),
          indexes: { namespace: asking, names: namesIn, unclear: unclearIn },
        }),
    ),
    pods: new Informer<KeptPod, RawPod>({
      client,
      logger,
      resource: pods,
      trim: trimPod,
      indexes: {
        namespace: namespaceOfNeedy,
        needs: needsIn,
        awaits: awaitingIn,
        names: namesInPod,
        unclear: unclearInPod,
      },
    }),
  };
}

/**
 * The controllers of annotated workloads. The keys of the first are services, as `namespace/name` of an instance, and namespaces,
 * of which all services are looked at; those of the second are namespaces in which something has come to its time.
 */
export function workloadControllers(deps: WorkloadControllerDeps, askers: Askers): readonly Controller[] {
  const { stores, logger, observe } = deps;
  const unused = new UnusedSince(deps.stopwatch);
  const lastWords = new LastWords((key) => stores.serviceInstances.store.get(key) !== undefined);
  const { serviceInstances, serviceBindings, namespaces } = stores;
  const watched = [
    ...askers.workloads,
    askers.pods,
    askers.presets,
    serviceInstances,
    serviceBindings,
    namespaces,
  ];
  const staleMs = (): number => Math.max(...watched.map((informer) => informer.staleMs()));
  const known = { ...deps, ...askers, unused, lastWords, staleMs };
  const shared = { logger, observe };
  const look = (key: string): void => controller.enqueue(key);
  const turns = new NamespaceTurns(look);
  const removal = new Controller({
    ...shared,
    name: 'workload-removal',
    reconcile: removalReconciler(known, turns),
    concurrency: 4,
  });
  const controller = new Controller({
    ...shared,
    name: 'workload',
    reconcile: workloadReconciler(known, {
      turns,
      look,
      remove: (namespace) => removal.enqueue(namespace),
    }),
    concurrency: 16,
    isKnown: (key) => !key.includes('/') || isKnownService(known, key),
  });
  // Before anybody looks at a service because of the same change.
  for (const { store } of askers.workloads) store.subscribe((change) => lastWords.hearWorkload(change));
  askers.pods.store.subscribe((change) => lastWords.hearPod(change));
  serviceInstances.store.subscribe(({ object, removed }) => {
    if (removed) lastWords.forget(object);
  });
  for (const { store } of [serviceInstances, serviceBindings]) {
    store.subscribe(({ object: { metadata }, removed }) => {
      if (removed) unused.forget(metadata.uid ?? '');
    });
  }
  onServiceChanges({ stores, ...askers }, look);
  awaitOrder(stores, askers.workloads, look);
  return [controller, removal];
}

function asking({ metadata, isAsking }: Workload): readonly string[] {
  return isAsking ? [metadata.namespace ?? ''] : [];
}
