import {
  bindingAnnotationPrefixes,
  conflictPolicyAnnotation,
  defaultTypeAnnotationPrefix,
  group,
  injectKey,
  injectedAnnotation,
  secretHashAnnotationPrefix,
  workloadMarkAnnotation,
} from '../api/group.ts';
import { cut, error, mistake, quote, warning, type Problem } from './problem.ts';

/** Written to a Pod template: the keys that were copied from the workload's own annotations, as a JSON list. */
export const liftedAnnotation = `status.${group}/lifted`;

/** Keys that exist once, without a binding's name. */
const singleKeys: readonly string[] = [
  conflictPolicyAnnotation,
  injectKey,
  injectedAnnotation,
  liftedAnnotation,
  workloadMarkAnnotation,
];
const { bind: sourcePrefix, ...modifierPrefixes } = bindingAnnotationPrefixes;
const modifiers: readonly string[] = Object.values(modifierPrefixes);
const prefixes: readonly string[] = [
  sourcePrefix,
  ...modifiers,
  secretHashAnnotationPrefix,
  defaultTypeAnnotationPrefix,
];

/** True for an annotation with which a person asks for bindings or says how: what is copied to a Pod template. */
export function isBindingKey(key: string): boolean {
  return (
    key === conflictPolicyAnnotation ||
    key === injectKey ||
    key.startsWith(sourcePrefix) ||
    modifiers.some((prefix) => key.startsWith(prefix))
  );
}

/** Beyond this number nobody reads them. */
const maxProblems = 10;

/**
 * What is wrong with the keys themselves: unknown words, and settings for a binding that is not asked for. The first
 * ten of them.
 * @param keys those annotation keys that mention our group
 */
export function unknownKeyProblems(keys: readonly string[]): readonly Problem[] {
  const problems: Problem[] = [];
  const bases = keys.filter((key) => key.startsWith(sourcePrefix));
  const names = new Set(bases.map((key) => key.slice(sourcePrefix.length)));
  for (const key of keys) {
    if (problems.length >= maxProblems) break;
    if (key === sourcePrefix.slice(0, -1)) {
      problems.push(error(key, `${quote(key)} names no binding: write ${sourcePrefix}<name>`));
      continue;
    }
    const modifier = modifiers.find((prefix) => key.startsWith(prefix));
    if (modifier !== undefined) {
      const name = key.slice(modifier.length);
      if (!names.has(name)) problems.push(withoutBase(key, modifier, name, [...names]));
    } else if (!isKnown(key)) problems.push(unknownKey(key));
  }
  return problems;
}

function isKnown(key: string): boolean {
  if (singleKeys.includes(key) || prefixes.some((prefix) => key.startsWith(prefix))) return true;
  // Keys of the group itself belong to other parts of the program, and to the user's own objects.
  return !prefixOf(key).endsWith(`.${group}`);
}

function withoutBase(key: string, modifier: string, name: string, names: readonly string[]): Problem {
  const nearest = nearestWord(name, names);
  const family = modifier.slice(0, modifier.indexOf('.'));
  const hint = nearest === undefined ? `add ${cut(sourcePrefix + name)}` : `did you mean ${quote(nearest)}?`;
  return warning(key, `${family} of binding ${quote(name)} has no effect: ${hint}`);
}

function unknownKey(key: string): Problem {
  const word = prefixOf(key);
  const family = nearestWord(
    shortened(word),
    prefixes.map((prefix) => shortened(prefixOf(prefix))),
  );
  const single = nearestWord(shortened(key), singleKeys.map(shortened));
  const meant = single ?? (family === undefined ? undefined : family + key.slice(word.length));
  const known = meant?.replace(/^[^/]+/, (start) => `${start}.${group}`);
  return mistake(
    key,
    `annotation ${quote(key)} is unknown${known === undefined ? '' : `; did you mean ${known}?`}`,
  );
}

/** Without the group, which all of them share: what is left is what can be mistyped. */
function shortened(key: string): string {
  return key.replace(`.${group}`, '');
}

/** What stands before the slash; the whole key when there is none. */
function prefixOf(key: string): string {
  const slash = key.indexOf('/');
  return slash < 0 ? key : key.slice(0, slash);
}

/** Longer words, and more candidates, are not compared: their number is chosen by whoever writes the annotations. */
const maxLength = 100;
const maxCandidates = 32;

/** The candidate that was probably meant, or undefined when none is close: at most a third of its letters differ. */
export function nearestWord(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > maxLength) return undefined;
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates.slice(0, maxCandidates)) {
    const bound = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
    if (candidate.length > maxLength || Math.abs(word.length - candidate.length) > bound) continue;
    const distance = editDistance(word, candidate);
    if (distance <= bound && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein: insertions, deletions and replacements from one word to the other. */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      const removed = (previous[column] ?? 0) + 1;
      const added = (current[column - 1] ?? 0) + 1;
      current.push(Math.min(replaced, removed, added));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}
