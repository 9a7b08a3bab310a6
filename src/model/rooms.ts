import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { notForNamespace } from './offered-to.ts';
import { recordedPlans } from './recorded-plan.ts';
import type { Offering } from './resolve.ts';
import { isLimited, noRoom } from './room.ts';
import type { Stores } from './stores.ts';

export interface Refused {
  readonly reason: 'NotForNamespace' | 'LimitReached';
  readonly message: string;
}

/**
 * Who may have what an administrator gives to some namespaces only, or some of. Admission refuses what it sees; here it is
 * decided, in order of creation: two may have been admitted at once, or the webhook was away.
 */
export class Rooms {
  readonly #stores: Pick<Stores, 'serviceInstances' | 'namespaces'>;
  /** Let in to a plan, and not on record with it yet: by uid, the id of the plan. One process leads, so they are known here. */
  readonly #entered = new Map<string, string>();

  constructor(stores: Pick<Stores, 'serviceInstances' | 'namespaces'>) {
    this.#stores = stores;
    stores.serviceInstances.store.subscribe(({ object, removed }) => {
      const { uid = '' } = object.metadata;
      const planId = this.#entered.get(uid);
      if (planId === undefined) return;
      if (removed || recordedPlans(object).includes(planId)) this.#entered.delete(uid);
    });
  }

  /**
   * Asked before the broker is asked for something new: an instance, or another plan. What the broker was asked for before
   * goes on. When nothing is said against it, it has its room from then on.
   */
  enter(instance: ServiceInstance, offering: Offering): Refused | undefined {
    const { namespace = '', name, uid = '' } = instance.metadata;
    const recorded = recordedPlans(instance);
    const { externalID } = offering.plan.spec;
    if (recorded.includes(externalID)) return undefined;
    const labels = this.#stores.namespaces.store.get(namespace)?.metadata.labels ?? {};
    const strange = notForNamespace(offering, namespace, labels);
    if (strange !== undefined) return { reason: 'NotForNamespace', message: told(strange) };
    const newcomer = { namespace, name, hasClass: recorded.length > 0 };
    const full = noRoom(offering, newcomer, this.#stores, {
      counts: (other) => this.#goesBefore(other, instance),
      entering: (other) => this.#entered.get(other.metadata.uid ?? ''),
    });
    if (full !== undefined) return { reason: 'LimitReached', message: told(full) };
    if (isLimited(offering)) this.#entered.set(uid, externalID);
    return undefined;
  }

  /** Whoever is at the broker, or about to be; else who was made first. The uid only makes an order of what has none. */
  #goesBefore(other: ServiceInstance, instance: ServiceInstance): boolean {
    if (recordedPlans(other).length > 0 || this.#entered.has(other.metadata.uid ?? '')) return true;
    const [made, ownMade] = [other, instance].map(({ metadata }) => metadata.creationTimestamp ?? '');
    if (made !== ownMade) return (made ?? '') < (ownMade ?? '');
    return (other.metadata.uid ?? '') < (instance.metadata.uid ?? '');
  }
}

function told(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}. It goes on by itself when that changes.`;
}
