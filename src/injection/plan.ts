import { defaultTypeAnnotationPrefix, injectedAnnotation } from '../api/group.ts';
import { applyRequest } from './apply-request.ts';
import type { Conflict } from './conflict.ts';
import type { ContainerAdditions } from './container-draft.ts';
import { unknownContainers } from './container-filter.ts';
import { PodDraft } from './pod-draft.ts';
import { containerSlots, type Annotations, type RawPod, type RawVolume } from './pod.ts';
import { applyPreset, type Preset } from './preset.ts';
import { cut } from './problem.ts';
import type { BindingRequest, ConflictPolicy } from './request.ts';
import { requestNames, type SecretNameLookup } from './secret-name.ts';
import {
  fits,
  specHash,
  statusAnnotation,
  type InjectedBinding,
  type InjectionStatus,
} from './status-annotation.ts';
import { needsDefaultType } from './volume.ts';

/** Everything that is to be added to a Pod. Nothing in it replaces or removes what the user wrote. */
export interface Plan {
  readonly volumes: readonly RawVolume[];
  readonly containers: readonly ContainerAdditions[];
  readonly schedulingGates: readonly { readonly name: string }[];
  /** Annotations to set: the status, and those that files of presets are made of. */
  readonly annotations: Annotations;
}

export interface PlanInput {
  readonly pod: RawPod;
  /** In the order of their names, as `parseAnnotations` returns them. */
  readonly requests: readonly BindingRequest[];
  readonly policy: ConflictPolicy;
  /** Of the admission request: the Pod's own may still be empty. */
  readonly namespace: string;
  readonly bindingSecretName: SecretNameLookup;
  /** PodPresets that choose the Pod. A preset with a conflict is left out as a whole; the others stay. */
  readonly presets?: readonly Preset[];
  /** True where a controller lifts our scheduling gate again; otherwise `wait: gate` waits for the kubelet. */
  readonly schedulingGates?: boolean;
}

export type PlanResult =
  | {
      readonly kind: 'inject';
      readonly plan: Plan;
      /** What the Pod has afterwards, including what it had before. */
      readonly injected: readonly InjectedBinding[];
      /** Left to the user's own entries (`keep-mine`), or PodPresets left out. */
      readonly conflicts: readonly Conflict[];
      readonly warnings: readonly string[];
    }
  /** Only the reason is noted on the Pod. */
  | { readonly kind: 'skip'; readonly plan: Plan; readonly conflicts: readonly Conflict[] }
  | { readonly kind: 'deny'; readonly conflicts: readonly Conflict[] };

/**
 * What a Pod needs to have its bindings. It depends on the Pod, its annotations, and the specs of bindings and
 * presets, never on status and never on the content of a Secret: it says the same however often it is asked, and
 * asking again after its plan was carried out finds nothing to do.
 */
export function plan(input: PlanInput): PlanResult {
  const { policy } = input;
  const asked = attempt(input, []);
  const blocking = asked.conflicts.filter(({ keepable }) => !keepable || policy !== 'keep-mine');
  if (blocking.length > 0 && policy === 'skip') {
    const reason = blocking.map(({ binding, field }) => `${binding}: ${field}`).join(', ');
    return { kind: 'skip', plan: skipPlan(input, reason), conflicts: blocking };
  }
  if (blocking.length > 0) return { kind: 'deny', conflicts: blocking };

  if (input.presets === undefined || input.presets.length === 0) return outcome(input, asked, []);
  const { accepted, rejected } = choosePresets(input, input.presets, asked.conflicts.length);
  const result = accepted.length === 0 ? asked : attempt(input, accepted);
  return outcome(input, { ...result, conflicts: [...result.conflicts, ...rejected] }, accepted);
}

/** Writes down what was found: the additions, and the status of a Pod that has got something. */
function outcome(
  { pod, requests }: PlanInput,
  { draft, injected, conflicts, warnings }: Attempt,
  presets: readonly Preset[],
): PlanResult {
  const hasAny = injected.length + presets.length > 0;
  const annotations = hasAny ? resultAnnotations(pod, requests, injected, presets) : {};
  return { kind: 'inject', plan: { ...draft.additions(), annotations }, injected, conflicts, warnings };
}

function resultAnnotations(
  pod: RawPod,
  requests: readonly BindingRequest[],
  bindings: readonly InjectedBinding[],
  presets: readonly Preset[],
): Annotations {
  const all =
    presets.length === 0 ? requests : [...requests, ...presets.flatMap((preset) => preset.requests)];
  const names = presets.length === 0 ? {} : { presets: presets.map(({ name }) => name) };
  const files = fileAnnotations(pod, all, presets);
  return { ...files, ...statusEntry(pod, { v: 1, bindings, ...names, specHash: specHash(all) }, files) };
}

