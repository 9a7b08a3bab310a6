import {
  catalogFields,
  defaultParametersField,
  maxDefaultParametersBytes,
  parametersField,
  wordFields,
} from '../api/free-form.ts';
import type { PodPreset } from '../api/generated/pod-preset.ts';
import { labelPrefix } from '../api/group.ts';
import { foldedFrom, hasMoreValues } from '../base/folded-json.ts';
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
/** Likewise of owners, as JSON. One is usual. */
const maxOwnersLength = 4 * 1024;
/** Holds the whole object once more. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Longer fields of classes and plans are withheld, characters. They are looked at only to see whether they changed. */
const maxCatalogFieldLength = 1024;
const comparedFields: readonly string[] = [...catalogFields, ...wordFields, 'description'];
/** By their tags the type of a binding is known, so they stay as long as any other platform takes them, and longer. */
const maxTagsLength = 4 * 1024;
/** A catalog never gives more. */
const maxComparedLength = 512 * 1024;

/** As base64. All authorities that systems trust have 300,000. */
export const maxCaBundleLength = 384 * 1024;

/** A longer spec of a preset is withheld, bytes of JSON. A preset of thirty variables and volumes has some four thousand. */
export const maxPresetBytes = 32 * 1024;
/** Likewise of more values: 32 KiB of `{}` are a megabyte as objects. What the definition allows of variables has 1,500. */
export const maxPresetValues = 2_500;

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

/** Where `withheld` is there, `spec` is empty: without selector it chooses no Pod. */
export interface KeptPreset extends PodPreset {
  /** In the place of the spec. It can not be written, so that the empty one can not get to the API server. */
  readonly withheld?: Withheld;
}

/** A preset: without owners and finalizers, and without a spec that is too large to be used. */
export function keptPreset(preset: PodPreset): KeptPreset {
  const { ownerReferences: _, finalizers: __, ...kept } = withoutManagedFields(preset.metadata);
  const metadata = {
    ...kept,
    ...bounded('labels', kept.labels),
    ...bounded('annotations', kept.annotations),
  };
  const text = textOf(preset.spec);
  return text !== undefined &&
    Buffer.byteLength(text) <= maxPresetBytes &&
    !hasMoreValues(text, maxPresetValues)
    ? { ...preset, metadata }
    : { ...preset, metadata, spec: {}, withheld: new Withheld(text ?? '') };
}

/** As JSON. What is kept as text is not parsed for it. */
function textOf(spec: object): string | undefined {
  try {
    const fields = Object.keys(spec).map((key) => `${JSON.stringify(key)}:${jsonOf(spec, key)}`);
    return `{${fields.join(',')}}`;
  } catch {
    // Thousands of levels deep.
    return undefined;
  }
}

/** A class or a plan. Of many owners the first are kept, ours before all others. */
export function keptItem<T extends KubeObject & { readonly spec: object }>(object: T): T {
  const { finalizers: _, ...kept } = withoutManagedFields(object.metadata);
  const spec = keptItemSpec(object.spec);
  const defaults = isWithheld(spec, defaultParametersField)
    ? undefined
    : jsonOf(spec, defaultParametersField);
  return {
    ...object,
    metadata: {
      ...kept,
      ...bounded('labels', kept.labels),
      ...bounded('annotations', kept.annotations),
      ...boundedOwners(kept.ownerReferences),
    },
    spec:
      defaults === undefined || Buffer.byteLength(defaults) <= maxDefaultParametersBytes
        ? spec
        : copyLazily(spec, { [defaultParametersField]: new Withheld(defaults) }),
  };
}

/** A broker: without owners, and without certificates that are more than can be used. */
export function keptBroker<T extends KubeObject & { readonly spec: { readonly caBundle?: string } }>(
  object: T,
): T {
  const { ownerReferences: _, ...kept } = withoutManagedFields(object.metadata);
  const { caBundle } = object.spec;
  const isLarge = typeof caBundle === 'string' && caBundle.length > maxCaBundleLength;
  return {
    ...object,
    metadata: { ...kept, ...bounded('labels', kept.labels), ...bounded('annotations', kept.annotations) },
    spec: isLarge ? { ...object.spec, caBundle: new Withheld(caBundle) } : object.spec,
  };
}

/** The spec of a class or plan in the form in which two of them can be compared. */
export function keptItemSpec<S extends object>(spec: S): S {
  const withheld: Record<string, Withheld> = {};
  for (const field of comparedFields) {
    const text = comparedText(spec, field);
    const most = field === 'tags' ? maxTagsLength : maxCatalogFieldLength;
    if (text !== undefined && text.length > most) withheld[field] = new Withheld(text);
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

type Owners = KubeObject['metadata']['ownerReferences'];

function boundedOwners(owners: Owners): { readonly ownerReferences?: Owners } {
  const length = (all: NonNullable<Owners>): number => JSON.stringify(all).length;
  if (owners === undefined || length(owners) <= maxOwnersLength) return {};
  const isOurs = ({ apiVersion }: NonNullable<Owners>[number]): boolean => apiVersion.startsWith(labelPrefix);
  const fits = room(maxOwnersLength);
  const ownerReferences = [...owners.filter(isOurs), ...owners.filter((owner) => !isOurs(owner))].filter(
    (owner) => fits(length([owner])),
  );
  return { ownerReferences };
}

function bounded(field: 'labels' | 'annotations', entries: Entries | undefined): object {
  if (entries === undefined) return {};
  const keys = Object.keys(entries);
  const length = keys.reduce((sum, key) => sum + key.length + (entries[key]?.length ?? 0), 0);
  if (length <= maxEntriesLength && !(lastApplied in entries)) return {};
  const fits = room(maxEntriesLength);
  const isOurs = (key: string): boolean => key.startsWith(labelPrefix);
  const kept = [...keys.filter(isOurs), ...keys.filter((key) => !isOurs(key))].filter((key) => {
    if (key === lastApplied) return false;
    return fits(key.length + (entries[key]?.length ?? 0));
  });
  return { [field]: Object.fromEntries(kept.map((key) => [key, entries[key]])) };
}

/** Whether there is room for something more, which it takes then. What is too large takes it from nobody else. */
function room(size: number): (length: number) => boolean {
  let left = size;
  return (length) => {
    if (length > left) return false;
    left -= length;
    return true;
  };
}
