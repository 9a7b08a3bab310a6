import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { isConditionTrue } from '../api/conditions.ts';
import { instanceNamespaceAnnotation } from '../api/group.ts';
import { instanceKeyOf, instanceOf } from '../model/instance-of.ts';
import { offeringOf, unbindable } from '../model/offering-of.ts';
import type { Offering } from '../model/resolve.ts';
import type { Stores } from '../model/stores.ts';
import type { Blocked } from '../operations/kind.ts';

export type BindableInstance =
  { readonly kind: 'bindable'; readonly instance: ServiceInstance; readonly offering: Offering } | Blocked;

/** The instance of a binding, if it can be bound now (OSB, Binding). */
export function findBindableInstance(binding: ServiceBinding, stores: Stores): BindableInstance {
  const elsewhere = instanceElsewhere(binding);
  if (elsewhere !== undefined) {
    return {
      kind: 'blocked',
      verdict: { kind: 'stalled', reason: 'InstanceInOtherNamespace', message: elsewhere },
    };
  }
  const key = instanceKeyOf(binding);
  const instance = stores.serviceInstances.store.get(key);
  if (instance === undefined) {
    return waiting('ReferencesNonexistentInstance', `References a non-existent ServiceInstance "${key}"`);
  }
  if (instance.metadata.deletionTimestamp !== undefined) {
    return waiting('ErrorInstanceNotReady', `The referenced ServiceInstance "${key}" is being deleted`);
  }
  // A typo in the plan of an instance that is ready is no reason to give nobody a login.
  const offering = offeringOf(instance, stores);
  if (offering === undefined) {
    const message = `Binding cannot begin because class and plan of ServiceInstance "${key}" have not been resolved yet`;
    return waiting('ErrorInstanceRefsUnresolved', message);
  }
  const problem = unbindable(offering);
  if (problem !== undefined) {
    const message = `${problem}; delete this ServiceBinding, and bind an instance of a bindable plan`;
    const reason = 'ErrorNonbindableServiceClass';
    return { kind: 'blocked', verdict: { kind: 'stalled', reason, message, failedReason: reason } };
  }
  if (
    instance.status?.provisionStatus !== 'Provisioned' ||
    !isConditionTrue(instance.status.conditions, 'Ready')
  ) {
    const message = `Binding cannot begin because referenced ServiceInstance "${key}" is not ready`;
    return waiting('ErrorInstanceNotReady', message);
  }
  return { kind: 'bindable', instance, offering };
}

/**
 * One of that name beside the binding is another service: its credentials are not what was asked for. Said without a look at
 * the other namespace, of which nobody here may learn anything.
 */
function instanceElsewhere(binding: ServiceBinding): string | undefined {
  const said = binding.metadata.annotations?.[instanceNamespaceAnnotation];
  const { namespace } = instanceOf(binding);
  if (said === undefined || said === namespace) return undefined;
  return (
    `${instanceNamespaceAnnotation} says that the instance is in another namespace than "${namespace}", and only one of the ` +
    'same namespace can be bound: no login is made. Create the binding beside its instance, and delete this one'
  );
}

function waiting(reason: string, message: string): BindableInstance {
  return { kind: 'blocked', verdict: { kind: 'working', reason, message } };
}
