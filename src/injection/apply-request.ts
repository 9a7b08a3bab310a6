import { allContainers, selectContainers } from './container-filter.ts';
import type { ContainerDraft, Report } from './container-draft.ts';
import type { EnvRule } from './env-rule.ts';
import type { PodDraft } from './pod-draft.ts';
import type { RawEnv, RawVolume } from './pod.ts';
import type { BindingRequest } from './request.ts';
import type { InjectedBinding } from './status-annotation.ts';
import { bindingVolume } from './volume.ts';

/** Puts one binding into the draft and says what the Pod has of it. Conflicts are reported, never thrown. */
export function applyRequest(
  draft: PodDraft,
  request: BindingRequest,
  secret: string,
  report: Report,
): InjectedBinding {
  const volume = bindingVolume(request, secret, draft.windows);
  const isMounted = request.mount.kind !== 'none' && draft.volume(volume, report);
  const containers = selectDrafts(draft, request);
  for (const container of containers) {
    if (isMounted) applyMount(container, request, volume, report);
    applyEnv(container, request, secret, report);
  }
  return {
    name: request.name,
    secret,
    ...(isMounted ? { volume: volume.name } : {}),
    env: envNames(request.env),
    // In an order of their own: another webhook may reorder containers, and that changes nothing here.
    containers: containers.map(({ slot }) => slot.container.name).toSorted(),
  };
}

/** The containers of the draft that a request chooses. */
export function selectDrafts(draft: PodDraft, request: BindingRequest): readonly ContainerDraft[] {
  if (request.containers === allContainers) return draft.containers;
  const slots = draft.containers.map(({ slot }) => slot);
  const chosen = new Set(selectContainers(request.containers, slots));
  return draft.containers.filter(({ slot }) => chosen.has(slot));
}

export function applyMount(
  container: ContainerDraft,
  request: BindingRequest,
  volume: RawVolume,
  report: Report,
): void {
  if (request.mount.kind === 'root') container.mountBelowRoot(volume.name, request.name, report);
  else if (request.mount.kind === 'path') {
    container.mount({ name: volume.name, mountPath: request.mount.path, readOnly: true }, report);
  }
}

export function applyEnv(
  container: ContainerDraft,
  request: BindingRequest,
  secret: string,
  report: Report,
): void {
  const optional = request.wait === 'optional' ? { optional: true } : {};
  for (const { name, key } of request.env.variables) {
    const variable: RawEnv = { name, valueFrom: { secretKeyRef: { name: secret, key, ...optional } } };
    container.env(variable, report);
  }
  for (const prefix of request.env.prefixes) {
    container.envFrom({
      ...(prefix === '' ? {} : { prefix }),
      secretRef: { name: secret, ...optional },
    });
  }
}

function envNames({ variables, prefixes }: EnvRule): readonly string[] {
  return [...variables.map(({ name }) => name), ...prefixes.map((prefix) => `${prefix}*`)];
}
