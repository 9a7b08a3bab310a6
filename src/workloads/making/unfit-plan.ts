import { nearestWord } from '../../injection/annotation-keys.ts';
import { offeringSpec, type ClassScope } from '../../model/class-scope.ts';
import { unbindable } from '../../model/offering-of.ts';
import { resolveOffering } from '../../model/resolve.ts';
import { scoped, type Stores } from '../../model/stores.ts';
import type { Request } from './requested-objects.ts';

type Catalog = Pick<
  Stores,
  'serviceClasses' | 'clusterServiceClasses' | 'servicePlans' | 'clusterServicePlans'
>;

/** Beyond this number nobody reads them. */
const maxNames = 5;

/** Why this plan is not written into an instance that is there; undefined when it is. */
export function unfitPlan(
  { stores, namespace }: { readonly stores: Stores; readonly namespace: string },
  request: Request,
  scope: ClassScope,
): string | undefined {
  return unknownPlan(stores, namespace, request, scope) ?? unbindablePlan(stores, namespace, request, scope);
}

/**
 * A plan that the catalog does not have is most often a typo. In an instance that is there it would leave everybody who shares
 * that without new logins; so it is not written there before the class has it.
 * @returns undefined when the class has the plan; else what to tell
 */
export function unknownPlan(
  stores: Catalog,
  namespace: string,
  { class: className, plan }: Request,
  scope: ClassScope,
): string | undefined {
  const plans = plansOf(stores, namespace, className, scope);
  if (plans.includes(plan)) return undefined;
  const nearest = nearestWord(plan, plans);
  const there = plans.slice(0, maxNames).map((one) => `"${one}"`);
  const hint = nearest === undefined ? `it has ${there.join(', ') || 'none'}` : `did you mean "${nearest}"?`;
  return `there is no plan "${plan}" of "${className}"; ${hint}`;
}

/**
 * A service without a login is of no use to a workload, and costs money: it is neither made nor led to such a plan.
 * @returns undefined when the plan can be bound, or nobody knows it; else what to tell
 */
export function unbindablePlan(
  stores: Stores,
  namespace: string,
  { class: className, plan }: Request,
  scope: ClassScope,
): string | undefined {
  const resolution = resolveOffering(offeringSpec(className, plan, scope), namespace, stores);
  const problem = resolution.kind === 'resolved' ? unbindable(resolution.offering) : undefined;
  return problem && `${problem}; ask for a bindable plan`;
}

function plansOf(
  stores: Catalog,
  namespace: string,
  className: string,
  scope: ClassScope,
): readonly string[] {
  const plans =
    scope === 'cluster'
      ? stores.clusterServiceClasses.store
          .byIndex('externalName', className)
          .flatMap(({ metadata: { name } }) => stores.clusterServicePlans.store.byIndex('class', name))
      : stores.serviceClasses.store
          .byIndex('externalName', scoped(namespace, className))
          .flatMap(({ metadata: { name } }) =>
            stores.servicePlans.store.byIndex('class', scoped(namespace, name)),
          );
  return plans
    .filter(({ status }) => status?.removedFromBrokerCatalog !== true)
    .map(({ spec }) => spec.externalName)
    .toSorted();
}
