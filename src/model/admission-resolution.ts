import type { ServiceInstanceSpec } from '../api/generated/service-instance.ts';
import { resolveOffering, type Offering } from './resolve.ts';
import type { Stores } from './stores.ts';
import { classScope, offeringSpec } from './class-scope.ts';
import { offeringRefs, unbindable } from './offering-of.ts';
import { notForNamespace } from './offered-to.ts';
import { noRoom, type Newcomer } from './room.ts';

export type ResolveInstance = (spec: ServiceInstanceSpec, namespace: string) => ResolvedInstance | undefined;

/** Class and plan; or that a plan has to be chosen; or what there is not. */
export type FoundOffering =
  | { readonly kind: 'offering'; readonly offering: Offering }
  | { readonly kind: 'plan-open' | 'unknown'; readonly message: string };

export interface ResolvedInstance {
  /** `clusterServiceClassRef`, … as fields of the spec. */
  readonly refs: Readonly<Partial<Record<InstanceRef, { readonly name: string }>>>;
  /** The plan selector to fill in when the instance names none and the class has one plan only. */
  readonly planSelector?: Readonly<Record<string, string>>;
}

export type InstanceRef =
  'clusterServiceClassRef' | 'clusterServicePlanRef' | 'serviceClassRef' | 'servicePlanRef';

/** What the webhook fills in: references, and the only plan of a class when none is named. */
export function admissionResolution(stores: Stores): ResolveInstance {
  return (spec, namespace) => {
    const resolution = resolveOffering(spec, namespace, stores);
    if (resolution.kind === 'unresolved') return undefined;
    const refs = offeringRefs(resolution.offering);
    const planSelector = defaultPlanSelector(spec, resolution.offering.plan);
    return planSelector === undefined ? { refs } : { refs, planSelector };
  };
}

/** Class and plan of an instance, or what there is instead. */
export function findOffering(
  stores: Stores,
): (spec: ServiceInstanceSpec, namespace: string) => FoundOffering {
  return (spec, namespace) => {
    const resolution = resolveOffering(spec, namespace, stores);
    if (resolution.kind === 'resolved') return { kind: 'offering', offering: resolution.offering };
    const { message, choices = 0 } = resolution;
    // Of a class that is just being written the plans come after it.
    return { kind: choices > 1 ? 'plan-open' : 'unknown', message };
  };
}

/**
 * Why a namespace may not have class and plan, as far as the webhook has heard. A namespace that it has not heard of is left to
 * the controller.
 */
export function offeringRefusal(
  stores: Stores,
): (offering: Offering, wanted: Newcomer) => string | undefined {
  return (offering, wanted) => {
    const retired = retiredOf(offering);
    if (retired !== undefined) return `${retired} has left its catalog: nothing new is made of it`;
    const namespace = stores.namespaces.store.get(wanted.namespace);
    const strange = namespace && notForNamespace(offering, wanted.namespace, namespace.metadata.labels ?? {});
    return strange ?? noRoom(offering, wanted, stores);
  };
}

/**
 * What is wrong with a class and plan that an annotation asks for, where the condition of an instance says so in its words;
 * undefined when nothing.
 */
export function offeringProblem(
  stores: Stores,
): (className: string, plan: string, namespace: string) => string | undefined {
  return (className, plan, namespace) => {
    const spec = offeringSpec(className, plan, classScope(stores, namespace, className));
    const resolution = resolveOffering(spec, namespace, stores);
    if (resolution.kind === 'unresolved') return resolution.message;
    const retired = retiredOf(resolution.offering);
    if (retired !== undefined)
      return `${retired} has left its catalog: what exists goes on, nothing new is made of it`;
    const { labels = {} } = stores.namespaces.store.get(namespace)?.metadata ?? {};
    const strange = notForNamespace(resolution.offering, namespace, labels);
    if (strange !== undefined) return `${strange}; what exists goes on`;
    const problem = unbindable(resolution.offering);
    return problem && `${problem}; ask for a bindable plan`;
  };
}

/** What of an offering its broker offers no more. */
function retiredOf({ class: ofClass, plan }: Offering): string | undefined {
  if (ofClass.status?.removedFromBrokerCatalog === true) return `Class "${ofClass.spec.externalName}"`;
  return plan.status?.removedFromBrokerCatalog === true ? `Plan "${plan.spec.externalName}"` : undefined;
}

type PlanFields = {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly externalName: string; readonly externalID: string };
};

/** In the style of the class selector: name for name, id for id. */
function defaultPlanSelector(
  spec: ServiceInstanceSpec,
  { metadata, spec: plan }: PlanFields,
): Readonly<Record<string, string>> | undefined {
  const hasPlan = Object.entries(spec).some(
    ([field, value]) => /Plan(ExternalName|ExternalID|Name)$/.test(field) && Boolean(value),
  );
  if (hasPlan) return undefined;
  if (spec.clusterServiceClassExternalName) return { clusterServicePlanExternalName: plan.externalName };
  if (spec.clusterServiceClassExternalID) return { clusterServicePlanExternalID: plan.externalID };
  if (spec.clusterServiceClassName) return { clusterServicePlanName: metadata.name };
  if (spec.serviceClassExternalName) return { servicePlanExternalName: plan.externalName };
  return spec.serviceClassExternalID
    ? { servicePlanExternalID: plan.externalID }
    : { servicePlanName: metadata.name };
}
