import type { ServiceInstance } from '../../api/generated/service-instance.ts';
import { hasGivenId } from '../../model/given-id.ts';
import { scoped, type Stores } from '../../model/stores.ts';
import type { ClassScope } from './requested-objects.ts';

type Catalog = Pick<Stores, 'serviceClasses' | 'clusterServiceClasses'>;

/**
 * Where a class of this name is: one of the namespace's own brokers comes before one of the cluster's, and one that is
 * offered before one that has left its catalog. Undefined while there is none.
 * @param className as its broker names it
 */
export function classScope(stores: Catalog, namespace: string, className: string): ClassScope | undefined {
  const found = {
    namespace: stores.serviceClasses.store.byIndex('externalName', scoped(namespace, className)),
    cluster: stores.clusterServiceClasses.store.byIndex('externalName', className),
  };
  const scopes = ['namespace', 'cluster'] as const;
  const isOffered = ({ status }: { readonly status?: { readonly removedFromBrokerCatalog?: boolean } }) =>
    status?.removedFromBrokerCatalog !== true;
  return (
    scopes.find((scope) => found[scope].some(isOffered)) ?? scopes.find((scope) => found[scope].length > 0)
  );
}

/**
 * No broker has ever heard of it, so that it can be made anew without a loss. An id that came with the object, as from a
 * backup, may be known to one whatever the status says.
 */
export function isUnsent(instance: ServiceInstance): boolean {
  const { spec, status = {} } = instance;
  const isOnRecord =
    Boolean(status.currentOperation) ||
    Boolean(status.inProgressProperties) ||
    Boolean(status.externalProperties) ||
    status.orphanMitigationInProgress === true ||
    status.asyncOpInProgress === true ||
    status.provisionStatus === 'Provisioned';
  const hasItsFirstId = !status.instanceID || status.instanceID === spec.externalID;
  return !isOnRecord && hasItsFirstId && !hasGivenId(instance);
}
