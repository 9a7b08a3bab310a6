import { nearestWord } from '../../injection/annotation-keys.ts';
import { scoped, type Stores } from '../../model/stores.ts';
import type { ClassScope, Request } from './requested-objects.ts';

type Catalog = Pick<
  Stores,
  'serviceClasses' | 'clusterServiceClasses' | 'servicePlans' | 'clusterServicePlans'
>;

/** Beyond this number nobody reads them. */
const maxNames = 5;

/**
 * A plan that the catalog does not have is most often a typo. In an instance that is there it would leave everybody who shares
 * that without new logins; so it is not written there before the class has it.
 * @returns undefined when the class has the plan; else what to tell
 */
export function unknownPlan(
  stores: Catalog,
  namespace: string,
  { name, class: className, plan }: Request,
  scope: ClassScope,
): string | undefined {
  const plans = plansOf(stores, namespace, className, scope);
  if (plans.includes(plan)) return undefined;
  const nearest = nearestWord(plan, plans);
  const there = plans.slice(0, maxNames).map((one) => `"${one}"`);
  const hint = nearest === undefined ? `it has ${there.join(', ') || 'none'}` : `did you mean "${nearest}"?`;
  return `ServiceInstance "${name}" stays as it is: there is no plan "${plan}" of "${className}"; ${hint}`;
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
