import { allContainers, selectContainers } from './container-filter.ts';
import type { ContainerDraft, Report } from './container-draft.ts';
import type { PodDraft } from './pod-draft.ts';
import { prepareBinding, type PreparedBinding } from './prepared-binding.ts';
import type { BindingRequest, MountRule } from './request.ts';
import type { InjectedBinding } from './status-annotation.ts';

/** Puts one binding into the draft and says what the Pod has of it. Conflicts are reported, never thrown. */
export function applyRequest(
  draft: PodDraft,
  request: BindingRequest,
  secret: string,
  report: Report,
): InjectedBinding {
  const prepared = prepareBinding(request, secret, draft.windows);
  const isMounted = request.mount.kind !== 'none' && draft.volume(prepared.volume, report);
  const containers = selectDrafts(draft, request);
  for (const container of containers) {
    if (isMounted) applyMount(container, request.mount, prepared, report);
    applyEnv(container, prepared, report);
  }
  // In an order of their own: another webhook may reorder containers, and that changes nothing here.
  const names = containers.map(({ slot }) => slot.container.name).toSorted();
  return prepared.injected(isMounted, names);
}

/** The containers of the draft that a request chooses. */
export function selectDrafts(draft: PodDraft, request: BindingRequest): readonly ContainerDraft[] {
  if (request.containers === allContainers) return draft.containers;
  const slots = selectContainers(
    request.containers,
    draft.containers.map(({ slot }) => slot),
  );
  return draft.containers.filter(({ slot }) => slots.includes(slot));
}

export function applyMount(
  container: ContainerDraft,
  rule: MountRule,
  prepared: PreparedBinding,
  report: Report,
): void {
  if (rule.kind === 'root') container.mountBelowRoot(prepared.mountBelow, report);
  else if (prepared.mountAtPath !== undefined) container.mount(prepared.mountAtPath, report);
}

export function applyEnv(container: ContainerDraft, { env, envFrom }: PreparedBinding, report: Report): void {
  for (const variable of env) container.env(variable, report);
  for (const source of envFrom) container.envFrom(source);
}
