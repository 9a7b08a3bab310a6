import { bindingAnnotationPrefixes, workloadMarkAnnotation } from '../api/group.ts';
import { isBindingKey, liftedAnnotation, unknownKeyProblems } from './annotation-keys.ts';
import { pointer } from './patch.ts';
import type { Annotations, RawPod } from './pod.ts';
import { quote, warning, type Problem } from './problem.ts';
import { bindingEntries, droppedCopies, droppedHashes, isUnchanged, notedKeys } from './put-back.ts';
import { topWorkload } from './top-workload.ts';
import {
  annotationsAbove,
  isControlled,
  podTemplateOf,
  type RawWorkload,
  type TemplateHolder,
} from './workload.ts';

/** A JSON patch operation on the annotations of a Pod template. */
export type LiftOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

export interface Lift {
  readonly operations: readonly LiftOperation[];
  /** The template's annotations as they will be. */
  readonly annotations: Annotations;
  readonly problems: readonly Problem[];
}

/**
 * Brings the binding annotations of a workload's own metadata into its Pod template, where they have their effect,
 * and takes them away again when they are taken away there. What was copied is noted on the template, so that a key
 * which somebody wrote on the template itself is never touched: the template's own value wins.
 *
 * A template is changed only when the workload is new or what it asks for changes, since every change of it makes new Pods.
 * What was written there and a manifest does not know is put back in the same write, for the same reason.
 * @param before the workload before this change; undefined at creation
 */
export function lift(holder: TemplateHolder, workload: RawWorkload, before?: RawWorkload | null): Lift {
  const { kind, template: path } = holder;
  const template = podTemplateOf(holder, workload);
  if (template === undefined) return { operations: [], annotations: {}, problems: [] };

  const current = annotationsOf(template);
  if (isMadeByDeployment(kind, workload)) return { operations: [], annotations: current, problems: [] };

  const above = annotationsAbove(holder, workload);
  const own = bindingEntries(above);
  if (kind === 'Job' && before) return unchangeable(own, before, current);

  const old = annotationsOf(podTemplateOf(holder, before));
  if (before && isUnchanged(own, bindingEntries(annotationsAbove(holder, before)), current, old)) {
    const known = { ...current, ...droppedCopies(current, old) };
    const next = { ...known, ...droppedHashes(known, old) };
    return {
      operations: operationsOf(path, template.metadata, current, next),
      annotations: next,
      problems: [...unknownKeys(above), ...unlifted(own, next), ...differing(own, next, new Set())],
    };
  }
  const noted = copiedKeys(current, own, old);
  // What a CronJob makes has its template and not its annotations: they were copied there for this very object.
  const isStampedOut = !before && isControlled(workload);
  const copied = isStampedOut ? new Set([...noted].filter((key) => own.has(key))) : noted;
  const lifted = nextAnnotations(own, current, copied);
  const next = before
    ? { ...lifted, ...droppedHashes(lifted, old) }
    : marked(kind, workload.metadata, lifted);
  return {
    operations: operationsOf(path, template.metadata, current, next),
    annotations: next,
    problems: [...unknownKeys(above), ...differing(own, current, copied)],
  };
}

function annotationsOf(template: RawPod | undefined): Annotations {
  return { ...template?.metadata?.annotations };
}

/** A Deployment finds its ReplicaSets by comparing templates; one that differs would be replaced for ever. */
function isMadeByDeployment(kind: string, workload: RawWorkload): boolean {
  return kind === 'ReplicaSet' && isControlled(workload);
}

/** The Pod template of a Job can not be changed after its creation (Kubernetes rule). */
function unchangeable(own: ReadonlyMap<string, string>, before: RawWorkload, current: Annotations): Lift {
  const old = bindingEntries(before.metadata?.annotations);
  const keys = [...new Set([...own.keys(), ...old.keys()])].filter((key) => own.get(key) !== old.get(key));
  const problems = keys.map((key) =>
    warning(key, `the Pods of a Job can not be changed: ${quote(key)} has no effect until it is made anew`),
  );
  return { operations: [], annotations: current, problems };
}

