import { schedulingGate } from '../../api/group.ts';
import type { WorkloadRef } from '../../api/requested-identity.ts';
import { parseAnnotations } from '../../injection/annotations.ts';
import type { NamedRequest } from '../../injection/binding.ts';
import { listOf, type RawMetadata } from '../../injection/pod.ts';
import { topWorkload } from '../../injection/top-workload.ts';

/** What a Pod is held for by our scheduling gate. */
export interface GateView {
  /** The bindings that say `wait: gate`, in whose Secrets it waits. */
  readonly requests: readonly NamedRequest[];
  readonly workload: WorkloadRef;
  /** Gates of others, which stay. */
  readonly others: readonly string[];
}

interface RawGates {
  readonly schedulingGates?: readonly { readonly name: string }[] | null | undefined;
}

/** Undefined for a Pod that is not held by our gate. */
export function gateView(metadata: RawMetadata, spec: RawGates | undefined): GateView | undefined {
  const gates = listOf(spec?.schedulingGates).map(({ name }) => name);
  if (!gates.includes(schedulingGate)) return undefined;
  return {
    requests: parseAnnotations(metadata.annotations)
      .requests.filter(({ wait }) => wait === 'gate')
      .map(({ name, source, parameters, share }) => ({ name, source, parameters, share })),
    workload: topWorkload('Pod', metadata).workload,
    others: gates.filter((name) => name !== schedulingGate),
  };
}
