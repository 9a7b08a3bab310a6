import {
  bindingVolume,
  entriesOf,
  noDenial,
  requestNames,
  type BindingEntries,
  type SecretNameLookup,
} from './binding.ts';
import type { WorkloadRef } from '../api/requested-identity.ts';
import type { Conflict } from './conflict.ts';
import type { ContainerDraft, Report } from './container-draft.ts';
import { allContainers, selectContainers, unknownContainers } from './container-filter.ts';
import type { EnvRule } from './env-rule.ts';
import type { PodDraft } from './pod-draft.ts';
import { cut } from './problem.ts';
import type { BindingRequest } from './request.ts';

/** One binding that a Pod has, as the status annotation lists it. */
export interface InjectedBinding {
  readonly name: string;
  readonly secret: string;
  /** None with `mount: none`. */
  readonly volume?: string;
  /** Names of variables; `PREFIX_*` for all keys of the Secret. */
  readonly env: readonly string[];
  readonly containers: readonly string[];
  /** For `binding/…`, where the Pod waits for it: the ServiceBinding that is to write the Secret. */
  readonly awaits?: string;
  /** That ServiceBinding was not known: where it will put its credentials was taken for granted. */
  readonly isUnknown?: true;
}

/** What came of some requests. */
export interface Applied {
  readonly injected: readonly InjectedBinding[];
  readonly conflicts: readonly Conflict[];
  readonly warnings: readonly string[];
}

/** What requests depend on besides the Pod. */
export interface BindingContext {
  /** Of the admission request: the Pod's own may still be empty. */
  readonly namespace: string;
  /** The stable top of the Pod. */
  readonly workload: WorkloadRef;
  readonly bindingSecretName: SecretNameLookup;
  /** True where a controller lifts our scheduling gate again; otherwise `wait: gate` waits for the kubelet. */
  readonly schedulingGates?: boolean;
  /** True where a Pod with `wait: deny` is refused until its Secret is there; otherwise it waits for the kubelet. */
  readonly refusals?: boolean;
}

/** Puts bindings into the draft. Conflicts are reported, never thrown. */
export function applyRequests(
  requests: readonly BindingRequest[],
  draft: PodDraft,
  context: BindingContext,
): Applied {
  const conflicts: Conflict[] = [];
  const warnings: string[] = [];
  const injected = requests.map((request) => {
    const { secret } = requestNames(request, context, context.bindingSecretName);
    const binding = {
      ...applyRequest(draft, request, secret, (conflict) =>
        conflicts.push({ ...conflict, binding: request.name }),
      ),
      ...awaited(request, context),
    };
    for (const name of unknownContainers(request.containers, draft.slots)) {
      warnings.push(cut(`binding "${request.name}": the Pod has no container "${name}"`));
    }
    const waiting = waitWarning(request, draft, context);
    if (waiting !== undefined) warnings.push(waiting);
    return binding;
  });
  return { injected, conflicts, warnings };
}

function awaited(
  { source, wait }: BindingRequest,
  { namespace, bindingSecretName }: BindingContext,
): Pick<InjectedBinding, 'awaits' | 'isUnknown'> {
  if (source.kind !== 'binding' || wait === 'optional') return {};
  const isKnown = bindingSecretName(namespace, source.binding) !== undefined;
  return isKnown ? { awaits: source.binding } : { awaits: source.binding, isUnknown: true };
}

function waitWarning(
  request: BindingRequest,
  draft: PodDraft,
  { schedulingGates = false, refusals = false, workload }: BindingContext,
): string | undefined {
  if (request.wait === 'kubelet' || request.wait === 'optional') return undefined;
  if (request.wait === 'deny' && refusals) {
    const why = noDenial(request, { workload });
    if (why === undefined) return undefined;
    return cut(`binding "${request.name}": wait=deny can not be had ${why}; the kubelet waits`);
  }
  if (request.wait === 'gate' && schedulingGates) {
    if (draft.gate()) return undefined;
    return cut(`binding "${request.name}": a Pod with nodeName can not be gated; the kubelet waits`);
  }
  return cut(`binding "${request.name}": wait=${request.wait} is not available here; the kubelet waits`);
}

/** Puts one binding into the draft and says what the Pod has of it. */
function applyRequest(
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

/**
 * Gives the containers of the draft what its Pod already has of these bindings. Whoever debugs must not be refused: what
 * conflicts is left out.
 */
export function repeatRequests(
  requests: readonly BindingRequest[],
  draft: PodDraft,
  context: BindingContext,
): void {
  for (const request of requests) {
    const { secret } = requestNames(request, context, context.bindingSecretName);
    const volume = bindingVolume(request, secret, draft.windows);
    if (!draft.hasVolume(volume)) continue;
    const entries = entriesOf(request, secret, volume.name);
    for (const container of selectDrafts(draft, request)) addEntries(container, request, entries, leaveOut);
  }
}

function leaveOut(): void {}

function addEntries(
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
function selectDrafts(draft: PodDraft, request: BindingRequest): readonly ContainerDraft[] {
  if (request.containers === allContainers) return draft.containers;
  const chosen = new Set(selectContainers(request.containers, draft.slots));
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
