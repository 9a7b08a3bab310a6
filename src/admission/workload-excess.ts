import { parseAnnotations } from '../injection/annotations.ts';
import { lift } from '../injection/lift.ts';
import type { RequestLimits } from '../injection/limits.ts';
import { optOutOf } from '../model/scope.ts';
import { podExcess } from '../injection/pod-excess.ts';
import { containerSlots, type Annotations } from '../injection/pod.ts';
import { podTemplateOf, type RawWorkload, type TemplateHolder } from '../injection/workload.ts';

export interface Excess {
  readonly message: string;
  /** False when the workload asked for as much before: who changes something else must not be refused for it. */
  readonly isNew: boolean;
}

/**
 * What the Pods of a workload would be refused for, because it is more than one Pod may get.
 * @param annotations those of its Pod template, as they will be
 */
export function workloadExcess(
  holder: TemplateHolder,
  workload: RawWorkload,
  before: RawWorkload | undefined,
  annotations: Annotations,
  namespaceLabels: Readonly<Record<string, string>> | undefined,
  limits: RequestLimits,
): Excess | undefined {
  const excessIn = (which: RawWorkload, itsAnnotations: Annotations): string | undefined => {
    const template = podTemplateOf(holder, which);
    const metadata = { ...template?.metadata, annotations: itsAnnotations };
    if (template === undefined || optOutOf(metadata, namespaceLabels) !== undefined) return undefined;
    const { isExcessive, problems, requests } = parseAnnotations(itsAnnotations, limits);
    return isExcessive === true ? problems[0]?.message : podExcess(containerSlots(template), requests);
  };
  const message = excessIn(workload, annotations);
  if (message === undefined) return undefined;
  const old = before === undefined ? undefined : excessIn(before, lift(holder, before).annotations);
  return { message, isNew: old === undefined };
}
