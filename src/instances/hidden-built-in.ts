import { findCondition, removeCondition, setCondition } from '../api/conditions.ts';
import type { Condition } from '../api/generated/shared-types.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { userProvidedClass, userProvidedServiceId } from '../api/user-provided.ts';
import { brokerRefOf, describeBroker } from '../brokers/broker-ref.ts';
import { isBuiltIn } from '../brokers/built-in-broker.ts';
import { resolveOffering } from '../model/resolve.ts';
import type { Stores } from '../model/stores.ts';

const type = 'BuiltInClassHidden';

/** Conditions of an instance, with a word for whoever means the class that is built in, and gets a broker's of the same name. */
export function withHiddenBuiltIn(
  conditions: readonly Condition[],
  instance: ServiceInstance,
  stores: Stores,
  now: string,
): readonly Condition[] {
  const message = hiddenMessage(instance, stores);
  if (message === undefined) return removeCondition(conditions, type);
  const observedGeneration =
    findCondition(conditions, type)?.observedGeneration ?? instance.metadata.generation ?? 0;
  const reason = 'ClassOfBroker';
  return setCondition(conditions, { type, status: 'True', reason, message, observedGeneration }, now);
}

function hiddenMessage({ metadata, spec }: ServiceInstance, stores: Stores): string | undefined {
  const { clusterServiceClassExternalName, serviceClassExternalName } = spec;
  if (![clusterServiceClassExternalName, serviceClassExternalName].includes(userProvidedClass))
    return undefined;
  const resolution = resolveOffering(spec, metadata.namespace ?? '', stores);
  if (resolution.kind === 'unresolved') return undefined;
  const broker = brokerRefOf(resolution.offering.class);
  if (isBuiltIn(broker)) return undefined;
  return (
    `Class "${userProvidedClass}" is one of ${describeBroker(broker)}, which comes before the built-in one: the parameters go ` +
    `to that broker. The built-in class is clusterServiceClassName: ${userProvidedServiceId}`
  );
}
