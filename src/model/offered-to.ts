import { namespacesAnnotation } from '../api/group.ts';
import { termsOf } from '../api/offering-terms.ts';
import { parseSelector } from '../api/parse-selector.ts';
import { matchesSelector } from '../api/selector.ts';
import type { Offering } from './resolve.ts';

type Item = Offering['class'] | Offering['plan'];
type Labels = Readonly<Record<string, string>>;

/** Text of others in a message, characters. */
const maxShown = 200;

/** Class and plan, with what they are called. */
export function itemsOf(offering: Offering): readonly { readonly item: Item; readonly what: string }[] {
  const { scope, class: ofClass, plan } = offering;
  const [ofWhat, planKind] =
    scope === 'cluster' ? ['ClusterServiceClass', 'ClusterServicePlan'] : ['ServiceClass', 'ServicePlan'];
  return [
    { item: ofClass, what: `${ofWhat} "${ofClass.metadata.name}"` },
    { item: plan, what: `${planKind} "${plan.metadata.name}"` },
  ];
}

/** `postgresql/large` */
export function offeringName({ class: ofClass, plan }: Offering): string {
  return `${ofClass.spec.externalName}/${plan.spec.externalName}`;
}

/**
 * Why a namespace may have nothing new of class and plan, as a sentence without a full stop; undefined when it may.
 * @param labels of the namespace
 */
export function notForNamespace(offering: Offering, namespace: string, labels: Labels): string | undefined {
  for (const { item, what } of itemsOf(offering)) {
    const { namespaces } = termsOf(item);
    if (namespaces === undefined) continue;
    const matches = selects(namespaces, labels);
    if (matches === true) continue;
    const subject = `plan "${offeringName(offering)}" is not offered in namespace "${namespace}"`;
    const shown = namespaces.length > maxShown ? `${namespaces.slice(0, maxShown)}…` : namespaces;
    const rule =
      matches === undefined
        ? `annotation ${namespacesAnnotation} of ${what} can not be understood`
        : `${what} is for namespaces with labels "${shown}" (annotation ${namespacesAnnotation})`;
    return `${subject}: ${rule}; choose another plan, or ask whoever manages the catalog`;
  }
  return undefined;
}

/** Whether labels are meant by a selector; undefined when nobody can tell. An empty one may mean all or none. */
function selects(text: string, labels: Labels): boolean | undefined {
  const parsed = parseSelector(text);
  if (parsed.kind === 'invalid' || parsed.requirements.length === 0) return undefined;
  return matchesSelector(parsed.requirements, (key) =>
    Object.hasOwn(labels, key) ? labels[key] : undefined,
  );
}
