import type { WorkloadRef } from '../api/requested-identity.ts';
import { objectKey, type KubeObject } from '../kube/objects.ts';
import { ownerKey } from '../model/identity-of.ts';
import { instanceKeyOf } from '../model/instance-of.ts';
import { scoped, type Stores } from '../model/stores.ts';
import type { Known } from './known-view.ts';
import type { KeptPod } from './pod.ts';
import { instancesIn, namesIn, namesInPod } from './service-index.ts';
import type { Workload } from './workload.ts';

type Made = Pick<Stores, 'serviceInstances' | 'serviceBindings'>;

/**
 * Which services does a change matter to? Each is told as `namespace/name` of its instance, be that there or not. One too many
 * costs a look that finds nothing new.
 */

/** Those that a workload asks for, names, or may mean, and those that were made for it before. */
export function servicesOfWorkload(made: Made, workload: Workload): ReadonlySet<string> {
  const { metadata, kind = '', top, kept, admitted, lastWishes = [] } = workload;
  const { namespace = '', name } = metadata;
  const asked = instancesIn(kept, admitted, { list: lastWishes });
  return new Set([
    ...[...asked].map((instance) => scoped(namespace, instance)),
    ...namesIn(workload).flatMap((key) => servicesNamed(made, key)),
    ...servicesMadeFor(made, namespace, { kind, name }),
    ...servicesMadeFor(made, namespace, top),
  ]);
}

/** Those that a Pod needs, asks for, or waits for. */
export function servicesOfPod(made: Made, pod: KeptPod): ReadonlySet<string> {
  const { metadata, asks, waits, lastWishes = [], needs } = pod;
  const { namespace = '', name } = metadata;
  const asked = instancesIn(asks?.kept, asks?.admitted, waits?.admitted, { list: lastWishes });
  return new Set([
    ...[...asked].map((instance) => scoped(namespace, instance)),
    ...[...namesInPod(pod), ...needs.map((need) => scoped(namespace, need))].flatMap((key) =>
      servicesNamed(made, key),
    ),
    ...servicesMadeFor(made, namespace, { kind: 'Pod', name }),
    ...(asks === undefined ? [] : servicesMadeFor(made, namespace, asks.top)),
  ]);
}

/** Those for which an object of this name is needed: a login, that is, which somebody else's stood in the way of. */
export function servicesThatNeed({ workloads, pods }: Known, login: KubeObject): ReadonlySet<string> {
  const { namespace, name } = login.metadata;
  const key = objectKey(login);
  const asking = [
    ...workloads.flatMap(({ store }) => store.byIndex('names', key)),
    ...pods.store.byIndex('names', key).flatMap(({ asks, waits }) => [asks ?? [], waits ?? []].flat()),
  ];
  const wishes = asking.flatMap(({ admitted }) => admitted.list);
  return new Set(
    wishes.filter((wish) => wish.login.name === name).map(({ instance }) => scoped(namespace, instance)),
  );
}

/** All in a namespace. */
export function servicesIn({ stores, workloads, pods }: Known, namespace: string): ReadonlySet<string> {
  const asking = workloads.flatMap(({ store }) => store.byIndex('namespace', namespace));
  const waiting = pods.store.byIndex('namespace', namespace);
  const asked = instancesIn(
    ...asking.flatMap(({ kept, admitted }) => [kept, admitted]),
    ...waiting.flatMap(({ asks, waits }) => [asks?.kept, asks?.admitted, waits?.admitted]),
  );
  return new Set([
    ...[...asked].map((instance) => scoped(namespace, instance)),
    ...stores.serviceInstances.store.byIndex('generated', namespace).map(objectKey),
    ...stores.serviceBindings.store.byIndex('generated', namespace).map(instanceKeyOf),
  ]);
}

/** Whether there is anything of it, or anybody who asks for it. */
export function isKnownService({ stores, workloads, pods }: Known, key: string): boolean {
  return (
    stores.serviceInstances.store.get(key) !== undefined ||
    stores.serviceBindings.store.byIndex('instance', key).length > 0 ||
    pods.store.byIndex('names', key).length > 0 ||
    workloads.some(({ store }) => store.byIndex('names', key).length > 0)
  );
}

/** What was made for a workload of this kind and name, whatever that asks for now. */
function servicesMadeFor(
  { serviceInstances, serviceBindings }: Made,
  namespace: string,
  workload: WorkloadRef,
): readonly string[] {
  const key = ownerKey(namespace, workload);
  return [
    ...serviceInstances.store.byIndex('owner', key).map(objectKey),
    ...serviceBindings.store.byIndex('owner', key).map(instanceKeyOf),
  ];
}

/** An instance of this name, and that of a login of this name, or with a Secret of it. @param key `namespace/name` */
function servicesNamed({ serviceInstances, serviceBindings }: Made, key: string): readonly string[] {
  const login = serviceBindings.store.get(key);
  const logins = [...(login === undefined ? [] : [login]), ...serviceBindings.store.byIndex('secret', key)];
  const services = logins.map(instanceKeyOf);
  return serviceInstances.store.get(key) === undefined ? services : [key, ...services];
}
