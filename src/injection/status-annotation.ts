import { injectedAnnotation } from '../api/group.ts';
import { sha256Hex } from '../base/hash.ts';
import { maxAnnotationBytes } from './limits.ts';
import type { Annotations } from './pod.ts';
import { memoized } from './memo.ts';
import type { BindingRequest } from './request.ts';

/** One binding that a Pod has, as the status annotation lists it. */
export interface InjectedBinding {
  readonly name: string;
  readonly secret: string;
  /** None with `mount: none`. */
  readonly volume?: string;
  /** Names of variables; `PREFIX_*` for all keys of the Secret. */
  readonly env: readonly string[];
  readonly containers: readonly string[];
}

export interface InjectionStatus {
  readonly v: 1;
  readonly bindings: readonly InjectedBinding[];
  /** PodPresets that were applied. */
  readonly presets?: readonly string[];
  /** Why nothing was injected, with the policy `skip`. */
  readonly skipped?: string;
  /** Digest of what was asked for. */
  readonly specHash: string;
}

/**
 * The value of the status annotation. When the Pod's annotations leave no room for it, a shorter one without the
 * list; when there is no room even for that, undefined: the Pod must not be refused because of our note on it.
 */
export function statusAnnotation(
  status: InjectionStatus,
  annotations: Annotations | null | undefined,
): string | undefined {
  const room = maxAnnotationBytes - injectedAnnotation.length - totalBytes(annotations);
  const whole = JSON.stringify(status);
  if (Buffer.byteLength(whole) <= room) return whole;
  const short = JSON.stringify({ v: status.v, specHash: status.specHash, shortened: true });
  return Buffer.byteLength(short) <= room ? short : undefined;
}

/** Whether the API server takes an object with these annotations. */
export function fits(annotations: Annotations): boolean {
  return totalBytes(annotations) <= maxAnnotationBytes;
}

/** Digest of what is asked for, 16 hex digits. Parameters do not enter it: it can be read by everybody. */
export const specHash: (requests: readonly BindingRequest[]) => string = memoized((requests) =>
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
