import { requestedByAnnotation } from '../api/group.ts';
import { parseAnnotations } from '../injection/annotations.ts';
import { noDenial, requestNames } from '../injection/binding.ts';
import { defaultLimits } from '../injection/limits.ts';
import { patch, pointer } from '../injection/patch.ts';
import { plan, planEphemeral, type PlanResult } from '../injection/plan.ts';
import type { RawPod } from '../injection/pod.ts';
import { matchingPresets } from '../injection/preset.ts';
import { topWorkload } from '../injection/top-workload.ts';
import { mirrorAnnotation, optOutOf, systemNamespaces } from '../model/scope.ts';
import { isMadeFromChecked } from './checked-owner.ts';
import {
  deny,
  ignored,
  patched,
  unchanged,
  type Decision,
  type PatchOperation,
  type RequestContext,
} from './decision.ts';
import { namelessness } from './nameless.ts';
import type { MutatePodDeps, PodCase } from './pod-case.ts';
import {
  denied,
  illegible,
  injected,
  nothingAsked,
  observationOf,
  optedOut,
  refused,
  skipped,
  tooMuch,
} from './pod-decision.ts';
import type { AdmissionRequest } from './review.ts';
import { missingRight } from './source-rights.ts';

/**
 * Gives a Pod the bindings that it asks for, or that PodPresets choose it for: reads what is asked for, judges whether
 * that can be had, and writes the patch.
 */
export function mutatePod(
  request: AdmissionRequest,
  { timeoutMs }: RequestContext,
  deps: MutatePodDeps,
): Decision | Promise<Decision> {
  const moment = momentOf(request);
  if (moment === undefined) return ignored;
  if (request.object === undefined) return deny(400, 'the request has no object');
  const pod: RawPod = request.object;
  if (isLeftAlone(pod, request, deps)) return unchanged;
  if (moment === 'debugging') return debugged(pod, request, deps);

  const podCase = read(pod, request, deps);
  const settled = settledByReading(podCase);
  if (settled !== undefined) return settled;
  const made = podCase.parsed.requests.filter(
    ({ source }) => source.kind === 'request' || source.kind === 'instance',
  );
  if (made.length === 0 || isMadeFromChecked(request)) return write(judge(podCase), podCase);
  return missingRight(made, request, deps, timeoutMs).then((missing) => {
    if (missing !== undefined) return refused(403, missing, podCase);
    const nameless = namelessness('Pod', pod.metadata, made);
    return nameless === undefined
      ? write(judge(podCase), podCase, request.user.username)
      : refused(422, nameless, podCase);
  });
}

/** The only moments at which something can be added to a Pod: most of its fields never change again. */
function momentOf({
  resource,
  operation,
  subResource,
}: AdmissionRequest): 'creation' | 'debugging' | undefined {
  if (resource !== 'pods') return undefined;
  if (operation === 'CREATE' && subResource === '') return 'creation';
  return operation === 'UPDATE' && subResource === 'ephemeralcontainers' ? 'debugging' : undefined;
}

/** Static Pods can not use Secrets; our own Pods and those of the control plane must start without us. */
function isLeftAlone(pod: RawPod, { namespace }: AdmissionRequest, deps: MutatePodDeps): boolean {
  return (
    systemNamespaces.includes(namespace) ||
    deps.excludedNamespaces.includes(namespace) ||
    Object.hasOwn(pod.metadata?.annotations ?? {}, mirrorAnnotation)
  );
}

function read(pod: RawPod, request: AdmissionRequest, deps: MutatePodDeps): PodCase {
  const parsed = parseAnnotations(pod.metadata?.annotations, deps.limits ?? defaultLimits);
  const presets = matchingPresets(pod.metadata, deps.presets(request.namespace));
  return { request, pod, parsed, presets, deps };
}

/** The answer where nothing can come of what was read: the Pod itself, or who wrote it, is the reason. */
function settledByReading(podCase: PodCase): Decision | undefined {
  const { request, pod, parsed, presets, deps } = podCase;
  const optOut = optOutOf(pod.metadata, deps.namespaceLabels(request.namespace));
  if (optOut !== undefined) return optedOut(optOut, podCase);
  if (parsed.problems.some(({ severity }) => severity === 'error')) return illegible(podCase);
  return parsed.requests.length + presets.length === 0 ? nothingAsked(podCase) : undefined;
}

function judge({ request, pod, parsed, presets, deps }: PodCase): PlanResult {
  return plan({
    pod,
    requests: parsed.requests,
    policy: parsed.policy,
    namespace: request.namespace,
    workload: topWorkload('Pod', pod.metadata).workload,
    bindingSecretName: deps.bindingSecretName,
    presets,
    schedulingGates: deps.schedulingGates,
    refusals: deps.isBound !== undefined,
  });
}

/** @param asker who asks for services to be made for this very Pod; undefined when nobody does */
function write(result: PlanResult, podCase: PodCase, asker?: string): Decision {
  if (result.kind === 'excess') return tooMuch(result.message, podCase);
  const unbound = result.kind === 'inject' ? unboundRequest(podCase) : undefined;
  if (unbound !== undefined) return refused(403, unbound, podCase, 'BindingAwaited');
  podCase.deps.observe(observationOf(result, podCase));
  if (result.kind === 'deny') return denied(result.conflicts, podCase);
  const additions = patch(result.plan, podCase.pod);
  const note = askerNote(podCase.pod, asker);
  const operations = note === undefined ? additions : [...additions, note];
  return result.kind === 'skip'
    ? skipped(result, operations, podCase)
    : injected(result, operations, podCase);
}

const askerPath = pointer(['metadata', 'annotations', requestedByAnnotation]);

/** Who asks stands on a Pod that nothing stands behind; on any other it is a copy, and no claim. */
function askerNote(pod: RawPod, asker: string | undefined): PatchOperation | undefined {
  const written = pod.metadata?.annotations?.[requestedByAnnotation];
  if (written === asker) return undefined;
  return asker === undefined
    ? { op: 'remove', path: askerPath }
    : { op: 'add', path: askerPath, value: asker };
}

/** The first binding with `wait: deny` whose Secret is not written yet, as a sentence; undefined when there is none. */
function unboundRequest({ parsed, pod, request, deps }: PodCase): string | undefined {
  const { isBound, bindingSecretName } = deps;
  if (isBound === undefined) return undefined;
  for (const one of parsed.requests) {
    const { namespace } = request;
    const { workload } = topWorkload('Pod', pod.metadata);
    if (one.wait !== 'deny' || noDenial(one, { workload }) !== undefined) continue;
    const { binding } = requestNames(one, { namespace, workload }, bindingSecretName);
    if (binding === undefined || isBound(namespace, binding)) continue;
    return (
      `binding "${one.name}": ServiceBinding "${binding}" has no credentials yet, and with wait=deny the Pod is refused ` +
      `until it has; whoever makes the Pod tries again`
    );
  }
  return undefined;
}

/** A Pod with new containers for debugging gets for them what it has already. */
function debugged(pod: RawPod, { namespace, oldObject }: AdmissionRequest, deps: MutatePodDeps): Decision {
  const { requests } = parseAnnotations(pod.metadata?.annotations, deps.limits ?? defaultLimits);
  const { workload } = topWorkload('Pod', pod.metadata);
  const { bindingSecretName } = deps;
  const plan = planEphemeral({ pod, before: oldObject, requests, namespace, workload, bindingSecretName });
  return patched(patch(plan, pod));
}
