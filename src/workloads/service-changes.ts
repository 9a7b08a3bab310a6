import { reclaimAnnotation } from '../api/group.ts';
import { hasRequestedName } from '../api/requested-identity.ts';
import { jsonEqual } from '../base/json.ts';
import type { Store } from '../control/store.ts';
import { objectKey, type KubeObject } from '../kube/objects.ts';
import { identityOf } from '../model/identity-of.ts';
import { instanceKeyOf } from '../model/instance-of.ts';
import type { KeptPreset } from '../model/kept-form.ts';
import { scoped, type Stores } from '../model/stores.ts';
import { isKnownService, servicesOfPod, servicesOfWorkload, servicesThatNeed } from './concerned-services.ts';
import { hasReclaimAt } from './keeping/reclaim-at.ts';
import type { Known } from './known-view.ts';
import { needsIn, type KeptPod, type RawPod } from './pod.ts';
import type { RawWorkload, Workload } from './workload.ts';

/** What is known, and tells when it changes. */
export interface Watched extends Known {
  readonly stores: Pick<Stores, 'serviceInstances' | 'serviceBindings' | 'namespaces'>;
  readonly workloads: readonly {
    readonly store: Pick<Store<Workload, RawWorkload>, 'byIndex' | 'get' | 'subscribe'>;
  }[];
  readonly pods: { readonly store: Pick<Store<KeptPod, RawPod>, 'byIndex' | 'get' | 'subscribe'> };
  readonly presets: { readonly store: Pick<Store<KeptPreset>, 'byIndex' | 'subscribe'> };
}

/** Takes `namespace/name` of an instance, or the name of a namespace for all of it. */
type Look = (key: string) => void;

/** Has looked at what a change may matter to, and at nothing else. */
export function onServiceChanges(watched: Watched, look: Look): void {
  onWorkloads(watched, look);
  onPods(watched, look);
  onMade(watched, look);
  onPolicy(watched, look);
}

/** Somebody begins or ends to ask for something. */
function onWorkloads({ workloads, stores }: Watched, look: Look): void {
  for (const { store } of workloads) {
    store.subscribe(({ object, previous, removed }) => {
      const isAsking = object.isAsking || previous?.isAsking === true;
      // With a workload that asks no more goes what waits for its end (`reclaim: delete`).
      if (!isAsking && !removed) return;
      if (previous !== undefined && !removed && saysTheSame(previous, object)) return;
      const before = previous === undefined ? [] : servicesOfWorkload(stores, previous);
      for (const service of new Set([...before, ...servicesOfWorkload(stores, object)])) look(service);
    });
  }
}

/** Most changes of a workload are those of its status: nothing of it is looked at here. */
function saysTheSame(one: Workload, other: Workload): boolean {
  const words = ({
    metadata,
    isAsking,
    top,
    kept,
    admitted,
    requestedBy,
    ids,
    lastWishes,
  }: Workload): unknown => {
    const recorded = ids === undefined ? [] : [ids.hasMore, ...ids.of];
    return [metadata.uid, isAsking, top, kept, admitted, requestedBy, recorded, lastWishes];
  };
  return jsonEqual(words(one), words(other));
}

function onPods({ pods, stores }: Watched, look: Look): void {
  pods.store.subscribe(({ object, previous, removed }) => {
    const isAsking = object.asks !== undefined || previous?.asks !== undefined;
    if (!isAsking && !isNews(stores, object, previous, removed)) return;
    const before = previous === undefined ? [] : servicesOfPod(stores, previous);
    for (const service of new Set([...before, ...servicesOfPod(stores, object)])) look(service);
  });
}

/** One that is over needs nothing any more, and a new one what has a time to go, or what is not there. */
function isNews(made: Made, pod: KeptPod, previous: KeptPod | undefined, removed: boolean): boolean {
  const isOver = removed || (pod.isFinished && previous?.isFinished !== true);
  if (isOver) return concerns(made, previous ?? pod, () => true);
  return previous === undefined && (concerns(made, pod, hasReclaimAt) || isWaiting(made, pod));
}

type Made = Pick<Stores, 'serviceInstances' | 'serviceBindings'>;

/** Whether a Pod waits for a login that is not there. Its workload may ask for it, and may not any more. */
function isWaiting({ serviceBindings }: Made, { metadata: { namespace }, waits }: KeptPod): boolean {
  const logins = waits?.admitted.list ?? [];
  return logins.some(
    ({ login: { name } }) => serviceBindings.store.get(scoped(namespace, name)) === undefined,
  );
}

/** Whether a Pod needs something that was made here. */
function concerns(
  { serviceInstances, serviceBindings }: Made,
  pod: KeptPod,
  of: (made: KubeObject) => boolean,
): boolean {
  return needsIn(pod)
    .flatMap((key) => [
      ...serviceBindings.store.byIndex('secret', key),
      serviceBindings.store.get(key),
      serviceInstances.store.get(key),
    ])
    .some((made) => made !== undefined && identityOf(made) !== undefined && of(made));
}

/** What was made and is deleted by hand is made again while somebody asks for it; what nobody asks for gets its time. */
function onMade(watched: Watched, look: Look): void {
  const { serviceInstances, serviceBindings } = watched.stores;
  serviceInstances.store.subscribe(({ object, previous, removed }) => {
    const key = objectKey(object);
    // Somebody else's may have stood in the way of what is needed here.
    if (isMade(object, previous) || (removed && isKnownService(watched, key))) look(key);
  });
  serviceBindings.store.subscribe(({ object, previous, removed }) => {
    const isOurs = isMade(object, previous);
    for (const service of new Set([object, previous ?? object].map(instanceKeyOf))) {
      // Whoever made it: it used an instance, or does.
      const instance = serviceInstances.store.get(service);
      const isLeft = removed || service !== instanceKeyOf(object);
      const isUser = instance !== undefined && isMade(instance) && (isLeft || hasReclaimAt(instance));
      if (isOurs || isUser) look(service);
    }
    if (!removed || !hasRequestedName(object.metadata.name)) return;
    for (const other of servicesThatNeed(watched, object)) look(other);
  });
}

function isMade(...versions: readonly (KubeObject | undefined)[]): boolean {
  return versions.some((object) => object !== undefined && identityOf(object) !== undefined);
}

/** What the namespace, or a PodPreset in it, says counts for all that was made there. */
function onPolicy({ presets, stores }: Watched, look: Look): void {
  const { namespaces, serviceInstances, serviceBindings } = stores;
  const policyOf = ({ metadata }: KubeObject): string | undefined =>
    metadata.annotations?.[reclaimAnnotation];
  namespaces.store.subscribe(({ object, previous, removed }) => {
    const isChanged = previous !== undefined && policyOf(object) !== policyOf(previous);
    if (isChanged && !removed) look(object.metadata.name);
  });
  presets.store.subscribe(({ object: { metadata } }) => {
    const { namespace = '' } = metadata;
    const hasMade = [serviceInstances, serviceBindings].some(
      ({ store }) => store.byIndex('generated', namespace).length > 0,
    );
    if (hasMade) look(namespace);
  });
}
