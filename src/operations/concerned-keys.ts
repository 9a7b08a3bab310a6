import type { Store, StoreChange } from '../control/store.ts';
import { idKey } from '../model/stores.ts';
import { objectKey } from '../kube/objects.ts';
import type { BrokeredObject } from './operation-status.ts';

/**
 * Whoever has to be looked at when an object changes: the object itself, and those that may wait for the id that it has or
 * had. Each once: a worker that waits takes a key at once, and named again the key would be worked on twice.
 * @param store with an index `id`
 */
export function concernedKeys<O extends BrokeredObject>(
  store: Pick<Store<O>, 'byIndex'>,
  idOf: (object: O) => string,
  { object, previous = object }: StoreChange<O>,
): ReadonlySet<string> {
  const keys = new Set([objectKey(object)]);
  for (const id of new Set([idOf(object), idOf(previous)])) {
    for (const other of store.byIndex('id', idKey(id))) keys.add(objectKey(other));
  }
  return keys;
}
