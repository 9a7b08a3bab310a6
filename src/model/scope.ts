import {
  bindingAnnotationPrefixes,
  group,
  injectKey,
  podPresetExcludeAnnotation,
  podPresetsLabel,
} from '../api/group.ts';

/**
 * What of a cluster concerns Bindery. The conditions and selectors of `webhook-config/` are generated from it
 * (`npm run generate`), and admission and the workload controller read it: what the API server does not send to the
 * webhook nobody acts on.
 */

/** What Bindery itself needs to start must never wait for Bindery. Its own namespace is left out likewise. */
export const systemNamespaces: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease'];

/** A label of a namespace, or a label or annotation of a Pod, and the value that counts. */
export interface Mark {
  readonly key: string;
  readonly value: string;
}

/** On a namespace: nothing in it is looked at. */
export const namespaceOptOut: Mark = { key: injectKey, value: 'disabled' };

/** On a namespace: Pods that do not ask are looked at too, for PodPresets. */
export const presetsOptIn: Mark = { key: podPresetsLabel, value: 'enabled' };

export interface PodOptOut extends Mark {
  readonly place: 'labels' | 'annotations';
  readonly reason: 'pod-disabled' | 'podpreset-exclude';
}

/** On a Pod, or on a Pod template: it gets nothing, whatever else it asks for. */
export const podOptOuts: readonly PodOptOut[] = [
  { place: 'annotations', key: injectKey, value: 'disabled', reason: 'pod-disabled' },
  { place: 'labels', key: injectKey, value: 'disabled', reason: 'pod-disabled' },
  { place: 'annotations', key: podPresetExcludeAnnotation, value: 'true', reason: 'podpreset-exclude' },
];

/** On the kubelet's image of a static Pod; the kubelet would not accept Secrets in it. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror';

/** A Pod with an annotation that begins so asks for a binding. */
export const askingPrefix: string = bindingAnnotationPrefixes.bind;

/**
 * Annotations that begin so say which services are to be had, and how long: whoever writes one asks for them. The first names
 * the source, the others say more about the source of the same name.
 */
export const claimPrefixes: readonly string[] = [
  bindingAnnotationPrefixes.bind,
  bindingAnnotationPrefixes.params,
  bindingAnnotationPrefixes.share,
  bindingAnnotationPrefixes.reclaim,
];

/** A workload with a key in which this stands uses our vocabulary, or meant to. */
export const vocabularyMark = `.${group}/`;

export interface WorkloadKind {
  readonly group: 'apps' | 'batch';
  readonly version: 'v1';
  /** Lower-case plural. */
  readonly resource: string;
  readonly kind: string;
  /** Keys that lead to the Pod template. */
  readonly template: readonly string[];
  /** Keys that lead to what stands between it and its Pod template, and may have annotations as well. */
  readonly between?: readonly string[];
  /** Whether services are made for it. What such kinds are made into asks for nothing of its own. */
  readonly asks: boolean;
  /** The controller of Kubernetes that makes Pods, or other workloads, of the template: its service account. */
  readonly controller: string;
  /** Kind of what that makes. */
  readonly makes: string;
}

const template = ['spec', 'template'] as const;
const apps = { group: 'apps', version: 'v1', template, makes: 'Pod', asks: true } as const;
const batch = { ...apps, group: 'batch' } as const;

/** Workloads whose Pod templates may ask. */
export const workloadsInScope: readonly WorkloadKind[] = [
  {
    ...apps,
    resource: 'deployments',
    kind: 'Deployment',
    controller: 'deployment-controller',
    makes: 'ReplicaSet',
  },
  { ...apps, resource: 'statefulsets', kind: 'StatefulSet', controller: 'statefulset-controller' },
  { ...apps, resource: 'daemonsets', kind: 'DaemonSet', controller: 'daemon-set-controller' },
  { ...apps, resource: 'replicasets', kind: 'ReplicaSet', controller: 'replicaset-controller', asks: false },
  { ...batch, resource: 'jobs', kind: 'Job', controller: 'job-controller' },
  {
    ...batch,
    resource: 'cronjobs',
    kind: 'CronJob',
    template: ['spec', 'jobTemplate', 'spec', 'template'],
    between: ['spec', 'jobTemplate'],
    controller: 'cronjob-controller',
    makes: 'Job',
  },
];

