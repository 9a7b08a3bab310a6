import { bindingAnnotationPrefixes, group } from '../api/group.ts';
import type { BindingRequest } from '../injection/request.ts';
import { mayCreate, type Authorize } from './authorize.ts';
import { isMadeFromChecked } from './checked-owner.ts';
import type { AdmissionRequest } from './review.ts';

/**
 * Whoever asks for a service by annotation has it made by the controller, with the controller's rights. So they must
 * be allowed to make it themselves: instances for `request/…`, bindings for that and for `instance/…`.
 *
 * What is made from a workload was checked with that. `binding/…` and `secret/…` need no check: whoever creates Pods can
 * mount the Secrets of the namespace anyway.
 * @returns the text of a refusal, or undefined
 */
export async function missingRight(
  requests: readonly BindingRequest[],
  request: Pick<AdmissionRequest, 'kind' | 'operation' | 'user' | 'object' | 'namespace'>,
  authorize: Authorize,
  timeoutMs: number,
): Promise<string | undefined> {
  const { user, namespace } = request;
  if (isMadeFromChecked(request)) return undefined;
  for (const [resource, asking] of neededResources(requests)) {
    if (await authorize(mayCreate(user, namespace, resource), timeoutMs)) continue;
    return (
      `user ${JSON.stringify(user.username ?? '')} may not create ${resource}.${group} in namespace ` +
      `"${namespace}", which the annotation ${bindingAnnotationPrefixes.bind}${asking.name} asks for`
    );
  }
  return undefined;
}

/** The resources to be made, each with the first request that needs it. */
function neededResources(
  requests: readonly BindingRequest[],
): readonly (readonly [string, BindingRequest])[] {
  const instance = requests.find(({ source }) => source.kind === 'request');
  const binding = instance ?? requests.find(({ source }) => source.kind === 'instance');
  const needed: (readonly [string, BindingRequest])[] = [];
  if (instance !== undefined) needed.push(['serviceinstances', instance]);
  if (binding !== undefined) needed.push(['servicebindings', binding]);
  return needed;
}
