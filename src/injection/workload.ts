import { listOf, type Annotations, type RawMetadata, type RawPod } from './pod.ts';

/** A workload as raw JSON. */
export interface RawWorkload {
  readonly metadata?: RawMetadata | null | undefined;
  readonly spec?: unknown;
}

/** A kind of workload and the keys that lead to its Pod template. */
export interface TemplateHolder {
  readonly kind: string;
  readonly template: readonly string[];
  /** Keys that lead to what stands between it and its Pod template and has metadata, too: that of a CronJob's Jobs. */
  readonly between?: readonly string[];
}

/** The Pod template of a workload: metadata and spec, as a Pod has them. */
export function podTemplateOf(
  { template }: TemplateHolder,
  workload: RawWorkload | null | undefined,
): RawPod | undefined {
  return at(template, workload);
}

/** Annotations above the Pod template: of the workload itself, and of what is nearer to the template, which wins. */
export function annotationsAbove(
  { between = [] }: TemplateHolder,
  workload: RawWorkload | null | undefined,
): Annotations {
  const own = workload?.metadata?.annotations ?? {};
  const nearer = between.length === 0 ? undefined : at(between, workload)?.metadata?.annotations;
  return { ...own, ...nearer };
}

function at(path: readonly string[], workload: RawWorkload | null | undefined): RawPod | undefined {
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
