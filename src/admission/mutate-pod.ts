import type { PodPreset } from '../api/generated/pod-preset.ts';
import type { Logger } from '../base/logger.ts';
import { asksForBindings, parseAnnotations, type ParsedAnnotations } from '../injection/annotations.ts';
import { conflictWarning, denialMessage, type Conflict } from '../injection/conflict.ts';
import { defaultLimits, type RequestLimits } from '../injection/limits.ts';
import { planEphemeral } from '../injection/ephemeral.ts';
import { optOutOf } from '../model/scope.ts';
import { patch } from '../injection/patch.ts';
import { plan, type PlanResult } from '../injection/plan.ts';
import type { RawPod } from '../injection/pod.ts';
import { matchingPresets, type Preset } from '../injection/preset.ts';
import { mirrorAnnotation, systemNamespaces } from '../model/scope.ts';
import type { SecretNameLookup } from '../injection/secret-name.ts';
import type { SourceKind } from '../injection/source.ts';
import type { Authorize } from './authorize.ts';
import { deny, ignored, patched, unchanged, type Decision, type RequestContext } from './decision.ts';
import { podNote, type PodNote } from './pod-note.ts';
import { Repeats } from './repeats.ts';
import type { AdmissionRequest } from './review.ts';
import { missingRight } from './source-rights.ts';

export interface MutatePodDeps {
  readonly bindingSecretName: SecretNameLookup;
  /** PodPresets of a namespace. */
  readonly presets: (namespace: string) => readonly PodPreset[];
  readonly namespaceLabels: (namespace: string) => Readonly<Record<string, string>> | undefined;
  readonly authorize: Authorize;
  /** Namespaces whose Pods are never touched, besides those of Kubernetes itself: our own. */
  readonly excludedNamespaces: readonly string[];
  /** True where a controller lifts our scheduling gate again. */
  readonly schedulingGates: boolean;
  /** How much a Pod may ask for. @default defaultLimits */
  readonly limits?: RequestLimits;
  readonly logger: Logger;
  /** Tells the owner of the Pod what happened. Not called for dry runs. */
  readonly note: (note: PodNote) => void;
  readonly observe: (observation: InjectionObservation) => void;
}

export interface InjectionObservation {
  /** Sources of the bindings that were injected. */
  readonly injected: readonly SourceKind[];
  /** What conflicts were about: `env`, `mountPath`, `volume`. */
  readonly conflicts: readonly string[];
}

const notInjected = 'service bindings can not be injected';
/** Beyond these numbers nobody reads them, and Kubernetes cuts warnings. */
const maxErrors = 5;
const maxWarnings = 10;
/** Kubernetes' limit for names. Until it has looked at the Pod they are of any length. */
const maxNameLength = 253;

/** Gives a Pod the bindings that it asks for, or that PodPresets choose it for. */
export function mutatePod(
  request: AdmissionRequest,
  context: RequestContext,
  deps: MutatePodDeps,
): Decision | Promise<Decision> {
  const moment = momentOf(request);
  if (moment === undefined) return ignored;
  if (request.object === undefined) return deny(400, 'the request has no object');

  const pod: RawPod = request.object;
  if (isLeftAlone(pod, request, deps)) return unchanged;
  const parsed = parseAnnotations(pod.metadata?.annotations, deps.limits ?? defaultLimits);
  if (moment === 'debugging') return injectEphemeral(pod, parsed, request, deps);
  return considerCreation(pod, parsed, request, context, deps);
}

function considerCreation(
  pod: RawPod,
  parsed: ParsedAnnotations,
  request: AdmissionRequest,
  context: RequestContext,
  deps: MutatePodDeps,
): Decision | Promise<Decision> {
  const presets = matchingPresets(pod.metadata, deps.presets(request.namespace));
  const podCase: PodCase = { request, pod, parsed, presets, deps };
  const optOut = optOutOf(pod.metadata, deps.namespaceLabels(request.namespace));
  if (optOut !== undefined) return optedOut(optOut, podCase);
  const errors = parsed.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    const reasons = errors.slice(0, maxErrors).map(({ message }) => message);
    const more = errors.length > maxErrors ? `; and ${errors.length - maxErrors} more` : '';
    return refuse(422, `${notInjected}: ${reasons.join('; ')}${more}`, podCase);
  }
  if (parsed.requests.length === 0 && presets.length === 0) return patched([], warningsOf(parsed, []));
  return decide(podCase, context);
}

