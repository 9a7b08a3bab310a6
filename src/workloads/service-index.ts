import { ownerKey } from '../model/identity-of.ts';
import { scoped } from '../model/stores.ts';
import type { KeptPod } from './pod.ts';
import type { Traces, Wishes } from './wishes.ts';
import type { Workload } from './workload.ts';

/**
 * The unit in which services are made and kept is one instance with all its logins: whatever is decided about one of these depends
 * on who asks for it or for another login of that instance, and on nothing else in the namespace. These indexes find who that is.
 */
const nobody: readonly string[] = [];

/** Index `names` of workloads: `namespace/name` of every instance and login that one asks for, and of all that it names. */
export function namesIn(workload: Workload): readonly string[] {
  const { kept, admitted, metadata } = workload;
  const names = new Set(kept.named);
  for (const list of new Set([kept.list, admitted.list])) {
    for (const { instance, login } of list) names.add(instance).add(login.name);
  }
  return names.size === 0 ? nobody : [...names].map((name) => scoped(metadata.namespace, name));
}

/** Index `unclear` of workloads: whose services may be meant by words that can not be understood; see `ownerKey`. */
export function unclearIn({ kept, top, metadata: { namespace = '' } }: Workload): readonly string[] {
  return isUnclear(kept) ? [ownerKey(namespace, top)] : nobody;
}

/** Index `names` of Pods: what one asks for itself, and the logins that it waits for, with their instances. */
export function namesInPod({ asks, waits }: KeptPod): readonly string[] {
  if (asks === undefined && waits === undefined) return nobody;
  return [asks, waits].flatMap((workload) => (workload === undefined ? nobody : namesIn(workload)));
}

/** Index `unclear` of Pods, of those that ask themselves. */
export function unclearInPod({ asks }: KeptPod): readonly string[] {
  return asks === undefined ? nobody : unclearIn(asks);
}

/** Names of the instances that are asked for, or at which logins are. */
export function instancesIn(...wishes: readonly (Wishes | undefined)[]): ReadonlySet<string> {
  return new Set(wishes.flatMap((one) => one?.list.map(({ instance }) => instance) ?? []));
}

function isUnclear({ unclear, isUnclear: isAll }: Traces): boolean {
  return isAll || unclear.length > 0;
}
