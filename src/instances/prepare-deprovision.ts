import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { cascadeAnnotation, requestedForAnnotation } from '../api/group.ts';
import { serviceBindings } from '../api/kinds.ts';
import { markedIdentity } from '../api/requested-identity.ts';
import { goOn, stop, type Step } from '../control/steps.ts';
import { listPages } from '../kube/list-pages.ts';
import { objectKey } from '../kube/objects.ts';
import { instanceKeyOf } from '../model/instance-of.ts';
import { isProtected } from '../model/protection.ts';
import type { Telling } from '../operations/kind.ts';
import { attemptsEnded, isDeletion, isOnRecord } from '../operations/operation-status.ts';
import { record, tell } from '../operations/record.ts';
import { cascades, deleteBindings } from './cascade.ts';
import type { InstanceTask } from './instance-status.ts';

/**
 * All bindings must be gone before the DELETE (OSB, Deprovisioning). Their removal brings the instance back here. What
 * was sent already is followed up whoever has come since, and whoever came too late and has nothing at the broker holds
 * nothing up.
 */
export async function waitForBindings(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  if (isDeletion(instance, 'Deprovision')) return goOn(instance);
  await learnOfBindings(task, instance);
  const bindings = bindingsInTheWay(task, instance);
  if (bindings.length === 0) return goOn(instance);
  const verdict = { kind: 'deleting', ...whatIsInTheWay(task, instance, bindings) } as const;
  // The back-off of what the broker was asked before is over.
  const told = await record(task, instance, verdict, attemptsEnded);
  if (told !== instance) tell(task, instance, 'Warning', verdict);
  if (cascades(instance)) await deleteBindings(task, told, bindings);
  return stop;
}

/** Few enough to be read. */
const shownBindings = 5;
const shownUsers = 3;

function whatIsInTheWay(
  { readersOf }: Pick<InstanceTask, 'readersOf'>,
  instance: ServiceInstance,
  bindings: readonly ServiceBinding[],
): Telling {
  const names = shortList(
    bindings.map(({ metadata }) => `${metadata.name}${userOf(metadata)}`),
    shownBindings,
  );
  const readers = [...new Set(bindings.flatMap((binding) => readersOf?.(binding) ?? []))].toSorted();
  const inUse = readers.length === 0 ? '' : `; in use by ${shortList(readers, shownUsers)}`;
  const safe = bindings.filter(isProtected).map(({ metadata }) => metadata.name);
  if (cascades(instance) && safe.length === 0) {
    return {
      reason: 'ServiceBindingsDeletion',
      message: `The ServiceBindings of this ServiceInstance are being deleted, as ${cascadeAnnotation} says: ${names}${inUse}`,
    };
  }
  const kept = cascades(instance)
    ? `; none is deleted, as ${shortList(safe, shownBindings)} is protected`
    : '';
  const must = 'All associated ServiceBindings must be removed before this ServiceInstance can be deleted';
  return { reason: 'DeprovisionBlockedByExistingCredentials', message: `${must}: ${names}${inUse}${kept}` };
}

function shortList(names: readonly string[], most: number): string {
  const more = names.length > most ? ` and ${names.length - most} more` : '';
  return `${names.slice(0, most).join(', ')}${more}`;
}

/** The workload that has the binding, where it was made for one. */
function userOf(metadata: ServiceBinding['metadata']): string {
  const identity = markedIdentity(metadata, metadata.annotations?.[requestedForAnnotation]);
  return identity?.of === 'login' ? ` (of ${identity.workload.kind}/${identity.workload.name})` : '';
}

/**
 * Before the DELETE: the store is told of bindings that its watch has not told of. Whoever has just begun to lead may
 * know less than the one before, whose bindings are in use.
 * @throws KubeApiError, KubeConnectionError: nobody knows, so nothing may be deleted
 */
export async function learnOfBindings(
  { client, stores, signal }: Pick<InstanceTask, 'client' | 'stores' | 'signal'>,
  instance: ServiceInstance,
): Promise<void> {
  if (isDeletion(instance, 'Deprovision')) return;
  // It waits for these in any case. Each that goes brings it here, and a list is as long as the namespace is full.
  if (bindingsInTheWay({ stores }, instance).length > 0) return;
  const { namespace } = instance.metadata;
  const key = objectKey(instance);
  const keep = (binding: ServiceBinding): ServiceBinding | undefined =>
    instanceKeyOf(binding) === key ? binding : undefined;
  const { items } = await listPages(client, serviceBindings, { namespace }, { signal }, keep);
  for (const binding of items) if (binding !== undefined) stores.serviceBindings.store.put(binding);
}

/** As far as is known. */
export function bindingsInTheWay(
  { stores }: Pick<InstanceTask, 'stores'>,
  instance: ServiceInstance,
): readonly ServiceBinding[] {
  return stores.serviceBindings.store
    .byIndex('instance', objectKey(instance))
    .filter((binding) => isOnRecord(binding) || !isTooLate(binding, instance));
}

/** Made when the instance was being deleted already. Both times are the API server's. */
function isTooLate(binding: ServiceBinding, instance: ServiceInstance): boolean {
  const made = Date.parse(binding.metadata.creationTimestamp ?? '');
  return made > Date.parse(instance.metadata.deletionTimestamp ?? '');
}
