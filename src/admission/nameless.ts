import { bindingAnnotationPrefixes } from '../api/group.ts';
import { parseAnnotations } from '../injection/annotations.ts';
import type { RawMetadata } from '../injection/pod.ts';
import { quote } from '../injection/problem.ts';
import type { BindingRequest } from '../injection/request.ts';
import { controllerOf, topWorkload } from '../injection/top-workload.ts';
import { podTemplateOf, type TemplateHolder } from '../injection/workload.ts';
import { isCopiedFromChecked, isMadeFromChecked } from './checked-owner.ts';
import type { AdmissionRequest } from './review.ts';

/**
 * What is to be done about services that this very change asks for and nobody would find again, since the workload has another
 * name the next time; undefined when nothing is. What asked for them before keeps them, also when somebody adopts it.
 */
export function namelessRequests(
  requests: readonly BindingRequest[],
  holder: TemplateHolder,
  request: AdmissionRequest,
): string | undefined {
  const { object, oldObject, kind } = request;
  if (requests.length === 0 || isMadeFromChecked(request) || isCopiedFromChecked(request)) return undefined;
  const old = parseAnnotations(podTemplateOf(holder, oldObject)?.metadata?.annotations).requests;
  const before = new Set(old.map(serviceOf));
  return namelessness(
    kind,
    object?.['metadata'] as RawMetadata | undefined,
    requests.filter((one) => !before.has(serviceOf(one))),
  );
}

function serviceOf({ name, source, share }: BindingRequest): string {
  return JSON.stringify([name, source.kind === 'request' ? source.class : '', share]);
}

/** The same for a Pod or a workload that asks for all of these now. */
export function namelessness(
  kind: string,
  metadata: RawMetadata | null | undefined,
  requests: readonly BindingRequest[],
): string | undefined {
  const asking = requests.find(({ source, share }) => source.kind === 'request' && share === undefined);
  if (asking === undefined || topWorkload(kind, metadata).isStable) return undefined;
  const owner = controllerOf(metadata);
  const reason =
    owner === undefined ? 'its name is generated' : `it is made by ${owner.kind} ${quote(owner.name)}`;
  const key = bindingAnnotationPrefixes.share + asking.name;
  return (
    `binding ${quote(asking.name)}: a service is found again by the name of its workload, and this ${kind} has none that lasts ` +
    `(${reason}): add ${key}: <id>, or name a workload as in ${key}: Deployment/<name>`
  );
}