/** Where kube-controller-manager works without an account for each controller. */
const controllerManager = 'system:kube-controller-manager';
/** Accounts there can be made by administrators only; those of the controllers have these names in every cluster. */
const accountPrefix = 'system:serviceaccount:kube-system:';

/** The users as which Kubernetes' own controller of this kind writes what it makes. */
export function controllerUsers({ controller }: Pick<WorkloadKind, 'controller'>): readonly string[] {
  return [controllerManager, accountPrefix + controller];
}

/**
 * The users as which Kubernetes adopts objects, lets them go, and takes owners away that are deleted with
 * `--cascade=orphan`. They move what others wrote, and ask for nothing by it.
 */
export const ownerKeepers: readonly string[] = [
  ...new Set(workloadsInScope.flatMap(controllerUsers)),
  `${accountPrefix}generic-garbage-collector`,
];

/** Kinds that stand for another workload when a controller owns them, and for themselves when none does. */
export const movableKinds: readonly string[] = [...new Set(workloadsInScope.map(({ makes }) => makes))];

const byKind = new Map(workloadsInScope.map((row) => [row.kind, row] as const));

/** Undefined for a kind that has no Pod template, or that is none of ours. */
export function workloadKindOf(kind: string): WorkloadKind | undefined {
  return byKind.get(kind);
}

interface Owner {
  readonly apiVersion?: string | null | undefined;
  readonly kind?: string | null | undefined;
  readonly controller?: boolean | null | undefined;
}

/**
 * The kind of workload that this object was made from: it is the workload that asks then. Undefined for what anybody else
 * owns, such as an operator: it asks for itself.
 */
export function makerOf(kind: string, owners: readonly Owner[] | null | undefined): WorkloadKind | undefined {
  const owner = owners?.find(({ controller }) => controller === true);
  if (owner === undefined) return undefined;
  return workloadsInScope.find(
    (workload) =>
      workload.makes === kind &&
      workload.kind === owner.kind &&
      owner.apiVersion === `${workload.group}/${workload.version}`,
  );
}

/**
 * Whether workloads and Pods of the namespace are sent to the webhook: only then anybody has looked whether those who
 * wrote them may ask for services.
 * @param own Bindery's own namespace
 */
export function isNamespaceServed(
  name: string,
  labels: Readonly<Record<string, string>> | undefined,
  own: string,
): boolean {
  return name !== own && !systemNamespaces.includes(name) && !hasMark(labels, namespaceOptOut);
}

/** Keys of labels and annotations are user text: `constructor` must not find what every object inherits. */
export function hasMark(
  map: Readonly<Record<string, string>> | null | undefined,
  { key, value }: Mark,
): boolean {
  return map !== null && map !== undefined && Object.hasOwn(map, key) && map[key] === value;
}

/** The metadata of a Pod, or of a Pod template. */
type Marked = { readonly [P in PodOptOut['place']]?: Readonly<Record<string, string>> | null | undefined };

/** Why a Pod is left alone. */
export type OptOut = PodOptOut['reason'] | 'namespace-disabled';

/** Whether the Pod, or its namespace, wants no injection. Either of them is enough: nothing can be taken back. */
export function optOutOf(
  pod: Marked | null | undefined,
  namespaceLabels: Readonly<Record<string, string>> | undefined,
): OptOut | undefined {
  for (const optOut of podOptOuts) if (hasMark(pod?.[optOut.place], optOut)) return optOut.reason;
  return hasMark(namespaceLabels, namespaceOptOut) ? 'namespace-disabled' : undefined;
}
