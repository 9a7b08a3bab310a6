import { injectedAnnotation } from '../api/group.ts';
import { sha256Hex } from '../base/hash.ts';
import type { Annotations } from './pod.ts';
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

/** Kubernetes' limit for all annotations of an object together, keys and values, bytes. */
const maxTotalBytes = 256 * 1024;

/**
 * The value of the status annotation. When the Pod's annotations leave no room for it, a shorter one without the
 * list; when there is no room even for that, undefined: the Pod must not be refused because of our note on it.
 */
export function statusAnnotation(
  status: InjectionStatus,
  annotations: Annotations | null | undefined,
): string | undefined {
  const room = maxTotalBytes - injectedAnnotation.length - totalBytes(annotations);
  const candidates = [
    () => JSON.stringify(status),
    () => JSON.stringify({ v: status.v, specHash: status.specHash, shortened: true }),
  ];
  return candidates.map((make) => make()).find((text) => Buffer.byteLength(text) <= room);
}

/** Digest of what is asked for and of the Secrets it means, 16 hex digits. */
export function specHash(
  requests: readonly BindingRequest[],
  secrets: readonly string[],
  presets: readonly string[] = [],
): string {
  const asked = requests.map(({ parameters: _parameters, ...request }, index) => [request, secrets[index]]);
  return sha256Hex(JSON.stringify([asked, presets])).slice(0, 16);
}

function totalBytes(annotations: Annotations | null | undefined): number {
  let total = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    if (key !== injectedAnnotation) total += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  return total;
}
