import { maxPerNamespaceAnnotation, namespacesAnnotation } from '../api/group.ts';
import { parseSelector } from '../api/parse-selector.ts';
import { matchesSelector } from '../api/selector.ts';
import type { Offering } from './resolve.ts';

/**
 * What an administrator says of a class or a plan: which namespaces may have new services of it, and how many. Both are
 * annotations, so a relist leaves them. They are asked about what is new only: nothing that is there is taken away.
 */
export interface Terms {
  /** As it is written; it may be anything. Undefined when every namespace may. */
  readonly namespaces: string | undefined;
  /** Undefined when any number may be had; 0, too, of what can not be understood. */
  readonly maxPerNamespace: number | undefined;
}

type Item = Offering['class'] | Offering['plan'];
type Labels = Readonly<Record<string, string>>;

/** Text of others in a message, characters. */
const maxShown = 200;

export function termsOf({ metadata }: { readonly metadata: Item['metadata'] }): Terms {
  const { [namespacesAnnotation]: namespaces, [maxPerNamespaceAnnotation]: most } =
    metadata.annotations ?? {};
  const maxPerNamespace = most === undefined ? undefined : /^\d{1,6}$/.test(most) ? Number(most) : 0;
  return { namespaces, maxPerNamespace };
}

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
