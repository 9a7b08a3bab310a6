import { listOf, type RawMetadata } from '../injection/pod.ts';
import type { Problem } from '../injection/problem.ts';
import {
  annotationsAbove,
  podTemplateOf,
  type RawWorkload,
  type TemplateHolder,
} from '../injection/workload.ts';
import { makerOf } from '../model/scope.ts';
import type { AdmissionRequest } from './review.ts';

/** More than that nobody mends at once. */
const maxMistakes = 3;

/**
 * What this very change says about bindings and nobody can understand, as sentences. It is told to the person who writes it,
 * while it can still be mended; later it would be Pods that do not start. What stood there before is no reason to refuse
 * another change, and what a controller of Kubernetes makes has its template from somebody else.
 */
export function newMistakes(
  problems: readonly Problem[],
  holder: TemplateHolder,
  { object, oldObject }: Pick<AdmissionRequest, 'object' | 'oldObject'>,
): readonly string[] {
  if (object === undefined) return [];
  const metadata = object['metadata'] as RawMetadata | undefined;
  if (makerOf(holder.kind, listOf(metadata?.ownerReferences)) !== undefined) return [];
  const isNew = ({ key, severity }: Problem): boolean =>
    severity !== 'warning' &&
    (differs(key, above(holder, object), above(holder, oldObject)) ||
      differs(key, podTemplateOf(holder, object), podTemplateOf(holder, oldObject)));
  return [...new Set(problems.filter(isNew).map(({ message }) => message))].slice(0, maxMistakes);
}

function above(holder: TemplateHolder, workload: RawWorkload | undefined): Pick<RawWorkload, 'metadata'> {
  return { metadata: { annotations: annotationsAbove(holder, workload) } };
}

/** True when the annotation is there and was not there before with this value. */
function differs(
  key: string,
  now: Pick<RawWorkload, 'metadata'> | undefined,
  before: Pick<RawWorkload, 'metadata'> | undefined,
): boolean {
  const value = now?.metadata?.annotations?.[key];
  return value !== undefined && value !== before?.metadata?.annotations?.[key];
}
