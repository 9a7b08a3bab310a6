import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { planThatStays, planWithId } from '../model/plan-at-broker.ts';
import type { Offering } from '../model/resolve.ts';
import type { Stores } from '../model/stores.ts';
import type { Telling } from '../operations/kind.ts';
import type { KnownAtBroker } from '../operations/known-at-broker.ts';
import { removedFromCatalog } from './provision.ts';

const reason = 'PlanChangeNotAllowed';

/**
 * Why the plan can not be changed as the spec wants, if it can not: the wanted one left the catalog, or the current
 * one may not be left (OSB, Updating a Service Instance; the plan's word goes before its service's). Parameters and
 * maintenance are not affected. Nothing is asked of the broker for this.
 */
export function refusePlanChange(
  instance: ServiceInstance,
  known: KnownAtBroker,
  offering: Offering,
  stores: Stores,
): Telling | undefined {
  const wanted = offering.plan.spec;
  if (known.planId === wanted.externalID) return undefined;
  const removed = removedFromCatalog(offering);
  if (removed !== undefined) {
    const name = planWithId(instance, known.planId, stores)?.spec.externalName ?? known.planId;
    return {
      ...removed,
      message: `${removed.message} Set the plan back to "${name}", or choose another one.`,
    };
  }
  const name = planThatStays(instance, known.planId, offering, stores);
  if (name === undefined) return undefined;
  const message =
    `The broker does not let instances of class "${offering.class.spec.externalName}" leave plan "${name}". ` +
    `Set the plan back to "${name}", or make a new instance with plan "${wanted.externalName}".`;
  return { reason, message };
}

/** A refusal of ours rests on the catalog and costs no request: it is looked at again whenever that may help. */
export function isRefusedByCatalog({ status }: ServiceInstance): boolean {
  const stalled = status?.conditions?.find(({ type }) => type === 'Stalled');
  return [reason, 'ReferencesDeletedServiceClass', 'ReferencesDeletedServicePlan'].includes(
    stalled?.reason ?? '',
  );
}
