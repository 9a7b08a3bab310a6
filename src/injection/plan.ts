import { applyRequest } from './apply-request.ts';
import type { Conflict } from './conflict.ts';
import type { ContainerAdditions } from './container-draft.ts';
import { unknownContainers } from './container-filter.ts';
import { maxAdditions } from './limits.ts';
import { resultAnnotations, skipAnnotations } from './pod-annotations.ts';
import { PodDraft } from './pod-draft.ts';
import { additionsOf, podExcess } from './pod-excess.ts';
import { containerSlots, type Annotations, type ContainerSlot, type RawPod, type RawVolume } from './pod.ts';
import { applyPreset, ownItems, type Preset } from './preset.ts';
import { cut } from './problem.ts';
import type { BindingRequest, ConflictPolicy } from './request.ts';
import { requestNames, type SecretNameLookup } from './secret-name.ts';
import type { InjectedBinding } from './status-annotation.ts';

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
  | { readonly kind: 'deny'; readonly conflicts: readonly Conflict[] }
  /** More than a Pod may get; nothing was planned. */
  | { readonly kind: 'excess'; readonly message: string };

/**
 * What a Pod needs to have its bindings. It depends on the Pod, its annotations, and the specs of bindings and
 * presets, never on status and never on the content of a Secret: it says the same however often it is asked, and
 * asking again after its plan was carried out finds nothing to do.
 */
export function plan(input: PlanInput): PlanResult {
  const { pod, requests, policy, presets = [] } = input;
  const slots = containerSlots(pod);
  const excess = podExcess(slots, requests);
  if (excess !== undefined) return { kind: 'excess', message: excess };

  const draft = new PodDraft(pod, slots);
  const asked = applyRequests(requests, draft, slots, input);
  const blocking = asked.conflicts.filter(({ keepable }) => !keepable || policy !== 'keep-mine');
  if (blocking.length > 0 && policy === 'skip') {
    const annotations = skipAnnotations(pod, requests, blocking);
    const nothing = { volumes: [], containers: [], schedulingGates: [] };
    return { kind: 'skip', plan: { ...nothing, annotations }, conflicts: blocking };
  }
  if (blocking.length > 0) return { kind: 'deny', conflicts: blocking };

  const { accepted, results } = applyPresets(presets, draft, slots, input);
  const { injected, conflicts, warnings } = results.length === 0 ? asked : together([asked, ...results]);
  const bindings = withoutTwins(injected);
  const hasAny = bindings.length + accepted.length > 0;
  const annotations = hasAny ? resultAnnotations(pod, requests, bindings, accepted) : {};
  return {
    kind: 'inject',
    plan: { ...draft.additions(), annotations },
    injected: bindings,
    conflicts,
    warnings,
  };
}

const tooMuch = `would bring more than ${maxAdditions} mounts and variables into the Pod, with the PodPresets before it`;

/** What came of some requests. */
interface Applied {
  readonly injected: readonly InjectedBinding[];
  readonly conflicts: readonly Conflict[];
  readonly warnings: readonly string[];
}

function together(results: readonly Applied[]): Applied {
  return {
    injected: results.flatMap((result) => result.injected),
    conflicts: results.flatMap((result) => result.conflicts),
    warnings: results.flatMap((result) => result.warnings),
  };
}

function applyRequests(
  requests: readonly BindingRequest[],
  draft: PodDraft,
  slots: readonly ContainerSlot[],
  { namespace, bindingSecretName, schedulingGates }: PlanInput,
): Applied {
  const conflicts: Conflict[] = [];
  const warnings: string[] = [];
  const injected = requests.map((request) => {
    const { secret } = requestNames(request, namespace, bindingSecretName);
    const binding = applyRequest(draft, request, secret, (conflict) =>
      conflicts.push({ ...conflict, binding: request.name }),
    );
    for (const name of unknownContainers(request.containers, slots)) {
      warnings.push(cut(`binding "${request.name}": the Pod has no container "${name}"`));
    }
    const waiting = waitWarning(request, draft, schedulingGates === true);
    if (waiting !== undefined) warnings.push(waiting);
    return binding;
  });
  return { injected, conflicts, warnings };
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
function applyPresets(
  presets: readonly Preset[],
  draft: PodDraft,
  slots: readonly ContainerSlot[],
  input: PlanInput,
): { readonly accepted: readonly Preset[]; readonly results: readonly Applied[] } {
  const accepted: Preset[] = [];
  const results: Applied[] = [];
  // What is tried counts, also when it is left out: it is the work that has to end.
  let tried = 0;
  for (const preset of presets) {
    if (preset.unusable !== undefined) {
      results.push({
        injected: [],
        warnings: [],
        conflicts: [leftOut(preset, `can not be used: ${preset.unusable}`)],
      });
      continue;
    }
    tried += ownItems(preset) * slots.length;
    for (const request of preset.requests) tried += additionsOf(request, slots);
    if (tried > maxAdditions) {
      results.push({ injected: [], warnings: [], conflicts: [leftOut(preset, tooMuch)] });
      continue;
    }
    let applied: Applied = { injected: [], conflicts: [], warnings: [] };
    const isAccepted = draft.attempt(() => {
      applied = applyRequests(preset.requests, draft, slots, input);
      const conflicts = [...applied.conflicts];
      applyPreset(draft, preset, (conflict) => conflicts.push({ ...conflict, binding: preset.name }));
      applied = { ...applied, conflicts };
      return conflicts.length === 0;
    });
    if (isAccepted) accepted.push(preset);
    results.push(isAccepted ? applied : rejected(applied, preset));
  }
  return { accepted, results };
}

function rejected({ conflicts }: Applied, { name }: Preset): Applied {
  const ofPreset = conflicts.map((conflict) => ({ ...conflict, binding: name }));
  return { injected: [], warnings: [], conflicts: ofPreset };
}

function leftOut({ name }: Preset, reason: string): Conflict {
  return { binding: name, field: 'PodPreset', reason, keepable: true };
}

/** The Pod and a preset may ask for the same binding; it is one binding then. */
function withoutTwins(injected: readonly InjectedBinding[]): readonly InjectedBinding[] {
  if (injected.length < 2) return injected;
  const seen = new Set<string>();
  return injected.filter(({ name, secret }) => {
    const key = `${name} ${secret}`;
    return !seen.has(key) && seen.add(key);
  });
}
