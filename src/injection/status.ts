import { defaultTypeAnnotationPrefix, injectedAnnotation } from '../api/group.ts';
import { sha256Hex } from '../base/hash.ts';
import { memoized } from '../base/memo.ts';
import type { InjectedBinding } from './apply-requests.ts';
import { needsDefaultType } from './binding.ts';
import type { Conflict } from './conflict.ts';
import { maxAnnotationBytes } from './limits.ts';
import type { Annotations, RawPod } from './pod.ts';
import type { LeftOutPreset, Preset } from './preset.ts';
import type { BindingRequest } from './request.ts';

/** Annotations that a Pod gets with its bindings: the status, and those that files of its volumes are made of. */
export function resultAnnotations(
  pod: RawPod,
  requests: readonly BindingRequest[],
  bindings: readonly InjectedBinding[],
  presets: readonly Preset[],
  leftOut: readonly LeftOutPreset[],
): Annotations {
  const all =
    presets.length === 0 ? requests : [...requests, ...presets.flatMap((preset) => preset.requests)];
  const names = {
    ...(presets.length === 0 ? {} : { presets: presets.map(({ name }) => name) }),
    ...(leftOut.length === 0 ? {} : { leftOut: leftOut.slice(0, maxLeftOut) }),
  };
  const files = fileAnnotations(pod, all, presets);
  const status = statusEntry(pod, { v: 1, bindings, ...names, specHash: specHash(all) }, files);
  return files === none ? status : { ...files, ...status };
}

const none: Annotations = {};

/** PodPresets that are named as left out. */
const maxLeftOut = 20;

/** Conflicts that are named as the reason why nothing was injected. */
const maxReasons = 5;

/** The status of a Pod that gets nothing because of these conflicts. */
export function skipAnnotations(
  pod: RawPod,
  requests: readonly BindingRequest[],
  conflicts: readonly Conflict[],
): Annotations {
  const shown = conflicts.slice(0, maxReasons);
  const skipped = shown.map(({ binding, field }) => `${binding}: ${field}`).join(', ');
  return statusEntry(pod, { v: 1, bindings: [], skipped, specHash: specHash(requests) });
}

/** The status annotation, when it is not there already with exactly this value. */
function statusEntry(pod: RawPod, status: InjectionStatus, others: Annotations = none): Annotations {
  const current = pod.metadata?.annotations;
  const text = statusAnnotation(status, others === none ? current : { ...current, ...others });
  if (text === undefined || current?.[injectedAnnotation] === text) return {};
  return { [injectedAnnotation]: text };
}

/** Those that files of volumes are made of, unless the Pod has them already. */
function fileAnnotations(
  pod: RawPod,
  requests: readonly BindingRequest[],
  presets: readonly Preset[],
): Annotations {
  const needTypes = requests.filter(needsDefaultType);
  if (needTypes.length + presets.length === 0) return none;
  const current = pod.metadata?.annotations ?? {};
  const isNew = ([key]: readonly [string, string]): boolean => !Object.hasOwn(current, key);
  const ofPresets = presets.flatMap(({ annotations }) => Object.entries(annotations)).filter(isNew);
  const types = needTypes
    .map(({ name }) => [defaultTypeAnnotationPrefix + name, name] as const)
    .filter(isNew);
  const all = Object.fromEntries([...ofPresets, ...types]);
  // An empty `type` is better than a Pod that is refused for what we write on it.
  return types.length === 0 || fits({ ...current, ...all }) ? all : Object.fromEntries(ofPresets);
}

interface InjectionStatus {
  readonly v: 1;
  readonly bindings: readonly InjectedBinding[];
  /** PodPresets that were applied. */
  readonly presets?: readonly string[];
  /** PodPresets that were not, because of a conflict. */
  readonly leftOut?: readonly LeftOutPreset[];
  /** Why nothing was injected, with the policy `skip`. */
  readonly skipped?: string;
  /** Digest of what was asked for. */
  readonly specHash: string;
}

/**
 * The value of the status annotation. When the Pod's annotations leave no room for it, a shorter one without the
 * list; when there is no room even for that, undefined: the Pod must not be refused because of our note on it.
 */
function statusAnnotation(
  status: InjectionStatus,
  annotations: Annotations | null | undefined,
): string | undefined {
  const room = maxAnnotationBytes - injectedAnnotation.length - totalBytes(annotations);
  const whole = JSON.stringify(status);
  // No character takes more than three bytes per UTF-16 unit.
  if (whole.length * 3 <= room || Buffer.byteLength(whole) <= room) return whole;
  const short = JSON.stringify({ v: status.v, specHash: status.specHash, shortened: true });
  return Buffer.byteLength(short) <= room ? short : undefined;
}

/** Whether the API server takes an object with these annotations. */
function fits(annotations: Annotations): boolean {
  return totalBytes(annotations) <= maxAnnotationBytes;
}

/** Digest of what is asked for, 16 hex digits. Parameters do not enter it: it can be read by everybody. */
const specHash: (requests: readonly BindingRequest[]) => string = memoized((requests) =>
  sha256Hex(JSON.stringify(requests.map(({ parameters: _parameters, ...request }) => request))).slice(0, 16),
);

/** Upper bound for the size of the annotations; exact only where it comes near the limit. */
function totalBytes(annotations: Annotations | null | undefined): number {
  if (!annotations) return 0;
  let length = 0;
  for (const key of Object.keys(annotations)) length += key.length + (annotations[key] ?? '').length;
  // No character takes more than three bytes per UTF-16 unit.
  if (length * 3 < maxAnnotationBytes / 2) return length * 3;
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    if (key !== injectedAnnotation) bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  return bytes;
}
