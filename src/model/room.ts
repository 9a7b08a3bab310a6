import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { maxPerNamespaceAnnotation } from '../api/group.ts';
import { termsOf } from '../api/offering-terms.ts';
import { itemsOf, offeringName } from './offered-to.ts';
import { recordedPlans } from './recorded-plan.ts';
import type { Offering } from './resolve.ts';
import { scoped, type Stores } from './stores.ts';

/** Names in a message. */
const maxNames = 5;

/** The instance that wants room. */
export interface Newcomer {
  readonly namespace: string;
  readonly name: string;
  /** It has an instance of the class already, and wants another plan. */
  readonly hasClass: boolean;
}

/** Who is in its way. */
export interface Rivals {
  readonly counts: (other: ServiceInstance) => boolean;
  /** Of one that is about to have another plan, the id of that; it is not on record yet. */
  readonly entering: (other: ServiceInstance) => string | undefined;
}

const everybody: Rivals = { counts: () => true, entering: () => undefined };

/** How many instances of class or plan a namespace may have is limited. */
export function isLimited(offering: Offering): boolean {
  return itemsOf(offering).some(({ item }) => termsOf(item).maxPerNamespace !== undefined);
}

/**
 * Why a namespace has no room for another instance of class or plan, as a sentence without a full stop; undefined when it has.
 * An instance counts from when it is made until it is gone, whoever made it, kept and failed ones too: to delete it makes room.
 * While its plan changes it counts for both.
 */
export function noRoom(
  offering: Offering,
  { namespace, name, hasClass }: Newcomer,
  stores: Pick<Stores, 'serviceInstances'>,
  { counts, entering }: Rivals = everybody,
): string | undefined {
  if (!isLimited(offering)) return undefined;
  const classKey = scoped(offering.class.metadata.namespace, offering.class.metadata.name);
  const others = stores.serviceInstances.store
    .byIndex('class', classKey)
    .filter(({ metadata }) => metadata.namespace === namespace && metadata.name !== name)
    .filter(counts);
  const ofPlan = others.filter(
    (other) => holdsPlan(other, offering) || entering(other) === offering.plan.spec.externalID,
  );
  for (const { item, what } of itemsOf(offering)) {
    const isPlan = item === offering.plan;
    const most = termsOf(item).maxPerNamespace;
    const holders = isPlan ? ofPlan : others;
    if (most === undefined || holders.length < most || (hasClass && !isPlan)) continue;
    const limited = isPlan
      ? `plan "${offeringName(offering)}"`
      : `class "${offering.class.spec.externalName}"`;
    return `${excess(namespace, limited, most, holders)} (annotation ${maxPerNamespaceAnnotation} of ${what})`;
  }
  return undefined;
}

/** What the broker has, or was asked for, is what counts; else what the spec asks for. */
function holdsPlan(instance: ServiceInstance, { plan }: Offering): boolean {
  const recorded = recordedPlans(instance);
  if (recorded.length > 0) return recorded.includes(plan.spec.externalID);
  const { clusterServicePlanRef, servicePlanRef } = instance.spec;
  return (clusterServicePlanRef ?? servicePlanRef)?.name === plan.metadata.name;
}

function excess(namespace: string, what: string, most: number, holders: readonly ServiceInstance[]): string {
  if (most === 0) return `namespace "${namespace}" may have no new instances of ${what}`;
  const names = holders.map(({ metadata }) => metadata.name).toSorted();
  const more = names.length > maxNames ? ` and ${names.length - maxNames} more` : '';
  const shown = `${names.slice(0, maxNames).join(', ')}${more}`;
  return (
    `namespace "${namespace}" has ${names.length} of at most ${most} instances of ${what}: ${shown}; delete one of them ` +
    'that is not needed any more, or ask whoever manages the catalog'
  );
}
