import type { ClusterServiceClass, ClusterServiceClassSpec } from '../api/generated/cluster-service-class.ts';
import type { ClusterServicePlan, ClusterServicePlanSpec } from '../api/generated/cluster-service-plan.ts';
import type { ServiceClass } from '../api/generated/service-class.ts';
import type { ServicePlan } from '../api/generated/service-plan.ts';
import {
  clusterServiceBrokers,
  clusterServiceClasses,
  clusterServicePlans,
  serviceBrokers,
  serviceClasses,
  servicePlans,
} from '../api/kinds.ts';
import { isNamedAfter } from '../api/names.ts';
import type { BrokerRef } from '../brokers/broker-ref.ts';
import type { AnyBroker } from '../brokers/broker-settings.ts';
import type { Store } from '../control/store.ts';
import type { Stores } from '../model/stores.ts';
import type { Resource } from '../kube/resources.ts';

export type AnyClass = ClusterServiceClass | ServiceClass;
export type AnyPlan = ClusterServicePlan | ServicePlan;
export type AnyItem = AnyClass | AnyPlan;

/** The fields of a class that come from the catalog and are the same in both scopes. */
export type ClassFacts = Omit<
  ClusterServiceClassSpec,
  'clusterServiceBrokerName' | 'defaultProvisionParameters'
>;
export type PlanFacts = Omit<
  ClusterServicePlanSpec,
  'clusterServiceBrokerName' | 'clusterServiceClassRef' | 'defaultProvisionParameters'
>;

/** What differs between a ClusterServiceBroker's catalog and a ServiceBroker's. */
export interface CatalogScope {
  readonly brokers: Resource;
  readonly classes: Resource;
  readonly plans: Resource;
  /** The property of plan restrictions that names the class. */
  readonly classNameProperty: string;
  readonly classSpec: (brokerName: string, facts: ClassFacts) => AnyClass['spec'];
  readonly planSpec: (brokerName: string, className: string, facts: PlanFacts) => AnyPlan['spec'];
}

export const clusterScope: CatalogScope = {
  brokers: clusterServiceBrokers,
  classes: clusterServiceClasses,
  plans: clusterServicePlans,
  classNameProperty: 'spec.clusterServiceClass.name',
  classSpec: (brokerName, facts) => ({ ...facts, clusterServiceBrokerName: brokerName }),
  planSpec: (brokerName, className, facts) => ({
    ...facts,
    clusterServiceBrokerName: brokerName,
    clusterServiceClassRef: { name: className },
  }),
};

export const namespacedScope: CatalogScope = {
  brokers: serviceBrokers,
  classes: serviceClasses,
  plans: servicePlans,
  classNameProperty: 'spec.serviceClass.name',
  classSpec: (brokerName, facts) => ({ ...facts, serviceBrokerName: brokerName }),
  planSpec: (brokerName, className, facts) => ({
    ...facts,
    serviceBrokerName: brokerName,
    serviceClassRef: { name: className },
  }),
};

export function scopeOf(ref: BrokerRef): CatalogScope {
  return ref.kind === 'ClusterServiceBroker' ? clusterScope : namespacedScope;
}

/** The stores of one scope, with the types of both scopes. */
export interface CatalogStores {
  readonly brokers: Store<AnyBroker>;
  readonly classes: Store<AnyClass>;
  readonly plans: Store<AnyPlan>;
}

export function catalogStores(stores: Stores, scope: CatalogScope): CatalogStores {
  const { brokers, classes, plans } =
    scope === clusterScope
      ? {
          brokers: stores.clusterServiceBrokers,
          classes: stores.clusterServiceClasses,
          plans: stores.clusterServicePlans,
        }
      : { brokers: stores.serviceBrokers, classes: stores.serviceClasses, plans: stores.servicePlans };
  // A store only ever gets objects of its own kind here: those it gave, or the API server's answers about them.
  return {
    brokers: brokers.store as unknown as Store<AnyBroker>,
    classes: classes.store as unknown as Store<AnyClass>,
    plans: plans.store as unknown as Store<AnyPlan>,
  };
}

export function classRefName(spec: AnyPlan['spec']): string {
  return 'clusterServiceClassRef' in spec ? spec.clusterServiceClassRef.name : spec.serviceClassRef.name;
}

export function brokerNameOf(spec: AnyItem['spec']): string {
  return 'clusterServiceBrokerName' in spec ? spec.clusterServiceBrokerName : spec.serviceBrokerName;
}

/** Not a copy that somebody made by hand: those are theirs, whatever they carry of the original's metadata. */
export function isFromCatalog({ metadata, spec }: AnyItem): boolean {
  return isNamedAfter(spec.externalID, metadata.name);
}

export function isRemoved(item: AnyItem): boolean {
  return item.status?.removedFromBrokerCatalog === true;
}
