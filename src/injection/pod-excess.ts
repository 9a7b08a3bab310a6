import { selectContainers } from './container-filter.ts';
import { maxAdditions, maxContainers, maxMountParts, tooMany } from './limits.ts';
import { listOf, type ContainerSlot } from './pod.ts';
import type { BindingRequest } from './request.ts';

/**
 * Why what is asked for is too much for this Pod; undefined when it is not. Counted before anything is planned: the
 * work of a plan grows with containers times variables, which a few kilobytes can make millions.
 */
export function podExcess(
  slots: readonly ContainerSlot[],
  requests: readonly BindingRequest[],
): string | undefined {
  if (slots.length > maxContainers) {
    return tooMany('containers', slots.length, maxContainers, 'a Pod of this size can not have bindings');
  }
  const parts = mountParts(slots);
  if (parts > maxMountParts) {
    return tooMany('directories in the paths of volumeMounts', parts, maxMountParts, 'mount fewer volumes');
  }
  let additions = 0;
  for (const request of requests) additions += additionsOf(request, slots);
  if (additions <= maxAdditions) return undefined;
  const remedy = 'choose containers with containers.bind.servicecatalog.k8s.io/…, or fewer variables';
  return tooMany('mounts and variables over all containers', additions, maxAdditions, remedy);
}

/** How many entries a request adds to the Pod at most. */
export function additionsOf({ containers, env }: BindingRequest, slots: readonly ContainerSlot[]): number {
  const perContainer = 1 + env.variables.length + env.prefixes.length;
  return selectContainers(containers, slots).length * perContainer;
}

/** How many directories the paths of all mounts have; where it can not be too many, only that it is not more. */
function mountParts(slots: readonly ContainerSlot[]): number {
  // No name on a path without a character before it.
  let most = 0;
  for (const { container } of slots) {
    for (const { mountPath = '' } of listOf(container.volumeMounts)) most += mountPath.length + 1;
  }
  if (most <= maxMountParts) return most;
  let parts = 0;
  for (const { container } of slots) {
    for (const { mountPath = '' } of listOf(container.volumeMounts)) {
      parts++;
      for (let at = mountPath.indexOf('/'); at >= 0; at = mountPath.indexOf('/', at + 1)) parts++;
    }
  }
  return parts;
}
