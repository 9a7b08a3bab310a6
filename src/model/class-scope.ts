import type { ServiceInstanceSpec } from '../api/generated/service-instance.ts';
import { scoped, type Stores } from './stores.ts';

/** Where the class of an instance is looked for. */
export type ClassScope = 'namespace' | 'cluster';

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

/** What an instance says that wants this class and plan, by the names that their broker gives them. */
export function offeringSpec(
  className: string,
  plan: string,
  scope: ClassScope | undefined,
): ServiceInstanceSpec {
  return scope === 'namespace'
    ? { serviceClassExternalName: className, servicePlanExternalName: plan }
    : { clusterServiceClassExternalName: className, clusterServicePlanExternalName: plan };
}
