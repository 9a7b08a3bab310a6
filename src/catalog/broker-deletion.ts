import { finalizer } from '../api/group.ts';
import { brokerKey, describeBroker } from '../brokers/broker-ref.ts';
import type { AnyBroker } from '../brokers/broker-settings.ts';
import { timestamp } from '../control/attempts.ts';
import { removeFinalizer } from '../control/finalizer.ts';
import { goOn, stop, stopFor, type Step } from '../control/steps.ts';
import type { Store } from '../control/store.ts';
import { isNotFound } from '../kube/errors.ts';
import { objectKey } from '../kube/objects.ts';
import type { Resource } from '../kube/resources.ts';
import { applyDiff } from './apply.ts';
import { brokerEvent, nextStatus, saveStatus, type BrokerTask } from './broker-task.ts';
import { diffCatalog } from './diff.ts';
import { inParallel } from '../base/in-parallel.ts';
import { useOf, type InstanceUse } from './instance-use.ts';
import { lookAgainMs } from './live-instances.ts';
import type { AnyItem } from './scope.ts';

/** Instances named in the condition of a broker that waits for them. */
const maxNamedInstances = 10;

/**
 * Lets a broker go: first its last instance, then its plans and classes, then itself. Without the broker object its
 * instances could never be deprovisioned, so it waits for them, and says so. Continues for a broker that stays.
 */
export async function deleteBroker(task: BrokerTask, broker: AnyBroker): Promise<Step<AnyBroker>> {
  if (broker.metadata.deletionTimestamp === undefined) return goOn(broker);
  if (!broker.metadata.finalizers?.includes(finalizer)) return stop;

  const known = usersOf(task, broker, task.stores.serviceInstances.store.list().map(useOf));
  const users = known.length > 0 ? known : await liveUsersOf(task, broker);
  if (users.length > 0) {
    await withdrawCatalog(task, broker);
    await saveStatus(task, broker, nextStatus(task, broker, waitingFor(users)));
    return known.length > 0 ? stop : stopFor(lookAgainMs);
  }
  await deleteItems(task, task.scope.plans, task.catalog.plans);
  await deleteItems(task, task.scope.classes, task.catalog.classes);
  await task.connections.dropCopies(broker, task.signal);
  const { client, scope, catalog, signal } = task;
  await removeFinalizer(client, scope.brokers, broker, finalizer, catalog.brokers, signal);
  const message = `${describeBroker(task.ref)} was deleted, with its classes and plans.`;
  brokerEvent(task, broker, 'Normal', 'DeletedSuccessfully', message);
  return stop;
}

/** Classes and plans take no new instances from now on; those without any go at once (see removed-items.ts). */
async function withdrawCatalog(task: BrokerTask, broker: AnyBroker): Promise<void> {
  const { scope, catalog: stores, client, signal, settings, clock } = task;
  const context = { broker, scope, stores };
  const withdrawn = diffCatalog({ classes: [], plans: [], skipped: [] }, context);
  if (withdrawn.kind === 'rejected') return;
  const { writeConcurrency: concurrency } = settings;
  await applyDiff(withdrawn.diff, { ...context, client, signal, concurrency, now: timestamp(clock.now()) });
}

/**
 * The instances of the broker's classes, and those that were provisioned at it even if the class is gone: when a
 * namespace is deleted, classes and plans vanish at once while instances wait to be deprovisioned.
 */
function usersOf(
  { ref, catalog }: BrokerTask,
  broker: AnyBroker,
  instances: readonly InstanceUse[],
): readonly InstanceUse[] {
  const classKeys = new Set(catalog.classes.byIndex('broker', brokerKey(ref)).map(objectKey));
  return instances.filter(
    (instance) =>
      (instance.class !== undefined && classKeys.has(instance.class)) ||
      ((ref.namespace === undefined || instance.namespace === ref.namespace) &&
        instance.brokers.some(({ kind, name }) => kind === ref.kind && name === broker.metadata.name)),
  );
}

/** Whoever lets a broker go leaves its instances behind for ever: not on the word of a watch, which may be silent. */
async function liveUsersOf(task: BrokerTask, broker: AnyBroker): Promise<readonly InstanceUse[]> {
  return usersOf(task, broker, await task.live.list(task.ref.namespace, task.signal));
}

function waitingFor(instances: readonly InstanceUse[]) {
  const names = instances.map(({ key }) => key).toSorted();
  const rest = names.length - maxNamedInstances;
  const list = names.slice(0, maxNamedInstances).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
  const count = names.length === 1 ? '1 instance' : `${names.length} instances`;
  const message = `The broker is deleted after its last instance; it has ${count}: ${list}.`;
  return { kind: 'deleting', reason: 'DeletionBlockedByInstances', message } as const;
}

async function deleteItems<T extends AnyItem>(
  task: BrokerTask,
  resource: Resource,
  store: Store<T>,
): Promise<void> {
  const items = store.byIndex('broker', brokerKey(task.ref));
  await inParallel(items, task.settings.writeConcurrency, async (item) => {
    const { name, namespace, uid } = item.metadata;
    try {
      const ref = namespace === undefined ? { name } : { namespace, name };
      await task.client.delete(resource, ref, { uid, signal: task.signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    store.remove(item);
  });
}