/** The only moments at which something can be added to a Pod: most of its fields never change again. */
function momentOf({
  resource,
  operation,
  subResource,
}: AdmissionRequest): 'creation' | 'debugging' | undefined {
  if (resource !== 'pods') return undefined;
  if (operation === 'CREATE' && subResource === '') return 'creation';
  return operation === 'UPDATE' && subResource === 'ephemeralcontainers' ? 'debugging' : undefined;
}

/** Everything that one decision about a Pod is made of. */
interface PodCase {
  readonly request: AdmissionRequest;
  readonly pod: RawPod;
  readonly parsed: ParsedAnnotations;
  readonly presets: readonly Preset[];
  readonly deps: MutatePodDeps;
}

/** Static Pods can not use Secrets; our own Pods and those of the control plane must start without us. */
function isLeftAlone(pod: RawPod, { namespace }: AdmissionRequest, deps: MutatePodDeps): boolean {
  return (
    systemNamespaces.includes(namespace) ||
    deps.excludedNamespaces.includes(namespace) ||
    Object.hasOwn(pod.metadata?.annotations ?? {}, mirrorAnnotation)
  );
}

function decide(podCase: PodCase, { timeoutMs }: RequestContext): Decision | Promise<Decision> {
  const { request, parsed, deps } = podCase;
  const made = parsed.requests.filter(
    ({ source }) => source.kind === 'request' || source.kind === 'instance',
  );
  if (made.length === 0) return inject(podCase);
  return missingRight(made, request, deps.authorize, timeoutMs).then((missing) =>
    missing === undefined ? inject(podCase) : refuse(403, missing, podCase),
  );
}

function inject(podCase: PodCase): Decision {
  const { request, pod, parsed, presets, deps } = podCase;
  const result = plan({
    pod,
    requests: parsed.requests,
    policy: parsed.policy,
    namespace: request.namespace,
    bindingSecretName: deps.bindingSecretName,
    presets,
    schedulingGates: deps.schedulingGates,
  });
  if (result.kind === 'excess') return tooMuch(result.message, podCase);
  deps.observe(observationOf(result, podCase));
  if (result.kind === 'deny') return refuse(403, denialMessage(result.conflicts), podCase);

  const operations = patch(result.plan, pod);
  const warnings = warningsOf(parsed, presets, result);
  if (result.kind === 'skip') {
    tell(podCase, 'BindingSkipped', denialMessage(result.conflicts), operations.length > 0);
    return {
      ...patched(operations, warnings),
      outcome: 'skipped',
      auditAnnotations: { outcome: 'skipped', reason: 'conflict' },
    };
  }
  const names = result.injected.map(({ name }) => name).join(',');
  if (result.conflicts.length > 0) {
    tell(podCase, 'BindingConflict', denialMessage(result.conflicts), operations.length > 0);
  }
  // Without operations this is the second call for the same Pod, and the first one has told everybody.
  if (operations.length > 0 && names !== '')
    tell(podCase, 'BindingInjected', `bindings injected: ${names}`, true);
  return {
    ...patched(operations, warnings),
    auditAnnotations: { outcome: 'injected', bindings: names },
  };
}

/** A Pod that did not ask starts without what PodPresets would have brought. */
function tooMuch(reason: string, podCase: PodCase): Decision {
  const message = `${notInjected}: ${reason}`;
  if (podCase.parsed.requests.length > 0) return refuse(422, message, podCase);
  tell(podCase, 'BindingSkipped', message, true);
  return { ...unchanged, outcome: 'skipped', warnings: [message] };
}

