import { maxPerNamespaceAnnotation, namespacesAnnotation } from './group.ts';

/**
 * What an administrator says of a class or a plan: which namespaces may have new services of it, and how many. Both are
 * annotations, so a relist leaves them. They are asked about what is new only: nothing that is there is taken away.
 */
export interface OfferingTerms {
  /** As it is written; it may be anything. Undefined when every namespace may. */
  readonly namespaces: string | undefined;
  /** Undefined when any number may be had; 0, too, of what can not be understood. */
  readonly maxPerNamespace: number | undefined;
}

interface Annotated {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
}

export function termsOf({ metadata }: Annotated): OfferingTerms {
  const { [namespacesAnnotation]: namespaces, [maxPerNamespaceAnnotation]: most } =
    metadata.annotations ?? {};
  const maxPerNamespace = most === undefined ? undefined : /^\d{1,6}$/.test(most) ? Number(most) : 0;
  return { namespaces, maxPerNamespace };
}
