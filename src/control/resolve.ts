import type { ClusterServiceClass } from '../api/generated/cluster-service-class.ts';
import type { ClusterServicePlan } from '../api/generated/cluster-service-plan.ts';
import type { ServiceClass } from '../api/generated/service-class.ts';
import type { ServiceInstanceSpec } from '../api/generated/service-instance.ts';
import type { ServicePlan } from '../api/generated/service-plan.ts';
import type { Store } from './store.ts';
import { scoped, type Stores } from './stores.ts';

/**
 * Which class and plan a ServiceInstance means. An offering is cluster-scoped (ClusterServiceClass and its plans)
 * or namespaced (ServiceClass and its plans, in the instance's own namespace), never a mixture.
 */
export type Offering =
  | { readonly scope: 'cluster'; readonly class: ClusterServiceClass; readonly plan: ClusterServicePlan }
  | { readonly scope: 'namespace'; readonly class: ServiceClass; readonly plan: ServicePlan };

export type Resolution =
  | { readonly kind: 'resolved'; readonly offering: Offering }
  | {
      readonly kind: 'unresolved';
      readonly reason: 'ReferencesNonexistentServiceClass' | 'ReferencesNonexistentServicePlan';
      readonly message: string;
    };

type Selector = { readonly by: 'name' | 'externalName' | 'externalID'; readonly value: string };

/** The three ways to select, as the field names share their endings. */
const selectorFields = {
  clusterClass: {
    name: 'clusterServiceClassName',
    externalName: 'clusterServiceClassExternalName',
    externalID: 'clusterServiceClassExternalID',
  },
  class: {
    name: 'serviceClassName',
    externalName: 'serviceClassExternalName',
    externalID: 'serviceClassExternalID',
  },
  clusterPlan: {
    name: 'clusterServicePlanName',
    externalName: 'clusterServicePlanExternalName',
    externalID: 'clusterServicePlanExternalID',
  },
  plan: {
    name: 'servicePlanName',
    externalName: 'servicePlanExternalName',
    externalID: 'servicePlanExternalID',
  },
} as const;

/** True when the instance asks for a class of its own namespace. */
export function isNamespacedInstance(spec: ServiceInstanceSpec): boolean {
  return selectorOf(spec, 'class') !== undefined;
}

/**
 * Looks up class and plan. Without a plan selector the class's only plan is taken (the default plan).
 * Refs that are already set win over selectors: they pin the objects through renames in the catalog.
 */
export function resolveOffering(spec: ServiceInstanceSpec, namespace: string, stores: Stores): Resolution {
  if (isNamespacedInstance(spec)) {
    return resolve({
      spec,
      namespace,
      classKind: 'ServiceClass',
      planKind: 'ServicePlan',
      classRef: spec.serviceClassRef?.name,
      planRef: spec.servicePlanRef?.name,
      classSelector: selectorOf(spec, 'class'),
      planSelector: selectorOf(spec, 'plan'),
      classes: stores.serviceClasses.store,
      plans: stores.servicePlans.store,
      isOfClass: (plan, found) => plan.spec.serviceClassRef.name === found.metadata.name,
      offering: (found, plan) => ({ scope: 'namespace', class: found, plan }),
    });
  }
  return resolve({
    spec,
    namespace: undefined,
    classKind: 'ClusterServiceClass',
    planKind: 'ClusterServicePlan',
    classRef: spec.clusterServiceClassRef?.name,
    planRef: spec.clusterServicePlanRef?.name,
    classSelector: selectorOf(spec, 'clusterClass'),
    planSelector: selectorOf(spec, 'clusterPlan'),
    classes: stores.clusterServiceClasses.store,
    plans: stores.clusterServicePlans.store,
    isOfClass: (plan, found) => plan.spec.clusterServiceClassRef.name === found.metadata.name,
    offering: (found, plan) => ({ scope: 'cluster', class: found, plan }),
  });
}

