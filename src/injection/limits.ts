import { bindingAnnotationPrefixes, group } from '../api/group.ts';
import { valuesIn } from '../base/folded-json.ts';
import { isBindingKey } from './annotation-keys.ts';
import type { Annotations } from './pod.ts';
import { error, type Problem } from './problem.ts';

/** How much one Pod or workload may ask for. Counted before anything else is done with it. */
export interface RequestLimits {
  /** Annotations `bind.servicecatalog.k8s.io/<name>`. */
  readonly bindings: number;
}

/** What an installation may be set to at most. Everything that reads annotations without asking anybody uses it. */
export const mostBindings: RequestLimits = { bindings: 256 };

/** @see the flag --max-bindings */
export const defaultLimits: RequestLimits = { bindings: 32 };

/** There are nine families of settings; what is misspelt counts as well. */
const settingsPerBinding = 16;

/** Kubernetes' limit for all annotations of an object together, keys and values, bytes. */
export const maxAnnotationBytes = 256 * 1024;

/** Entries of one list in an annotation: variables, or containers. */
const maxListEntries = 256;

/** More than any Pod that the API server would store: each container takes a few hundred bytes of 1.5 MiB. */
export const maxContainers = 1_000;

/** Directories in the paths at which the containers of a Pod have mounts, over all of them. */
export const maxMountParts = 50_000;

/**
 * Mounts and variables that are added to one Pod, over all containers. Each takes about a hundred bytes, so that many
 * more would not fit into an object (etcd: 1.5 MiB).
 */
export const maxAdditions = 10_000;

/**
 * Values in all parameters of an object together. To read one costs a microsecond, in the way of everybody else's Pods and
 * again for each change; a document of 64 KiB may have twenty thousand.
 */
const maxParameterValues = 2_048;

const bindPrefix = bindingAnnotationPrefixes.bind;
const paramsPrefix = bindingAnnotationPrefixes.params;

/**
 * What is too much about these annotations; undefined when nothing is.
 * @param keys those that mention our group
 */
export function excessOf(
  annotations: Annotations,
  keys: readonly string[],
  limits: RequestLimits,
): Problem | undefined {
  let bindings = 0;
  let settings = 0;
  let length = 0;
  for (const key of keys) {
    if (key.startsWith(bindPrefix)) bindings++;
    else if (isBindingKey(key)) settings++;
    length += key.length + (annotations[key]?.length ?? 0);
  }
  if (bindings > limits.bindings) {
    const remedy = 'ask for fewer, or have an operator raise --max-bindings';
    return error(bindPrefix, tooMany(`annotations ${bindPrefix}…`, bindings, limits.bindings, remedy), 250);
  }
  const maxSettings = limits.bindings * settingsPerBinding;
  if (settings > maxSettings) {
    const remedy = `remove those without an annotation ${bindPrefix}… of the same name`;
    return error(bindPrefix, tooMany(`settings of ${group}`, settings, maxSettings, remedy), 250);
  }
  // No character takes more than three bytes per UTF-16 unit.
  if (length * 3 <= maxAnnotationBytes)
    return length < maxParameterValues ? undefined : excessOfValues(annotations, keys);
  const bytes = keys.reduce((sum, key) => sum + Buffer.byteLength(key + (annotations[key] ?? '')), 0);
  if (bytes <= maxAnnotationBytes) return excessOfValues(annotations, keys);
  const remedy = `put parameters into a Secret (${paramsPrefix}…: secret:<name>/<key>)`;
  return error(
    bindPrefix,
    tooMany(`bytes of annotations of ${group}`, bytes, maxAnnotationBytes, remedy),
    250,
  );
}

/** What there is too much of, how much, how much there may be, and what to do. */
export function tooMany(what: string, count: number, limit: number, remedy: string): string {
  return `${count} ${what} are too many, ${limit} are allowed: ${remedy}`;
}

/** What is too much about a list in an annotation, entries separated by commas; undefined when nothing is. */
export function excessOfList(what: string, text: string, remedy: string): string | undefined {
  let entries = 1;
  for (let at = text.indexOf(','); at >= 0; at = text.indexOf(',', at + 1)) entries++;
  return entries > maxListEntries ? tooMany(what, entries, maxListEntries, remedy) : undefined;
}

function excessOfValues(annotations: Annotations, keys: readonly string[]): Problem | undefined {
  const parameters = keys.filter((key) => key.startsWith(paramsPrefix));
  const values = parameters.reduce(
    (sum, key) => sum + valuesIn(annotations[key] ?? '', maxParameterValues),
    0,
  );
  if (values <= maxParameterValues) return undefined;
  const remedy = `put parameters into a Secret (${paramsPrefix}…: secret:<name>/<key>)`;
  return error(bindPrefix, tooMany(`values in ${paramsPrefix}…`, values, maxParameterValues, remedy), 250);
}
