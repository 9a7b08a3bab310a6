import { memoized } from '../base/memo.ts';
import { asksForBindings } from '../injection/annotations.ts';
import { conflictWarning, denialMessage, type Conflict } from '../injection/conflict.ts';
import type { PlanResult } from '../injection/plan.ts';
import { deny, patched, unchanged, type Decision, type PatchOperation } from './decision.ts';
import type { InjectionObservation, MutatePodDeps, PodCase } from './pod-case.ts';
import { podNote, type PodNote } from './pod-note.ts';
import { Repeats } from './repeats.ts';

/** Each answer to the creation of a Pod, and what its owner and the log hear of it. */

type Injected = Extract<PlanResult, { kind: 'inject' }>;
type Skipped = Extract<PlanResult, { kind: 'skip' }>;
type Judged = Exclude<PlanResult, { kind: 'excess' }>;

const notInjected = 'service bindings can not be injected';
/** Beyond these numbers nobody reads them, and Kubernetes cuts warnings. */
const maxErrors = 5;
const maxWarnings = 10;
/** Kubernetes' limit for names. Until it has looked at the Pod they are of any length. */
const maxNameLength = 253;

export function nothingAsked({ parsed }: PodCase): Decision {
  return patched([], warningsOf(parsed.problems.map(({ message }) => message)));
}

export function optedOut(reason: string, podCase: PodCase): Decision {
  const { pod, presets } = podCase;
  if (!asksForBindings(pod.metadata?.annotations)) {
    return presets.length === 0 ? unchanged : { ...unchanged, outcome: 'skipped' };
  }
  const message = `the Pod asks for bindings and has opted out of injection (${reason}): nothing is injected`;
  tell(podCase, 'BindingSkipped', message);
  return {
    allowed: true,
    outcome: 'skipped',
    warnings: [message],
    auditAnnotations: { outcome: 'skipped', reason },
  };
}

export function illegible(podCase: PodCase): Decision {
  const errors = podCase.parsed.problems.filter(({ severity }) => severity === 'error');
  const reasons = errors.slice(0, maxErrors).map(({ message }) => message);
  const more = errors.length > maxErrors ? `; and ${errors.length - maxErrors} more` : '';
  return refused(422, `${notInjected}: ${reasons.join('; ')}${more}`, podCase);
}

export function refused(
  code: number,
  message: string,
  podCase: PodCase,
  reason: PodNote['reason'] = 'BindingConflict',
): Decision {
  tell(podCase, reason, message);
  return { ...deny(code, message), auditAnnotations: { outcome: 'denied' } };
}

/** A Pod that did not ask starts without what PodPresets would have brought. */
export function tooMuch(reason: string, podCase: PodCase): Decision {
  const message = `${notInjected}: ${reason}`;
  if (podCase.parsed.requests.length > 0) return refused(422, message, podCase);
  tell(podCase, 'BindingSkipped', message);
  return { ...unchanged, outcome: 'skipped', warnings: [message] };
}

export function denied(conflicts: readonly Conflict[], podCase: PodCase): Decision {
  return refused(403, denialMessage(conflicts), podCase);
}

export function skipped(
  { conflicts }: Skipped,
  operations: readonly PatchOperation[],
  podCase: PodCase,
): Decision {
  // Without operations this is the second call for the same Pod, and the first one has told everybody.
  if (operations.length > 0) tell(podCase, 'BindingSkipped', denialMessage(conflicts));
  return {
    ...patched(operations, warningsAbout(podCase, conflicts)),
    outcome: 'skipped',
    auditAnnotations: { outcome: 'skipped', reason: 'conflict' },
  };
}

export function injected(
  result: Injected,
  operations: readonly PatchOperation[],
  podCase: PodCase,
): Decision {
  const { conflicts } = result;
  const names = result.injected.map(({ name }) => name).join(',');
  const isNews = operations.length > 0;
  if (isNews && conflicts.length > 0) tell(podCase, 'BindingConflict', denialMessage(conflicts));
  if (isNews && names !== '') tell(podCase, 'BindingInjected', `bindings injected: ${names}`);
  return {
    ...patched(operations, warningsAbout(podCase, conflicts, result.warnings)),
    auditAnnotations: { outcome: 'injected', bindings: names },
  };
}

/** What was said of late, for each server. */
const repeatsOf = memoized((_deps: MutatePodDeps) => new Repeats());

/** One line in the log and one event on the owner; of many equal ones at once, the first, and one for the rest. */
function tell({ request, pod, deps }: PodCase, reason: PodNote['reason'], message: string): void {
  const { namespace, dryRun } = request;
  const note = podNote(pod, request, reason, message);
  const name = (request.name || (pod.metadata?.generateName ?? '')).slice(0, maxNameLength);
  const owner = note.target === undefined ? name : `${note.target.kind}/${note.target.metadata.name}`;
  repeatsOf(deps).tell(`${namespace} ${owner} ${reason} ${dryRun} ${message}`, (count) => {
    const many = count === 1 ? undefined : count;
    deps.logger.info(
      { namespace, pod: name, owner, reason, pods: many, dryRun: dryRun || undefined },
      message,
    );
    if (!dryRun) deps.note(note);
  });
}

/** What the annotations and the presets say that has no effect, and what came of the rest. */
function warningsAbout(
  { parsed: { problems, requests }, presets }: PodCase,
  conflicts: readonly Conflict[],
  others: readonly string[] = [],
): readonly string[] {
  if (problems.length + presets.length + conflicts.length + others.length === 0) return [];
  const isOfPreset = (key: string): boolean =>
    presets.some((preset) => Object.hasOwn(preset.annotations, key)) &&
    !requests.some(({ name }) => key.endsWith(`/${name}`));
  return warningsOf([
    ...problems.filter(({ key }) => !isOfPreset(key)).map(({ message }) => message),
    ...presets.flatMap((preset) => preset.problems.map(({ message }) => message)),
    ...conflicts.map((conflict) => conflictWarning(conflict)),
    ...others,
  ]);
}

function warningsOf(messages: readonly string[]): readonly string[] {
  return messages.length < 2 ? messages : [...new Set(messages)].slice(0, maxWarnings);
}

export function observationOf(result: Judged, { parsed, presets }: PodCase): InjectionObservation {
  const conflicts = result.conflicts.map(({ field }) => field.slice(0, field.indexOf(' ')));
  if (result.kind !== 'inject') return { injected: [], conflicts };
  if (presets.length === 0) return { injected: parsed.requests.map(({ source }) => source.kind), conflicts };
  // Of two requests for one name the Pod's own counts.
  const requests = [...parsed.requests, ...presets.flatMap((preset) => preset.requests)].toReversed();
  const kinds = new Map(requests.map(({ name, source }) => [name, source.kind]));
  const injected = result.injected.map(({ name }) => kinds.get(name)).filter((kind) => kind !== undefined);
  return { injected, conflicts };
}