/** "ClusterServiceClass/<selector>" and the plan selector, as the original shows them in its printer columns. */
export function userSpecifiedNames(spec: ServiceInstanceSpec): {
  readonly class: string;
  readonly plan: string;
} {
  const namespaced = isNamespacedInstance(spec);
  const classValue = selectorOf(spec, namespaced ? 'class' : 'clusterClass')?.value ?? '';
  const planValue = selectorOf(spec, namespaced ? 'plan' : 'clusterPlan')?.value ?? '';
  return { class: `${namespaced ? 'ServiceClass' : 'ClusterServiceClass'}/${classValue}`, plan: planValue };
}

interface Lookup<C, P> {
  readonly spec: ServiceInstanceSpec;
  readonly namespace: string | undefined;
  readonly classKind: string;
  readonly planKind: string;
  readonly classRef: string | undefined;
  readonly planRef: string | undefined;
  readonly classSelector: Selector | undefined;
  readonly planSelector: Selector | undefined;
  readonly classes: Store<C & AnyOffering>;
  readonly plans: Store<P & AnyOffering>;
  readonly isOfClass: (plan: P & AnyOffering, found: C & AnyOffering) => boolean;
  readonly offering: (found: C & AnyOffering, plan: P & AnyOffering) => Offering;
}

type AnyOffering = ClusterServiceClass | ServiceClass | ClusterServicePlan | ServicePlan;

function resolve<C, P>(lookup: Lookup<C, P>): Resolution {
  const { namespace, classKind, planKind } = lookup;
  const classes = select(lookup.classes, namespace, lookup.classRef, lookup.classSelector);
  const found = only(classes);
  if (found === undefined) {
    return {
      kind: 'unresolved',
      reason: 'ReferencesNonexistentServiceClass',
      message: `The instance references a ${classKind} that does not exist or is not unique: ${describe(lookup.classSelector)} (found: ${classes.length})`,
    };
  }

  const plans =
    lookup.planSelector === undefined && lookup.planRef === undefined
      ? lookup.plans.byIndex('class', scoped(namespace, found.metadata.name)).filter(isOffered)
      : select(lookup.plans, namespace, lookup.planRef, lookup.planSelector).filter((plan) =>
          lookup.isOfClass(plan, found),
        );
  const plan = only(plans);
  if (plan === undefined) {
    const wanted =
      lookup.planSelector === undefined
        ? 'no plan is named and the class does not have exactly one'
        : describe(lookup.planSelector);
    return {
      kind: 'unresolved',
      reason: 'ReferencesNonexistentServicePlan',
      message: `The instance references a ${planKind} of ${classKind} "${found.spec.externalName}" that does not exist or is not unique: ${wanted} (found: ${plans.length})`,
    };
  }
  return { kind: 'resolved', offering: lookup.offering(found, plan) };
}

function select<T extends AnyOffering>(
  store: Store<T>,
  namespace: string | undefined,
  ref: string | undefined,
  selector: Selector | undefined,
): readonly T[] {
  const name = ref ?? (selector?.by === 'name' ? selector.value : undefined);
  if (name !== undefined) {
    const object = store.get(scoped(namespace, name));
    return object === undefined ? [] : [object];
  }
  if (selector === undefined) return [];
  const candidates = store.byIndex(selector.by, scoped(namespace, selector.value));
  // An entry that left the catalog keeps serving its instances, but a new one of the same name comes first.
  const offered = candidates.filter(isOffered);
  return offered.length > 0 ? offered : candidates;
}

function selectorOf(spec: ServiceInstanceSpec, what: keyof typeof selectorFields): Selector | undefined {
  const fields = selectorFields[what];
  for (const by of ['externalName', 'externalID', 'name'] as const) {
    const value = spec[fields[by]];
    if (value) return { by, value };
  }
  return undefined;
}

function isOffered(object: AnyOffering): boolean {
  return object.status?.removedFromBrokerCatalog !== true;
}

function only<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}

function describe(selector: Selector | undefined): string {
  return selector === undefined ? 'nothing is selected' : `${selector.by} "${selector.value}"`;
}
