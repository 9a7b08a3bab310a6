import { listOf, type RawMetadata, type RawPod } from './pod.ts';
import { workloadsInScope } from './scope.ts';

/** A workload as raw JSON. */
export interface RawWorkload {
  readonly metadata?: RawMetadata | null | undefined;
  readonly spec?: unknown;
}

/** Where each kind of workload keeps its Pod template. */
const templatePaths = new Map(workloadsInScope.map(({ kind, template }) => [kind, template] as const));

/** Keys that lead to the Pod template; undefined for a kind that has none. */
export function podTemplatePath(kind: string): readonly string[] | undefined {
  return templatePaths.get(kind);
}

/** The Pod template of a workload: metadata and spec, as a Pod has them. */
export function podTemplateOf(kind: string, workload: RawWorkload | null | undefined): RawPod | undefined {
  const path = podTemplatePath(kind);
  if (path === undefined) return undefined;
  let value: unknown = workload;
  for (const key of path) value = isRecord(value) ? value[key] : undefined;
  return isRecord(value) ? value : undefined;
}

/** True when another object makes this one and would notice a change of its template. */
export function isControlled(workload: RawWorkload): boolean {
  return listOf(workload.metadata?.ownerReferences).some(({ controller }) => controller === true);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
