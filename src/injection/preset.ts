import type { PodPreset, PodPresetBinding } from '../api/generated/pod-preset.ts';
import { bindingAnnotationPrefixes as prefix } from '../api/group.ts';
import { memoized } from '../base/memo.ts';
import { parseAnnotations } from './annotations.ts';
import { applyRequests, type Applied, type BindingContext } from './apply-requests.ts';
import { describeObstacle, type Conflict } from './conflict.ts';
import type { Report } from './container-draft.ts';
import { selectsLabels } from './label-selector.ts';
import { maxAdditions } from './limits.ts';
import type { PodDraft } from './pod-draft.ts';
import { additionsOf } from './pod-excess.ts';
import type { Annotations, RawEnv, RawEnvFrom, RawMetadata, RawMount, RawVolume } from './pod.ts';
import { presetProblem, presetSourceProblem } from './preset-problem.ts';
import { quote, type Problem } from './problem.ts';
import type { BindingRequest } from './request.ts';

/** A PodPreset as injection understands it. */
export interface Preset {
  readonly name: string;
  readonly requests: readonly BindingRequest[];
  readonly env: readonly RawEnv[];
  readonly envFrom: readonly RawEnvFrom[];
  readonly volumes: readonly RawVolume[];
  readonly mounts: readonly RawMount[];
  /** Annotations that the Pod needs, because the files `type` and `provider` of a binding are made of them. */
  readonly annotations: Annotations;
  readonly problems: readonly Problem[];
  /** Why Pods could not be created with it; undefined when nothing is known. */
  readonly unusable: string | undefined;
}

const none: readonly Preset[] = [];

/** The presets of a namespace that choose this Pod, in the order of their names. A bad one does not stop the others. */
export function matchingPresets(
  pod: RawMetadata | null | undefined,
  presets: readonly PodPreset[],
): readonly Preset[] {
  if (presets.length === 0) return none;
  return presets
    .filter(({ spec }) => spec.selector !== undefined && selectsLabels(spec.selector, pod?.labels ?? {}))
    .toSorted((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1))
    .map(remembered);
}

/** Presets are what the store holds: the same objects for every Pod. */
const remembered = memoized(readPreset);

export function readPreset({ metadata, spec }: PodPreset): Preset {
  const bindings = (spec.bindings ?? []).map(asAnnotations);
  const parsed = bindings.map((annotations) => parseAnnotations(annotations));
  const requests = parsed.flatMap((each) => each.requests);
  const foreign = requests.flatMap((request) => presetSourceProblem(request) ?? []);
  return {
    name: metadata.name,
    requests: requests
      .filter((request) => presetSourceProblem(request) === undefined)
      .map((request) => ({ ...request, preset: metadata.name })),
    env: spec.env ?? [],
    envFrom: spec.envFrom ?? [],
    volumes: spec.volumes ?? [],
    mounts: spec.volumeMounts ?? [],
    annotations: Object.fromEntries(
      bindings.flatMap((annotations) => Object.entries(annotations)).filter(isFile),
    ),
    problems: [...parsed.flatMap(({ problems }) => problems), ...foreign],
    unusable: presetProblem(spec),
  };
}

/** The fields of a preset's binding have the notation of the annotations, so the same reader reads them. */
function asAnnotations(binding: PodPresetBinding): Annotations {
  const { name, from, env, containers, mount, type, provider } = binding;
  const entries: (readonly [string, string | undefined])[] = [
    [prefix.bind + name, from ?? ''],
    [prefix.env + name, env],
    [prefix.containers + name, containers],
    [prefix.mount + name, mount],
    [prefix.type + name, type],
    [prefix.provider + name, provider],
  ];
  return Object.fromEntries(entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}

function isFile([key, value]: readonly [string, string]): boolean {
  return value !== '' && (key.startsWith(prefix.type) || key.startsWith(prefix.provider));
}

/** A preset that chose the Pod, and that something of it stands against. */
export interface LeftOutPreset {
  readonly preset: string;
  /** What it is about, and who has it. */
  readonly why: string;
}

export interface ChosenPresets {
  readonly accepted: readonly Preset[];
  /** Those that could be used, and not here. One that can be used nowhere says so itself, in its status. */
  readonly leftOut: readonly LeftOutPreset[];
  /** What came of each, the accepted ones and the others. */
  readonly results: readonly Applied[];
}

const tooMuch = `would bring more than ${maxAdditions} mounts and variables into the Pod, with the PodPresets before it`;

/** Presets in the order of their names; each one that fits beside those before it is accepted. */
export function applyPresets(
  presets: readonly Preset[],
  draft: PodDraft,
  context: BindingContext,
): ChosenPresets {
  const accepted: Preset[] = [];
  const leftOut: LeftOutPreset[] = [];
  const results: Applied[] = [];
  // What is tried counts, also when it is left out: it is the work that has to end.
  let tried = 0;
  for (const preset of presets) {
    const isUsable = preset.unusable === undefined;
    if (isUsable) tried += additionsOfPreset(preset, draft);
    const isTooMuch = isUsable && tried > maxAdditions;
    const result = isTooMuch ? without(preset, tooMuch) : tryPreset(preset, draft, context);
    const [conflict] = result.conflicts;
    if (conflict === undefined) accepted.push(preset);
    else if (isUsable) leftOut.push({ preset: preset.name, why: describeObstacle(conflict) });
    results.push(result);
  }
  return { accepted, leftOut, results };
}

function tryPreset(preset: Preset, draft: PodDraft, context: BindingContext): Applied {
  const { name, requests, unusable } = preset;
  if (unusable !== undefined) return without(preset, `can not be used: ${unusable}`);
  const conflicts: Conflict[] = [];
  const report: Report = (conflict) => conflicts.push({ ...conflict, binding: name });
  let applied: Applied = { injected: [], conflicts, warnings: [] };
  const isKept = draft.attempt(() => {
    applied = applyRequests(requests, draft, context);
    for (const conflict of applied.conflicts) report(conflict);
    applyItems(draft, preset, report);
    return conflicts.length === 0;
  });
  return isKept ? applied : { injected: [], conflicts, warnings: [] };
}

function without({ name }: Preset, reason: string): Applied {
  const conflict = { binding: name, field: 'PodPreset', reason, keepable: true };
  return { injected: [], conflicts: [conflict], warnings: [] };
}

/** How many entries it adds to the Pod at most. */
function additionsOfPreset({ mounts, env, envFrom, requests }: Preset, { slots }: PodDraft): number {
  let additions = (mounts.length + env.length + envFrom.length) * slots.length;
  for (const request of requests) additions += additionsOf(request, slots);
  return additions;
}

/** Puts the preset's own items, everything besides its bindings, into the draft. */
function applyItems(draft: PodDraft, preset: Preset, report: Report): void {
  for (const volume of preset.volumes) draft.volume(volume, report);
  for (const container of draft.containers) {
    for (const mount of preset.mounts) {
      if (draft.hasVolumeNamed(mount.name)) container.mount(mount, report);
      else report(withoutVolume(mount, container.slot.container.name));
    }
    for (const variable of preset.env) container.env(variable, report);
    for (const source of preset.envFrom) container.envFrom(source);
  }
}

function withoutVolume({ name, mountPath }: RawMount, container: string): Parameters<Report>[0] {
  const reason = `is of volume ${quote(name)}, which neither the Pod nor the PodPreset has`;
  return { container, field: `mountPath ${mountPath}`, reason, keepable: true };
}
