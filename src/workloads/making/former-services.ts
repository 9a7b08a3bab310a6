import { markedIdentity } from '../../api/requested-identity.ts';
import { objectKey } from '../../kube/objects.ts';
import { instanceKeyOf } from '../../model/instance-of.ts';
import { scoped } from '../../model/stores.ts';
import { identityOf, ownerKey } from '../../model/identity-of.ts';
import type { Making } from './making.ts';
import type { Ask } from './wanted-services.ts';

/**
 * Another class, key or share is another service. What the workload had under the words before it stays, and somebody has to
 * know: a line for each.
 */
export function formerServices({ stores, namespace }: Making, ask: Ask): readonly string[] {
  const { workload, wish } = ask;
  const own = markedIdentity({ namespace, name: wish.login.name }, wish.login.mark);
  if (own?.of !== 'login') return [];
  const wished = new Set(workload.kept.list.map(({ instance }) => scoped(namespace, instance)));
  const owner = ownerKey(namespace, own.workload);
  const bound = stores.serviceBindings.store.byIndex('owner', owner).map(instanceKeyOf);
  const made = stores.serviceInstances.store.byIndex('owner', owner).map(objectKey);
  return [...new Set([...bound, ...made])].flatMap((key) => {
    const instance = stores.serviceInstances.store.get(key);
    const isLeft = instance !== undefined && identityOf(instance) !== undefined && !wished.has(key);
    if (!isLeft || instance.metadata.deletionTimestamp !== undefined) return [];
    const { name } = instance.metadata;
    return [
      `ServiceInstance "${name}", which was asked for before, is another service: it is kept with its data. ` +
        `Ask as before to use it again, or bind it with instance/${name}`,
    ];
  });
}
