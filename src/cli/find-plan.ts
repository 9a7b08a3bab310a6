import { clusterServiceClasses, clusterServicePlans, serviceClasses, servicePlans } from '../api/kinds.ts';
import { labelPrefix } from '../api/group.ts';
import { sha224Hex } from '../base/hash.ts';
import type { KubeClient } from '../kube/client.ts';
import type { AnyClass, AnyPlan } from './plan-report.ts';
import { UsageError } from './usage-error.ts';

export interface FoundPlan {
  readonly kind: string;
  readonly plan: AnyPlan;
  readonly class: AnyClass;
}

const scopes = [
  { plans: servicePlans, classes: serviceClasses, isNamespaced: true },
  { plans: clusterServicePlans, classes: clusterServiceClasses, isNamespaced: false },
] as const;

/**
 * The plan that a person means: by the names that brokers give, `CLASS/PLAN` or `PLAN`, else by the name of the object. One
 * of the namespace comes before one of the cluster.
 * @throws UsageError when there is none, or more than one
 */
export async function findPlan(
  client: Pick<KubeClient, 'list'>,
  name: string,
  namespace: string,
  signal: AbortSignal,
): Promise<FoundPlan> {
  const [plan = '', className] = name.split('/', 2).reverse();
  for (const scope of scopes) {
    const found = await inScope(client, scope, className, plan, namespace, signal);
    if (found.length > 1) {
      const names = found.map(
        ({ plan: { metadata }, class: { spec } }) => `${spec.externalName}/${plan} (${metadata.name})`,
      );
      throw new UsageError(
        `there are ${found.length} plans ${JSON.stringify(name)}: ${names.join(', ')}; name the class or the object`,
      );
    }
    const [only] = found;
    if (only !== undefined) return only;
  }
  throw new UsageError(
    `there is no plan ${JSON.stringify(name)} in the cluster or in namespace "${namespace}"; "kubectl get csplan,splan" lists them`,
  );
}

async function inScope(
  client: Pick<KubeClient, 'list'>,
  { plans, classes, isNamespaced }: (typeof scopes)[number],
  className: string | undefined,
  plan: string,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly FoundPlan[]> {
  const place = isNamespaced ? { namespace } : {};
  const byLabel = `${labelPrefix}spec.externalName=${sha224Hex(plan)}`;
  const named = await client.list<AnyPlan>(plans, { ...place, labelSelector: byLabel }, { signal });
  const found =
    named.items.length > 0 || className !== undefined
      ? named.items
      : (await client.list<AnyPlan>(plans, { ...place, fieldSelector: `metadata.name=${plan}` }, { signal }))
          .items;
  if (found.length === 0) return [];
  const all = (await client.list<AnyClass>(classes, place, { signal })).items;
  return found.flatMap((each) => {
    const { spec } = each;
    const ref = 'serviceClassRef' in spec ? spec.serviceClassRef.name : spec.clusterServiceClassRef.name;
    const ofClass = all.find(({ metadata }) => metadata.name === ref);
    const isMeant =
      ofClass !== undefined && (className === undefined || ofClass.spec.externalName === className);
    return isMeant ? [{ kind: plans.kind, plan: each, class: ofClass }] : [];
  });
}
