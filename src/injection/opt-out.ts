import type { RawMetadata } from './pod.ts';
import { hasMark, namespaceOptOut, podOptOuts, type PodOptOut } from './scope.ts';

/** Why a Pod is left alone. */
export type OptOut = PodOptOut['reason'] | 'namespace-disabled';

/** Whether the Pod, or its namespace, wants no injection. Either of them is enough: nothing can be taken back. */
export function optOutOf(
  pod: RawMetadata | null | undefined,
  namespaceLabels: Readonly<Record<string, string>> | undefined,
): OptOut | undefined {
  for (const optOut of podOptOuts) if (hasMark(pod?.[optOut.place], optOut)) return optOut.reason;
  return hasMark(namespaceLabels, namespaceOptOut) ? 'namespace-disabled' : undefined;
}
