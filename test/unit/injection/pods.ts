import jsonPatch, { type Operation } from 'fast-json-patch';
import { parseAnnotations } from '../../../src/injection/annotations.ts';
import { patch, type AddOperation } from '../../../src/injection/patch.ts';
import { plan, type PlanInput, type PlanResult } from '../../../src/injection/plan.ts';
import type { RawContainer, RawMount, RawPod } from '../../../src/injection/pod.ts';

/** A key of the vocabulary: `key('bind', 'db')`, `key('env.bind', 'db')`. */
export function key(family: string, name: string): string {
  return `${family}.servicecatalog.k8s.io/${name}`;
}

/** A Pod with one container `app`; the overrides are merged one level deep. */
export function pod(annotations: Record<string, string>, spec: Record<string, unknown> = {}): RawPod {
  return {
    metadata: { name: 'web', annotations },
    spec: { containers: [{ name: 'app' }], ...spec },
  };
}

export type PlanOptions = Partial<Omit<PlanInput, 'pod'>>;

/** Plans what the Pod's own annotations ask for. */
export function planFor(input: RawPod, options: PlanOptions = {}): PlanResult {
  const parsed = parseAnnotations(input.metadata?.annotations);
  return plan({
    pod: input,
    requests: parsed.requests,
    policy: parsed.policy,
    namespace: 'shop',
    workload: { kind: 'Deployment', name: 'web' },
    bindingSecretName: () => undefined,
    ...options,
  });
}

export interface Injected {
  readonly pod: RawPod;
  readonly operations: readonly AddOperation[];
  readonly result: PlanResult;
}

/** Plans, patches, and applies the patch with an implementation that is not ours. */
export function inject(input: RawPod, options: PlanOptions = {}): Injected {
  const result = planFor(input, options);
  if (result.kind === 'excess') throw new Error(`too much: ${result.message}`);
  if (result.kind === 'deny') {
    throw new Error(
      `denied: ${result.conflicts.map(({ field, reason }) => `${field} ${reason}`).join('; ')}`,
    );
  }
  const operations = patch(result.plan, input);
  return { pod: applyIndependently(input, operations), operations, result };
}

export function applyIndependently<T>(document: T, operations: readonly unknown[]): T {
  const copy = structuredClone(document);
  return jsonPatch.applyPatch(copy, structuredClone(operations) as Operation[], true).newDocument;
}

/** The fields in conflict, or nothing when the Pod can be injected. */
export function conflictFields(input: RawPod, options: PlanOptions = {}): readonly string[] {
  const result = planFor(input, options);
  return result.kind === 'inject' || result.kind === 'excess'
    ? []
    : result.conflicts.map(({ field }) => field);
}

export function container(input: RawPod, name = 'app'): RawContainer {
  const found = [...(input.spec?.containers ?? []), ...(input.spec?.initContainers ?? [])].find(
    (candidate) => candidate.name === name,
  );
  if (found === undefined) throw new Error(`no container ${name}`);
  return found;
}

export function mountPaths(input: RawPod, name = 'app'): readonly string[] {
  return (container(input, name).volumeMounts ?? []).map(({ mountPath }: RawMount) => mountPath);
}

export function envNames(input: RawPod, name = 'app'): readonly string[] {
  return (container(input, name).env ?? []).map((entry) => entry.name);
}
