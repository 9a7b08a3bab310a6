import { bindingAnnotationPrefixes, group } from '../api/group.ts';
import { defaultRequestReclaimMs, isSooner, parseReclaim } from '../injection/request-owner.ts';
import type { BindingRequest } from '../injection/request.ts';
import { mayOnAny, type Authorize } from './authorize.ts';
import { isMadeFromChecked } from './checked-owner.ts';
import type { AdmissionRequest } from './review.ts';

export interface RightsDeps {
  readonly authorize: Authorize;
  /** For how long the cluster keeps instances that nobody asks for. @default defaultRequestReclaimMs */
  readonly requestReclaimMs?: number;
  readonly namespaceReclaim?: (namespace: string) => string | undefined;
}

/**
 * Whoever asks for a service by annotation has it made by the controller, with the controller's rights. So they must
 * be allowed to make it themselves: instances for `request/…`, bindings for that and for `instance/…`; and to delete it, where
 * they say that it goes sooner than others.
 *
 * What is made from a workload was checked with that. `binding/…` and `secret/…` need no check: whoever creates Pods can
 * mount the Secrets of the namespace anyway.
 * @returns the text of a refusal, or undefined
 */
export async function missingRight(
  requests: readonly BindingRequest[],
  request: Pick<AdmissionRequest, 'kind' | 'operation' | 'user' | 'object' | 'namespace'>,
  deps: RightsDeps,
  timeoutMs: number,
): Promise<string | undefined> {
  const { user, namespace } = request;
  if (isMadeFromChecked(request)) return undefined;
  for (const { verb, resource, key } of neededRights(requests, othersMs(namespace, deps))) {
    if (await deps.authorize(mayOnAny(user, namespace, verb, resource), timeoutMs)) continue;
    return (
      `user ${JSON.stringify(user.username ?? '')} may not ${verb} ${resource}.${group} in namespace ` +
      `"${namespace}", which the annotation ${key} asks for`
    );
  }
  return undefined;
}

/**
 * For how long others are kept, by the cluster or by the namespace, whichever is longer. What can not be read on a namespace
 * keeps.
 */
function othersMs(namespace: string, { requestReclaimMs, namespaceReclaim }: RightsDeps): number {
  const clusterMs = requestReclaimMs ?? defaultRequestReclaimMs;
  const said = namespaceReclaim?.(namespace)?.trim();
  if (!said) return clusterMs;
  const reclaim = parseReclaim(said) ?? { kind: 'keep' };
  if (reclaim.kind === 'keep') return Infinity;
  return reclaim.kind === 'after' ? Math.max(reclaim.graceMs, clusterMs) : clusterMs;
}

interface NeededRight {
  readonly verb: 'create' | 'delete';
  readonly resource: 'serviceinstances' | 'servicebindings';
  /** The first annotation that needs it. */
  readonly key: string;
}

function neededRights(requests: readonly BindingRequest[], othersMs: number): readonly NeededRight[] {
  const { bind, reclaim } = bindingAnnotationPrefixes;
  const instance = requests.find(({ source }) => source.kind === 'request');
  const binding = instance ?? requests.find(({ source }) => source.kind === 'instance');
  const sooner = requests.find((one) => isSooner(one.reclaim, othersMs));
  const needed: NeededRight[] = [];
  if (instance !== undefined)
    needed.push({ verb: 'create', resource: 'serviceinstances', key: bind + instance.name });
  if (binding !== undefined)
    needed.push({ verb: 'create', resource: 'servicebindings', key: bind + binding.name });
  if (sooner !== undefined)
    needed.push({ verb: 'delete', resource: 'serviceinstances', key: reclaim + sooner.name });
  return needed;
}
