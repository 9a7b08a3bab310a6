import { injectKey, podPresetExcludeAnnotation } from '../api/group.ts';
import type { RawMetadata } from './pod.ts';

/** Why a Pod is left alone. */
export type OptOut = 'pod-disabled' | 'podpreset-exclude' | 'namespace-disabled';

/**
 * Whether the Pod, or its namespace, wants no injection. What the Pod says itself comes before what its namespace
 * says; `disabled` comes before `enabled`.
 */
export function optOutOf(
  pod: RawMetadata | null | undefined,
  namespaceLabels: Readonly<Record<string, string>> | undefined,
): OptOut | undefined {
  const annotation = ownValue(pod?.annotations, injectKey);
  const label = ownValue(pod?.labels, injectKey);
  if (annotation === 'disabled' || label === 'disabled') return 'pod-disabled';
  if (ownValue(pod?.annotations, podPresetExcludeAnnotation) === 'true') return 'podpreset-exclude';
  if (annotation === 'enabled' || label === 'enabled') return undefined;
  return ownValue(namespaceLabels, injectKey) === 'disabled' ? 'namespace-disabled' : undefined;
}

/** Keys of labels and annotations are user text: `constructor` must not find what every object inherits. */
function ownValue(map: Readonly<Record<string, string>> | null | undefined, key: string): string | undefined {
  return map && Object.hasOwn(map, key) ? map[key] : undefined;
}
