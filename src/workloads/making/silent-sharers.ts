import type { ServiceInstance } from '../../api/generated/service-instance.ts';
import { objectKey } from '../../kube/objects.ts';
import { identityOf } from '../../model/identity-of.ts';
import { reclaimAtOf } from '../keeping/reclaim-at.ts';
import type { Making } from './making.ts';
import type { Ask } from './wanted-services.ts';

/**
 * Who shares an instance, and does not ask at this moment: its workload is being replaced, or can not be read. As long as its
 * login is there it has its voice, or others would decide in the second in which it is silent.
 * @returns undefined when there is nobody; else what to tell those who ask
 */
export function silentSharers(
  { stores, asked }: Pick<Making, 'stores' | 'asked'>,
  instance: ServiceInstance,
  asks: readonly Ask[],
): string | undefined {
  const nameOf = ({ kind, name }: Ask['workload']['top']): string => `${kind}/${name}`;
  const speaking = new Set(asks.map(({ workload }) => nameOf(workload.top)));
  for (const login of stores.serviceBindings.store.byIndex('instance', objectKey(instance))) {
    const { name, deletionTimestamp } = login.metadata;
    const identity = identityOf(login);
    // Who binds it with `instance/` has a login and no say.
    if (identity?.of !== 'login' || deletionTimestamp !== undefined || asked.has(name)) continue;
    if (speaking.has(nameOf(identity.workload))) continue;
    const time = reclaimAtOf(login);
    const isGone = time === undefined ? 'is gone' : `is gone, at ${time} if nothing uses it until then`;
    return (
      `ServiceInstance "${instance.metadata.name}" is shared, and stays as it is until ${nameOf(identity.workload)} asks for the ` +
      `same, or its ServiceBinding "${name}" ${isGone}: "kubectl delete sbind ${name}" takes its voice`
    );
  }
  return undefined;
}
