import {
  applyRequests,
  repeatRequests,
  type Applied,
  type BindingContext,
  type InjectedBinding,
} from './apply-requests.ts';
import type { Conflict } from './conflict.ts';
import type { ContainerAdditions } from './container-draft.ts';
import { PodDraft } from './pod-draft.ts';
import { podExcess } from './pod-excess.ts';
import { addedEphemeralSlots, containerSlots, type Annotations, type RawPod, type RawVolume } from './pod.ts';
import { applyPresets, type Preset } from './preset.ts';
import type { BindingRequest, ConflictPolicy } from './request.ts';
import { resultAnnotations, skipAnnotations } from './status.ts';

/** Everything that is to be added to a Pod. Nothing in it replaces or removes what the user wrote. */
export interface Plan {
  readonly volumes: readonly RawVolume[];
  readonly containers: readonly ContainerAdditions[];
  readonly schedulingGates: readonly { readonly name: string }[];
  /** Annotations to set: the status, and those that files of presets are made of. */
  readonly annotations: Annotations;
}

export interface PlanInput extends BindingContext {
  readonly pod: RawPod;
  /** In the order of their names, as `parseAnnotations` returns them. */
  readonly requests: readonly BindingRequest[];
  readonly policy: ConflictPolicy;
  /** PodPresets that choose the Pod. A preset with a conflict is left out as a whole; the others stay. */
  readonly presets?: readonly Preset[];
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
  const asked = applyRequests(requests, draft, input);
  const blocking = asked.conflicts.filter(({ keepable }) => !keepable || policy !== 'keep-mine');
  if (blocking.length > 0 && policy === 'skip') {
    const annotations = skipAnnotations(pod, requests, blocking);
    const nothing = { volumes: [], containers: [], schedulingGates: [] };
    return { kind: 'skip', plan: { ...nothing, annotations }, conflicts: blocking };
  }
  if (blocking.length > 0) return { kind: 'deny', conflicts: blocking };

  const { accepted, leftOut, results } = applyPresets(presets, draft, input);
  const { injected, conflicts, warnings } = results.length === 0 ? asked : together([asked, ...results]);
  const bindings = withoutTwins(injected);
  const hasAny = bindings.length + accepted.length + leftOut.length > 0;
  const annotations = hasAny ? resultAnnotations(pod, requests, bindings, accepted, leftOut) : {};
  return {
    kind: 'inject',
    plan: { ...draft.additions(), annotations },
    injected: bindings,
    conflicts,
    warnings,
  };
}

function together(results: readonly Applied[]): Applied {
  return {
    injected: results.flatMap((result) => result.injected),
    conflicts: results.flatMap((result) => result.conflicts),
    warnings: results.flatMap((result) => result.warnings),
  };
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

/** A Pod to which containers were added for debugging. */
export interface EphemeralInput extends BindingContext {
  readonly pod: RawPod;
  /** The Pod before; its ephemeral containers can not be changed any more. */
  readonly before: RawPod | undefined;
  readonly requests: readonly BindingRequest[];
}

/**
 * Gives new ephemeral containers the bindings that the Pod already has. They can mount volumes but bring none, so a
 * Pod that was not injected gets nothing.
 */
export function planEphemeral(input: EphemeralInput): Plan {
  const { pod, before, requests } = input;
  const slots = addedEphemeralSlots(pod, before);
  const isTooMuch = podExcess(slots, requests) !== undefined;
  const draft = new PodDraft(pod, isTooMuch ? [] : slots);
  repeatRequests(requests, draft, input);
  return { ...draft.additions(), annotations: {} };
}