function injectEphemeral(
  pod: RawPod,
  { requests }: ParsedAnnotations,
  { namespace, oldObject }: AdmissionRequest,
  { bindingSecretName }: MutatePodDeps,
): Decision {
  const planned = planEphemeral({ pod, before: oldObject, requests, namespace, bindingSecretName });
  return patched(patch(planned, pod));
}

function optedOut(reason: string, podCase: PodCase): Decision {
  const { pod, presets } = podCase;
  if (!asksForBindings(pod.metadata?.annotations)) {
    return presets.length === 0 ? unchanged : { ...unchanged, outcome: 'skipped' };
  }
  const message = `the Pod asks for bindings and has opted out of injection (${reason}): nothing is injected`;
  tell(podCase, 'BindingSkipped', message, true);
  return {
    allowed: true,
    outcome: 'skipped',
    warnings: [message],
    auditAnnotations: { outcome: 'skipped', reason },
  };
}

function refuse(code: number, message: string, podCase: PodCase): Decision {
  tell(podCase, 'BindingConflict', message, true);
  return { ...deny(code, message), auditAnnotations: { outcome: 'denied' } };
}

/** What was said of late, for each server. */
const told = new WeakMap<MutatePodDeps, Repeats>();

/** One line in the log and one event on the owner; of many equal ones at once, the first, and one for the rest. */
function tell(podCase: PodCase, reason: PodNote['reason'], message: string, isNews: boolean): void {
  const { request, pod, deps } = podCase;
  if (!isNews) return;
  const { namespace, dryRun } = request;
  const note = podNote(pod, request, reason, message);
  const name = (request.name || (pod.metadata?.generateName ?? '')).slice(0, maxNameLength);
  const owner = note.target === undefined ? name : `${note.target.kind}/${note.target.metadata.name}`;
  const repeats = told.get(deps) ?? new Repeats();
  told.set(deps, repeats);
  repeats.tell(`${namespace} ${owner} ${reason} ${dryRun} ${message}`, (count) => {
    const many = count === 1 ? undefined : count;
    deps.logger.info(
      { namespace, pod: name, owner, reason, pods: many, dryRun: dryRun || undefined },
      message,
    );
    if (!dryRun) deps.note(note);
  });
}

function warningsOf(
  { problems, requests }: ParsedAnnotations,
  presets: readonly Preset[],
  result?: Exclude<PlanResult, { kind: 'deny' | 'excess' }>,
): readonly string[] {
  if (problems.length + presets.length === 0 && isSmooth(result)) return [];
  const isOfPreset = (key: string): boolean =>
    presets.some((preset) => Object.hasOwn(preset.annotations, key)) &&
    !requests.some(({ name }) => key.endsWith(`/${name}`));
  const warnings = problems.filter(({ key }) => !isOfPreset(key)).map(({ message }) => message);
  for (const preset of presets) warnings.push(...preset.problems.map(({ message }) => message));
  if (result !== undefined) {
    warnings.push(...result.conflicts.map((conflict: Conflict) => conflictWarning(conflict)));
  }
  if (result?.kind === 'inject') warnings.push(...result.warnings);
  return [...new Set(warnings)].slice(0, maxWarnings);
}

function isSmooth(result: PlanResult | undefined): boolean {
  return (
    result === undefined ||
    (result.kind === 'inject' && result.conflicts.length + result.warnings.length === 0)
  );
}

function observationOf(
  result: Exclude<PlanResult, { kind: 'excess' }>,
  { parsed, presets }: PodCase,
): InjectionObservation {
  const conflicts = result.conflicts.map(({ field }) => field.slice(0, field.indexOf(' ')));
  if (result.kind !== 'inject') return { injected: [], conflicts };
  const requests =
    presets.length === 0
      ? parsed.requests
      : [...parsed.requests, ...presets.flatMap((preset) => preset.requests)];
  // Of two requests for one name the Pod's own counts.
  const kinds = new Map(requests.toReversed().map(({ name, source }) => [name, source.kind]));
  const injected = result.injected.map(({ name }) => kinds.get(name)).filter((kind) => kind !== undefined);
  return { injected, conflicts };
}
