import { allContainers, selectContainers } from './container-filter.ts';
import type { ContainerDraft, Report } from './container-draft.ts';
import type { EnvRule } from './env-rule.ts';
import type { PodDraft } from './pod-draft.ts';
import type { RawEnv, RawEnvFrom, RawMount } from './pod.ts';
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
  const entries = entriesOf(request, secret, isMounted ? volume.name : undefined);
  for (const container of containers) addEntries(container, request, entries, report);
  const env = envNames(request.env);
  const names = namesOf(containers);
  return isMounted
    ? { name: request.name, secret, volume: volume.name, env, containers: names }
    : { name: request.name, secret, env, containers: names };
}

/** What a binding adds to each of its containers: the same to all. */
export interface BindingEntries {
  /** The volume to be mounted below each container's own root. */
  readonly volumeBelowRoot: string | undefined;
  readonly mount: RawMount | undefined;
  readonly env: readonly RawEnv[];
  readonly envFrom: readonly RawEnvFrom[];
}

/** @param volume name of the binding's volume; undefined when it can not be mounted */
export function entriesOf(
  { mount, env, wait }: BindingRequest,
  secret: string,
  volume: string | undefined,
): BindingEntries {
  const optional = wait === 'optional' ? { optional: true } : {};
  return {
    volumeBelowRoot: mount.kind === 'root' ? volume : undefined,
    mount:
      mount.kind === 'path' && volume !== undefined
        ? { name: volume, mountPath: mount.path, readOnly: true }
        : undefined,
    env: env.variables.map(({ name, key }) => ({
      name,
      valueFrom: { secretKeyRef: { name: secret, key, ...optional } },
    })),
    envFrom: env.prefixes.map((prefix) => {
      const secretRef = { name: secret, ...optional };
      return prefix === '' ? { secretRef } : { prefix, secretRef };
    }),
  };
}

export function addEntries(
  container: ContainerDraft,
  { name }: BindingRequest,
  { volumeBelowRoot, mount, env, envFrom }: BindingEntries,
  report: Report,
): void {
  if (volumeBelowRoot !== undefined) container.mountBelowRoot(volumeBelowRoot, name, report);
  if (mount !== undefined) container.mount(mount, report);
  for (const variable of env) container.env(variable, report);
  for (const source of envFrom) container.envFrom(source);
}

/** The containers of the draft that a request chooses. */
export function selectDrafts(draft: PodDraft, request: BindingRequest): readonly ContainerDraft[] {
  if (request.containers === allContainers) return draft.containers;
  const slots = draft.containers.map(({ slot }) => slot);
  const chosen = new Set(selectContainers(request.containers, slots));
  return draft.containers.filter(({ slot }) => chosen.has(slot));
}

/** In an order of their own: another webhook may reorder containers, and that changes nothing here. */
function namesOf(containers: readonly ContainerDraft[]): readonly string[] {
  const names = containers.map(({ slot }) => slot.container.name);
  return names.length < 2 ? names : names.toSorted();
}

function envNames({ variables, prefixes }: EnvRule): readonly string[] {
  return [...variables.map(({ name }) => name), ...prefixes.map((prefix) => `${prefix}*`)];
}
