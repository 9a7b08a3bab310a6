import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { builtInBrokerName, userProvidedClass, userProvidedServiceId } from '../api/user-provided.ts';
import { cameBack } from './given-id.ts';
import type { Offering } from './resolve.ts';

/**
 * An instance that came back may have been one of a broker's class `user-provided`, whose broker is not back yet: then what is
 * built in would take its place, write over its Secrets, and leave its service to nobody. Its reference shows which it was.
 * @param offering what its names lead to now
 */
export function isUnsureBuiltIn(
  instance: Pick<ServiceInstance, 'metadata' | 'spec' | 'status'>,
  { class: { spec } }: Pick<Offering, 'class'>,
): boolean {
  const isBuiltIn = 'clusterServiceBrokerName' in spec && spec.clusterServiceBrokerName === builtInBrokerName;
  const { clusterServiceClassExternalName, clusterServiceClassRef } = instance.spec;
  const isBareName = clusterServiceClassExternalName === userProvidedClass;
  return (
    isBuiltIn && isBareName && clusterServiceClassRef?.name !== userProvidedServiceId && cameBack(instance)
  );
}

export const unsureBuiltIn =
  `This object came with its id, and nothing says whether class "${userProvidedClass}" is the built-in one or one of a broker that ` +
  `is not registered yet. It goes on when such a broker is. If the built-in one is meant, set clusterServiceClassRef.name of its spec to ` +
  `${userProvidedServiceId}; or delete this object, which deletes nothing, and make it again with clusterServiceClassName: ` +
  userProvidedServiceId;
