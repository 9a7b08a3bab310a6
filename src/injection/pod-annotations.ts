import { defaultTypeAnnotationPrefix, injectedAnnotation } from '../api/group.ts';
import type { Conflict } from './conflict.ts';
import type { Annotations, RawPod } from './pod.ts';
import type { Preset } from './preset.ts';
import type { BindingRequest } from './request.ts';
import {
  fits,
  specHash,
  statusAnnotation,
  type InjectedBinding,
  type InjectionStatus,
} from './status-annotation.ts';
import { needsDefaultType } from './volume.ts';

/** Annotations that a Pod gets with its bindings: the status, and those that files of its volumes are made of. */
export function resultAnnotations(
  pod: RawPod,
  requests: readonly BindingRequest[],
  bindings: readonly InjectedBinding[],
  presets: readonly Preset[],
): Annotations {
  const all =
    presets.length === 0 ? requests : [...requests, ...presets.flatMap((preset) => preset.requests)];
  const names = presets.length === 0 ? {} : { presets: presets.map(({ name }) => name) };
  const files = fileAnnotations(pod, all, presets);
  const status = statusEntry(pod, { v: 1, bindings, ...names, specHash: specHash(all) }, files);
  return files === none ? status : { ...files, ...status };
}

const none: Annotations = {};

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
