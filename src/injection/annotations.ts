import { bindingAnnotationPrefixes, conflictPolicyAnnotation, injectedAnnotation } from '../api/group.ts';
import { unknownKeyProblems } from './annotation-keys.ts';
import { excessOf, mostBindings, type RequestLimits } from './limits.ts';
import type { Annotations } from './pod.ts';
import { error, quote, warning, type Problem } from './problem.ts';
import { parseSource, requestModifiers, type BindingRequest, type ConflictPolicy } from './request.ts';

/** What a Pod, a Pod template or a workload asks for by its annotations. */
export interface ParsedAnnotations {
  /** In the order of their names. */
  readonly requests: readonly BindingRequest[];
  readonly problems: readonly Problem[];
  readonly policy: ConflictPolicy;
  /** True: it asks for more than it may. There are no requests then, and the one problem says what is too much. */
  readonly isExcessive?: boolean;
}

/** A directory name: what may stand after the slash of an annotation key, in lower case. */
const bindingName = /^(?=.{1,63}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;

const nothing: ParsedAnnotations = { requests: [], problems: [], policy: 'deny' };

/** True when there is at least one source annotation: the condition under which the webhook is called. */
export function asksForBindings(annotations: Annotations | null | undefined): boolean {
  return Object.keys(annotations ?? {}).some((key) => key.startsWith(bindingAnnotationPrefixes.bind));
}

/**
 * Reads every annotation of the vocabulary. Problems come as values; a request with an error is left out. The same
 * annotations give the same object again, as long as there is room for it.
 * @param limits what an object may ask for; admission decides on it, everybody else reads what is there
 */
export function parseAnnotations(
  annotations: Annotations | null | undefined,
  limits: RequestLimits = mostBindings,
): ParsedAnnotations {
  if (!annotations) return nothing;
  const keys = Object.keys(annotations).filter(isOurs);
  if (keys.length === 0) return nothing;
  const text = memorableText(annotations, keys);
  const known = text === undefined ? undefined : readBefore.get(text);
  // What is not too much for those who allow less is not too much.
  if (known !== undefined && known.bindings <= limits.bindings) return known.parsed;
  const excess = excessOf(annotations, keys, limits);
  if (excess !== undefined) return { requests: [], problems: [excess], policy: 'deny', isExcessive: true };

  const parsed = known?.parsed ?? parse(annotations, keys.toSorted());
  if (text !== undefined) remember(text, { parsed, bindings: limits.bindings });
  return parsed;
}

/** What was read before, and how many bindings were allowed then. */
interface Known {
  readonly parsed: ParsedAnnotations;
  readonly bindings: number;
}

/** By everything that was read: a memory of a pure function, and of bounded size. */
const readBefore = new Map<string, Known>();
const maxRemembered = 1_000;
const maxRememberedLength = 4_000;

function remember(text: string, known: Known): void {
  if (readBefore.size >= maxRemembered) readBefore.clear();
  readBefore.set(text, known);
}

/** Everything that is read; undefined when it is too long to be remembered. */
function memorableText(annotations: Annotations, keys: readonly string[]): string | undefined {
  let text = '';
  for (const key of keys) {
    text += `${key}\0${annotations[key] ?? ''}\0`;
    if (text.length > maxRememberedLength) return undefined;
  }
  return text;
}

/** What was injected is written by us and different for every shape of a Pod; nothing is read from it. */
function isOurs(key: string): boolean {
  return key.includes('servicecatalog.k8s.io') && key !== injectedAnnotation;
}

function parse(annotations: Annotations, keys: readonly string[]): ParsedAnnotations {
  const requests: BindingRequest[] = [];
  const problems: Problem[] = [];
  for (const key of keys) {
    if (!key.startsWith(bindingAnnotationPrefixes.bind)) continue;
    const name = key.slice(bindingAnnotationPrefixes.bind.length);
    const request = parseRequest(key, name, annotations, problems);
    if (request !== undefined) requests.push(request);
  }
  problems.push(...unknownKeyProblems(keys));
  return { requests, problems, policy: parsePolicy(annotations, problems) };
}

/** True for a name that can be a directory, a part of a volume's name and a part of an annotation key. */
function isBindingName(name: string): boolean {
  return bindingName.test(name);
}

function parseRequest(
  key: string,
  name: string,
  annotations: Annotations,
  problems: Problem[],
): BindingRequest | undefined {
  if (!isBindingName(name)) {
    problems.push(
      error(key, `${quote(name)} can not name a binding: use up to 63 of a-z, 0-9, "-" and "." inside`),
    );
    return undefined;
  }
  const source = parseSource(name, annotations[key] ?? '');
  if (source.kind === 'illegal') {
    problems.push(error(key, source.message));
    return undefined;
  }
  const modifiers = requestModifiers(name, source.source, annotations);
  problems.push(...modifiers.problems);
  if (modifiers.problems.some(({ severity }) => severity === 'error')) return undefined;
  return { ...modifiers.values, name, source: source.source, sourceText: source.text };
}

function parsePolicy(annotations: Annotations, problems: Problem[]): ConflictPolicy {
  if (!Object.hasOwn(annotations, conflictPolicyAnnotation)) return 'deny';
  const value = annotations[conflictPolicyAnnotation] ?? '';
  if (value === 'deny' || value === 'skip' || value === 'keep-mine') return value;
  problems.push(
    warning(
      conflictPolicyAnnotation,
      `conflict policy ${quote(value)} is not deny, skip or keep-mine; deny is used`,
    ),
  );
  return 'deny';
}
