import { bindingAnnotationPrefixes } from '../api/group.ts';
import { parseAnnotations } from '../injection/annotations.ts';
import { instanceIdentity } from '../injection/binding.ts';
import type { RawMetadata } from '../injection/pod.ts';
import { cut, quote } from '../injection/problem.ts';
import type { BindingRequest } from '../injection/request.ts';
import { shareText, type Reclaim } from '../injection/request-owner.ts';
import { topWorkload } from '../injection/top-workload.ts';
import { podTemplateOf, type TemplateHolder } from '../injection/workload.ts';
import { requestedName } from '../api/requested-identity.ts';
import type { AdmissionRequest } from './review.ts';

const maxLength = 250;

/**
 * A class, a name or a share that is edited is another service, and the data stays at the one before. Which that is, how long it
 * is kept and how to come back to it: a sentence for each.
 */
export function keptServices(
  requests: readonly BindingRequest[],
  holder: TemplateHolder,
  { object, oldObject, namespace, kind }: AdmissionRequest,
): readonly string[] {
  if (oldObject === undefined) return [];
  const old = parseAnnotations(podTemplateOf(holder, oldObject)?.metadata?.annotations).requests;
  const instanceOf = (one: BindingRequest, metadata: unknown): string | undefined => {
    if (one.source.kind !== 'request') return undefined;
    const { workload } = topWorkload(kind, metadata as RawMetadata | null | undefined);
    return requestedName(namespace, instanceIdentity(one, one.source.class, workload));
  };
  const now = new Set(requests.map((one) => instanceOf(one, object?.['metadata'])));
  return old.flatMap((one) => {
    const instance = instanceOf(one, oldObject['metadata']);
    return instance === undefined || now.has(instance) ? [] : keptService(one, instance);
  });
}

function keptService({ name, sourceText, share, reclaim }: BindingRequest, instance: string): string {
  const { bind, share: sharePrefix } = bindingAnnotationPrefixes;
  const shared = share === undefined ? '' : `, ${sharePrefix}${name}: ${shareText(share)}`;
  return cut(
    `binding ${quote(name)}: ServiceInstance "${instance}" is asked for no more here and kept ${keptFor(reclaim)}, with its data; ` +
      `to come back to it: ${bind}${name}: ${sourceText}${shared}`,
    maxLength,
  );
}

/** `delete` counts only when the workload itself is gone. */
function keptFor(reclaim: Reclaim | undefined): string {
  if (reclaim?.kind === 'keep') return 'until somebody deletes it';
  return reclaim?.kind === 'after'
    ? `for its grace time of ${graceText(reclaim.graceMs)}`
    : 'for its grace time';
}

function graceText(graceMs: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
  ] as const;
  const [unit, each] = units.find(([, ms]) => graceMs % ms === 0) ?? ['s', 1_000];
  return `${graceMs / each}${unit}`;
}