/**
 * The keys on the template that are copies. A copy that somebody has edited since is theirs from then on; our own
 * copy of the value that the workload has now, seen again when the webhook is called twice, is not an edit.
 */
function copiedKeys(
  current: Annotations,
  own: ReadonlyMap<string, string>,
  before: Annotations,
): ReadonlySet<string> {
  const noted = notedKeys(current[liftedAnnotation]);
  return new Set(
    noted.filter((key) => {
      const isEdited =
        Object.hasOwn(current, key) && Object.hasOwn(before, key) && current[key] !== before[key];
      return !isEdited || current[key] === own.get(key);
    }),
  );
}

function nextAnnotations(
  own: ReadonlyMap<string, string>,
  current: Annotations,
  copied: ReadonlySet<string>,
): Annotations {
  const next = new Map(Object.entries(current));
  const lifted: string[] = [];
  for (const key of copied) next.delete(key);
  for (const [key, value] of own) {
    if (next.has(key)) continue;
    next.set(key, value);
    lifted.push(key);
  }
  if (lifted.length > 0) next.set(liftedAnnotation, JSON.stringify(lifted.toSorted()));
  else next.delete(liftedAnnotation);
  return Object.fromEntries(next);
}

/** The Pods of a CronJob's Job can not tell whose they are, as the Job has a name of its own: it is written down for them. */
function marked(kind: string, metadata: RawWorkload['metadata'], annotations: Annotations): Annotations {
  if (kind !== 'Job') return annotations;
  const { [workloadMarkAnnotation]: _, ...others } = annotations;
  const { workload } = topWorkload(kind, metadata);
  const isAsking = Object.keys(others).some((key) => key.startsWith(bindingAnnotationPrefixes.bind));
  return workload.kind === 'CronJob' && isAsking
    ? { ...others, [workloadMarkAnnotation]: `${workload.kind}/${workload.name}` }
    : others;
}

function operationsOf(
  path: readonly string[],
  metadata: RawWorkload['metadata'],
  current: Annotations,
  next: Annotations,
): readonly LiftOperation[] {
  const place = [...path, 'metadata', 'annotations'];
  const hasChanged = (key: string): boolean => !Object.hasOwn(current, key) || current[key] !== next[key];
  const changed = Object.keys(next).filter(hasChanged).toSorted();
  const removed = Object.keys(current)
    .filter((key) => !Object.hasOwn(next, key))
    .toSorted();
  if (changed.length + removed.length === 0) return [];
  if (!metadata) {
    return [{ op: 'add', path: pointer([...path, 'metadata']), value: { annotations: next } }];
  }
  if (!metadata.annotations) return [{ op: 'add', path: pointer(place), value: next }];
  return [
    ...removed.map((key) => ({ op: 'remove', path: pointer([...place, key]) }) as const),
    ...changed.map((key) => {
      const op = Object.hasOwn(current, key) ? 'replace' : 'add';
      return { op, path: pointer([...place, key]), value: next[key] } as const;
    }),
  ];
}

/** What is not a key of the vocabulary is not copied, so nobody else will see that it is misspelt. */
function unknownKeys(annotations: Annotations | null | undefined): readonly Problem[] {
  const keys = Object.keys(annotations ?? {});
  return unknownKeyProblems(
    keys.filter((key) => key.includes('servicecatalog.k8s.io') && !isBindingKey(key)),
  );
}

function differing(
  own: ReadonlyMap<string, string>,
  current: Annotations,
  copied: ReadonlySet<string>,
): readonly Problem[] {
  return [...own]
    .filter(([key, value]) => Object.hasOwn(current, key) && !copied.has(key) && current[key] !== value)
    .map(([key]) => warning(key, `${quote(key)} of the Pod template wins over the one of the workload`));
}

/** What was written while nobody copied it. To copy it now would roll out a workload that nobody touched. */
function unlifted(own: ReadonlyMap<string, string>, next: Annotations): readonly Problem[] {
  return [...own.keys()]
    .filter((key) => !Object.hasOwn(next, key))
    .map((key) => warning(key, `${quote(key)} has no effect yet: write it on the Pod template, or anew`));
}