interface Attempt {
  readonly draft: PodDraft;
  readonly injected: readonly InjectedBinding[];
  readonly conflicts: readonly Conflict[];
  readonly warnings: readonly string[];
}

/** Carries out the requests and these presets on a fresh draft. */
function attempt(input: PlanInput, presets: readonly Preset[]): Attempt {
  const slots = containerSlots(input.pod);
  const draft = new PodDraft(input.pod, slots);
  const conflicts: Conflict[] = [];
  const injected: InjectedBinding[] = [];
  const warnings: string[] = [];

  const ofPresets = presets.flatMap((preset) => preset.requests);
  for (const request of ofPresets.length === 0 ? input.requests : [...input.requests, ...ofPresets]) {
    const { secret } = requestNames(request, input.namespace, input.bindingSecretName);
    const binding = applyRequest(draft, request, secret, (conflict) =>
      conflicts.push({ ...conflict, binding: request.name }),
    );
    injected.push(binding);
    for (const name of unknownContainers(request.containers, slots)) {
      warnings.push(cut(`binding "${request.name}": the Pod has no container "${name}"`));
    }
    const waiting = waitWarning(request, draft, input.schedulingGates === true);
    if (waiting !== undefined) warnings.push(waiting);
  }
  for (const preset of presets) {
    applyPreset(draft, preset, (conflict) => conflicts.push({ ...conflict, binding: preset.name }));
  }
  return { draft, injected: withoutTwins(injected), conflicts, warnings };
}

function waitWarning(request: BindingRequest, draft: PodDraft, gates: boolean): string | undefined {
  if (request.wait === 'kubelet' || request.wait === 'optional') return undefined;
  if (request.wait === 'gate' && gates) {
    if (draft.gate()) return undefined;
    return cut(`binding "${request.name}": a Pod with nodeName can not be gated; the kubelet waits`);
  }
  return cut(`binding "${request.name}": wait=${request.wait} is not available here; the kubelet waits`);
}

/** Presets in the order of their names; each one that fits beside those before it is accepted. */
function choosePresets(
  input: PlanInput,
  presets: readonly Preset[],
  conflictsWithout: number,
): { readonly accepted: readonly Preset[]; readonly rejected: readonly Conflict[] } {
  const accepted: Preset[] = [];
  const rejected: Conflict[] = [];
  for (const preset of presets) {
    const { conflicts } = attempt(input, [...accepted, preset]);
    if (conflicts.length === conflictsWithout) accepted.push(preset);
    else
      rejected.push(
        ...conflicts.slice(conflictsWithout).map((conflict) => ({ ...conflict, binding: preset.name })),
      );
  }
  return { accepted, rejected };
}

/** The Pod and a preset may ask for the same binding; it is one binding then. */
function withoutTwins(injected: readonly InjectedBinding[]): readonly InjectedBinding[] {
  if (injected.length < 2) return injected;
  return injected.filter(
    ({ name, secret }, index) =>
      injected.findIndex((other) => other.name === name && other.secret === secret) === index,
  );
}

function skipPlan({ pod, requests }: PlanInput, reason: string): Plan {
  const status: InjectionStatus = { v: 1, bindings: [], skipped: reason, specHash: specHash(requests) };
  return { volumes: [], containers: [], schedulingGates: [], annotations: statusEntry(pod, status) };
}

/** The status annotation, when it is not there already with exactly this value. */
function statusEntry(pod: RawPod, status: InjectionStatus, others: Annotations = {}): Annotations {
  const current = pod.metadata?.annotations;
  const hasOthers = Object.keys(others).length > 0;
  const text = statusAnnotation(status, hasOthers ? { ...current, ...others } : current);
  if (text === undefined || current?.[injectedAnnotation] === text) return {};
  return { [injectedAnnotation]: text };
}

/** Those that files of volumes are made of, unless the Pod has them already. */
function fileAnnotations(
  pod: RawPod,
  requests: readonly BindingRequest[],
  presets: readonly Preset[],
): Annotations {
  const current = pod.metadata?.annotations ?? {};
  const isNew = ([key]: readonly [string, string]): boolean => !Object.hasOwn(current, key);
  const ofPresets = presets.flatMap(({ annotations }) => Object.entries(annotations)).filter(isNew);
  const types = requests
    .filter(needsDefaultType)
    .map(({ name }) => [defaultTypeAnnotationPrefix + name, name] as const)
    .filter(isNew);
  const all = Object.fromEntries([...ofPresets, ...types]);
  // An empty `type` is better than a Pod that is refused for what we write on it.
  return types.length === 0 || fits({ ...current, ...all }) ? all : Object.fromEntries(ofPresets);
}
