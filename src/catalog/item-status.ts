import { lastConditionState, setCondition } from '../api/conditions.ts';
import type { ClusterServiceClassStatus } from '../api/generated/cluster-service-class.ts';
import type { ClusterServicePlanStatus } from '../api/generated/cluster-service-plan.ts';
import { changed } from '../control/attempts.ts';
import type { AnyItem } from './scope.ts';

type Facts<T> = { readonly [K in keyof T]?: T[K] | undefined };
type Common = 'conditions' | 'observedGeneration' | 'lastConditionState' | 'removedFromBrokerCatalog';

/** The catalog's fields of a class or plan that live in its status. Undefined: the broker does not say. */
export type ClassStatusFacts = Facts<Omit<ClusterServiceClassStatus, Common>>;
export type PlanStatusFacts = Facts<Omit<ClusterServicePlanStatus, Common>>;
export type ItemStatus = ClusterServiceClassStatus & ClusterServicePlanStatus;

/**
 * The status of an item that the catalog offers, as it should be.
 * @param now RFC 3339
 */
export function offeredStatus(
  item: AnyItem,
  facts: ClassStatusFacts | PlanStatusFacts,
  now: string,
): ItemStatus {
  const message = 'The broker offers it.';
  return statusWith(item, { ...facts, removedFromBrokerCatalog: false }, ['True', 'Offered', message], now);
}

/** The status of an item that has left the catalog: what is known of it stays, its instances still need it. */
export function removedStatus(item: AnyItem, now: string): ItemStatus {
  const message =
    'The broker no longer offers it. It takes no new instances and goes away with the last one.';
  return statusWith(
    item,
    { removedFromBrokerCatalog: true },
    ['False', 'RemovedFromBrokerCatalog', message],
    now,
  );
}

/** The status of an item that people made: no broker says anything of it, and whoever waits for it need not wait. */
export function handMadeStatus(item: AnyItem, now: string): ItemStatus {
  return statusWith(item, {}, ['True', 'MadeByHand', 'It was made by hand: no catalog changes it.'], now);
}

function statusWith(
  { metadata, status = {} }: AnyItem,
  facts: Facts<ItemStatus>,
  [ready, reason, message]: readonly ['True' | 'False', string, string],
  now: string,
): ItemStatus {
  const observedGeneration = metadata.generation ?? 0;
  const conditions = setCondition(
    status.conditions,
    { type: 'Ready', status: ready, reason, message, observedGeneration },
    now,
  );
  return {
    ...changed<ItemStatus>(status, facts),
    conditions,
    observedGeneration,
    lastConditionState: lastConditionState(conditions),
  };
}
