import { reclaimAnnotation } from '../api/group.ts';
import type { Logger } from '../base/logger.ts';
import { Controller, type ReconcileObserver } from '../control/controller.ts';
import { Informer } from '../control/informer.ts';
import type { KeptPreset } from '../model/kept-form.ts';
import { scoped, type Stores } from '../model/stores.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/objects.ts';
import { pods } from '../kube/resources.ts';
import { identityOf } from './keeping/in-use.ts';
import { awaitOrder } from './await-order.ts';
import { awaitingIn, namespaceOfNeedy, needsIn, trimPod, type KeptPod, type RawPod } from './pod.ts';
import { hasReclaimAt } from './keeping/reclaim-at.ts';
import { LastWords } from './keeping/last-words.ts';
import { UnusedSince } from './keeping/unused-since.ts';
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
          indexes: { namespace: asking },
        }),
    ),
    pods: new Informer<KeptPod, RawPod>({
      client,
      logger,
      resource: pods,
      trim: trimPod,
      indexes: { namespace: namespaceOfNeedy, needs: needsIn, awaits: awaitingIn },
    }),
  };
}

/** The controller of annotated workloads; its keys are namespaces. */
export function workloadController(deps: WorkloadControllerDeps, askers: Askers): Controller {
  const { stores, logger } = deps;
  const { serviceInstances, serviceBindings, namespaces } = stores;
  const unused = new UnusedSince(deps.stopwatch);
  const lastWords = new LastWords((key) => serviceInstances.store.get(key) !== undefined);
  const watched = [
    ...askers.workloads,
    askers.pods,
    askers.presets,
    serviceInstances,
    serviceBindings,
    namespaces,
  ];
  const controller = new Controller({
    name: 'workload',
    reconcile: workloadReconciler({
      ...deps,
      ...askers,
      unused,
      lastWords,
      staleMs: () => Math.max(...watched.map((informer) => informer.staleMs())),
    }),
    concurrency: 4,
    logger,
    observe: deps.observe,
  });
  // Before anybody looks at the namespace because of the same change.
  for (const { store } of askers.workloads) store.subscribe((change) => lastWords.hearWorkload(change));
  askers.pods.store.subscribe((change) => lastWords.hearPod(change));
  serviceInstances.store.subscribe(({ object, removed }) => {
    if (removed) lastWords.forget(object);
  });
  onAskers(controller, askers, stores);
  onMade(controller, stores, unused);
  awaitOrder(stores, askers.workloads, (namespace) => controller.enqueue(namespace));
  onPolicy(controller, stores);
  return controller;
}

/** Looks at a namespace when somebody in it begins or ends to ask for something. */
function onAskers(
  controller: Controller,
  { workloads, pods: { store }, presets }: Askers,
  stores: Stores,
): void {
  const enqueue = ({ metadata }: KubeObject): void => controller.enqueue(metadata.namespace ?? '');
  for (const informer of workloads) {
    informer.store.subscribe(({ object, previous, removed }) => {
      const isAsking = asking(object).length > 0 || (previous !== undefined && asking(previous).length > 0);
      // With a workload that asks no more goes what waits for its end (`reclaim: delete`).
      if (isAsking || (removed && hasMade(stores, object))) enqueue(object);
    });
  }
  store.subscribe(({ object, previous, removed }) => {
    const isOver = removed || (object.isFinished && previous?.isFinished !== true);
    const isNew = previous === undefined && !removed;
    if (object.asks !== undefined || previous?.asks !== undefined) enqueue(object);
    else if (isOver && concerns(stores, object, () => true)) enqueue(object);
    else if (isNew && isNews(stores, object)) enqueue(object);
  });
  presets.store.subscribe(({ object }) => {
    if (hasMade(stores, object)) enqueue(object);
  });
}

/** A new Pod needs what has a time to go, or what is not there. */
function isNews(stores: Stores, pod: KeptPod): boolean {
  return concerns(stores, pod, hasReclaimAt) || isWaiting(stores, pod);
}

/** Whether a Pod waits for a login that is not there. Its workload may ask for it, and may not any more. */
function isWaiting({ serviceBindings }: Stores, { metadata: { namespace }, waits }: KeptPod): boolean {
  const logins = waits?.admitted.list ?? [];
  return logins.some(
    ({ login: { name } }) => serviceBindings.store.get(scoped(namespace, name)) === undefined,
  );
}

/** Whether a Pod needs something that was made here. */
function concerns(
  { serviceInstances, serviceBindings }: Stores,
  pod: KeptPod,
  of: (made: KubeObject) => boolean,
): boolean {
  return needsIn(pod).some((key) => {
    const made = serviceBindings.store.get(key) ?? serviceInstances.store.get(key);
    return made !== undefined && identityOf(made) !== undefined && of(made);
  });
}

function hasMade(
  { serviceInstances, serviceBindings }: Stores,
  { metadata: { namespace = '' } }: KubeObject,
): boolean {
  return (
    serviceInstances.store.byIndex('generated', namespace).length > 0 ||
    serviceBindings.store.byIndex('generated', namespace).length > 0
  );
}

/** What was made and is deleted by hand is made again while somebody asks for it; what nobody asks for gets its time. */
function onMade(
  controller: Controller,
  { serviceInstances, serviceBindings }: Stores,
  unused: UnusedSince,
): void {
  const onGenerated = (object: KubeObject | undefined): void => {
    if (object !== undefined && identityOf(object) !== undefined)
      controller.enqueue(object.metadata.namespace ?? '');
  };
  const onChange = (object: KubeObject, removed: boolean): void => {
    onGenerated(object);
    if (removed) unused.forget(object.metadata.uid ?? '');
  };
  serviceInstances.store.subscribe(({ object, removed }) => onChange(object, removed));
  serviceBindings.store.subscribe(({ object, removed }) => {
    onChange(object, removed);
    // Whoever made it: it used an instance, or does.
    const { metadata, spec } = object;
    const instance = serviceInstances.store.get(scoped(metadata.namespace, spec.instanceRef.name));
    if (removed || (instance !== undefined && hasReclaimAt(instance))) onGenerated(instance);
  });
}

/** What the namespace says counts for all who say nothing themselves. */
function onPolicy(controller: Controller, { namespaces }: Stores): void {
  const policyOf = ({ metadata }: KubeObject): string | undefined =>
    metadata.annotations?.[reclaimAnnotation];
  namespaces.store.subscribe(({ object, previous, removed }) => {
    const isChanged = previous !== undefined && policyOf(object) !== policyOf(previous);
    if (isChanged && !removed) controller.enqueue(object.metadata.name);
  });
}

function asking({ metadata, isAsking }: Workload): readonly string[] {
  return isAsking ? [metadata.namespace ?? ''] : [];
}
