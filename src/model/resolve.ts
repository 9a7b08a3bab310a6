import type { ClusterServiceClass } from '../api/generated/cluster-service-class.ts';
import type { ClusterServicePlan } from '../api/generated/cluster-service-plan.ts';
import type { ServiceClass } from '../api/generated/service-class.ts';
import type { ServiceInstanceSpec } from '../api/generated/service-instance.ts';
import type { ServicePlan } from '../api/generated/service-plan.ts';
import { isNamedAfter } from '../api/names.ts';
import { builtInBrokerName } from '../api/user-provided.ts';
import { printable } from '../base/printable.ts';
import type { Store } from '../control/store.ts';
import { scoped, type Stores } from './stores.ts';
import { unresolvedClass, unresolvedPlan, type Choice, type Selector } from './unresolved.ts';

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
      /** Of how many plans one has to be chosen, where none is named and the class is known. */
      readonly choices?: number;
    };

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
function isNamespacedInstance(spec: ServiceInstanceSpec): boolean {
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
  const kind = namespaced ? 'ServiceClass' : 'ClusterServiceClass';
  return { class: `${kind}/${printable(classValue)}`, plan: printable(planValue) };
}

interface Lookup<C, P> {
  readonly spec: ServiceInstanceSpec;
  readonly namespace: string | undefined;
  readonly classKind: string;
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
  const { namespace, classKind, classSelector, planSelector } = lookup;
  const classes = preferred(select(lookup.classes, namespace, lookup.classRef, classSelector));
  const found = only(classes);
  if (found === undefined) {
    return {
      kind: 'unresolved',
      reason: 'ReferencesNonexistentServiceClass',
      message: unresolvedClass(classKind, classSelector, classes.map(choiceOf)),
    };
  }

  const ofClass = fromCatalogFirst(
    lookup.plans.byIndex('class', scoped(namespace, found.metadata.name)).filter(isOffered),
  );
  const plans =
    planSelector === undefined && lookup.planRef === undefined
      ? ofClass
      : preferred(
          select(lookup.plans, namespace, lookup.planRef, planSelector).filter((plan) =>
            lookup.isOfClass(plan, found),
          ),
        );
  const plan = only(plans);
  if (plan === undefined) {
    return {
      kind: 'unresolved',
      reason: 'ReferencesNonexistentServicePlan',
      message: unresolvedPlan(
        `"${found.spec.externalName}"`,
        planSelector,
        plans.length,
        ofClass.map(choiceOf),
      ),
      ...(planSelector === undefined ? { choices: ofClass.length } : {}),
    };
  }
  return { kind: 'resolved', offering: lookup.offering(found, plan) };
}

/**
 * An entry that left the catalog keeps serving its instances, but a new one of the same name comes first. So do those
 * that a catalog gave: copies that somebody made by hand are found where they have names or ids of their own. What is
 * built in comes after what a broker offers.
 */
function preferred<T extends AnyOffering>(candidates: readonly T[]): readonly T[] {
  return fromCatalogFirst(atLeastOne(atLeastOne(candidates, isOffered), isOfBroker));
}

function isOfBroker({ spec }: AnyOffering): boolean {
  return !('clusterServiceBrokerName' in spec) || spec.clusterServiceBrokerName !== builtInBrokerName;
}

/** Those that a broker's catalog gave; all when it gave none of them. */
export function fromCatalogFirst<T extends AnyOffering>(candidates: readonly T[]): readonly T[] {
  return atLeastOne(candidates, ({ metadata, spec }) => isNamedAfter(spec.externalID, metadata.name));
}

function atLeastOne<T>(candidates: readonly T[], isBetter: (candidate: T) => boolean): readonly T[] {
  if (candidates.length < 2) return candidates;
  const better = candidates.filter(isBetter);
  return better.length > 0 ? better : candidates;
}

function choiceOf({ spec }: AnyOffering): Choice {
  const broker = 'clusterServiceBrokerName' in spec ? spec.clusterServiceBrokerName : spec.serviceBrokerName;
  return { name: spec.externalName, broker };
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
  return selector === undefined ? [] : store.byIndex(selector.by, scoped(namespace, selector.value));
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
