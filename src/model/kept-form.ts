import { catalogFields, parametersField } from '../api/free-form.ts';
import { labelPrefix } from '../api/group.ts';
import { foldedFrom } from '../base/folded-json.ts';
import { canonicalJson } from '../base/json.ts';
import { copyLazily, jsonOf, lazyText } from '../base/lazy-json.ts';
import type { KubeObject } from '../kube/objects.ts';
import { withoutManagedFields } from '../control/kept-whole.ts';
import { Withheld } from '../control/withheld.ts';

/**
 * What stores keep of our kinds. Whoever may write one object may write thousands, so it has to be bounded for each, and
 * with it what a process needs, however much the objects hold.
 */

type Entries = Readonly<Record<string, string>>;

/** Characters of labels, and of annotations. Ours come first. */
const maxEntriesLength = 16 * 1024;
/** Holds the whole object once more. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Longer fields of classes and plans are withheld, characters. They are looked at only to see whether they changed. */
const maxCatalogFieldLength = 1024;
const comparedFields: readonly string[] = [...catalogFields, 'description', 'tags'];
/** A catalog never gives more. */
const maxComparedLength = 512 * 1024;

/** An instance or a binding: without owners, and without large parameters, which are read when they are sent. */
export function keptBrokered<T extends KubeObject & { readonly spec: object }>(object: T): T {
  const { metadata, spec } = object;
  const { ownerReferences: _, ...kept } = withoutManagedFields(metadata);
  const text = isWithheld(spec, parametersField) ? undefined : jsonOf(spec, parametersField);
  return {
    ...object,
    metadata: { ...kept, ...bounded('labels', kept.labels), ...bounded('annotations', kept.annotations) },
    spec:
      text === undefined || text.length < foldedFrom
        ? spec
        : copyLazily(spec, { [parametersField]: new Withheld(text) }),
  };
}

/** A class or a plan. */
export function keptItem<T extends KubeObject & { readonly spec: object }>(object: T): T {
  return { ...object, metadata: withoutManagedFields(object.metadata), spec: keptItemSpec(object.spec) };
}

/** The spec of a class or plan in the form in which two of them can be compared. */
export function keptItemSpec<S extends object>(spec: S): S {
  const withheld: Record<string, Withheld> = {};
  for (const field of comparedFields) {
    const text = comparedText(spec, field);
    if (text !== undefined && text.length > maxCatalogFieldLength) withheld[field] = new Withheld(text);
  }
  return Object.keys(withheld).length === 0 ? spec : copyLazily(spec, withheld as Partial<S>);
}

/** With the keys in order, or as it is where no catalog could have given it. */
function comparedText(spec: object, field: string): string | undefined {
  const lazy = lazyText(spec, field);
  if (lazy !== undefined && lazy.length > maxComparedLength) return lazy;
  if (isWithheld(spec, field)) return undefined;
  const value = (spec as Readonly<Record<string, unknown>>)[field];
  if (value === undefined) return undefined;
  try {
    return canonicalJson(value);
  } catch {
    // Thousands of levels deep.
    return lazy;
  }
}

function isWithheld(spec: object, field: string): boolean {
  return Object.getOwnPropertyDescriptor(spec, field)?.value instanceof Withheld;
}

function bounded(field: 'labels' | 'annotations', entries: Entries | undefined): object {
  if (entries === undefined) return {};
  const keys = Object.keys(entries);
  const length = keys.reduce((sum, key) => sum + key.length + (entries[key]?.length ?? 0), 0);
  if (length <= maxEntriesLength && !(lastApplied in entries)) return {};
  let left = maxEntriesLength;
  const isOurs = (key: string): boolean => key.startsWith(labelPrefix);
  const kept = [...keys.filter(isOurs), ...keys.filter((key) => !isOurs(key))].filter((key) => {
    if (key === lastApplied) return false;
    left -= key.length + (entries[key]?.length ?? 0);
    return left >= 0;
  });
  return { [field]: Object.fromEntries(kept.map((key) => [key, entries[key]])) };
}
