import { bindingAnnotationPrefixes, reclaimAnnotation } from '../api/group.ts';
import type { ParsedAnnotations } from '../injection/annotations.ts';
import { needsDefaultType, requestNames, type RequestOwner } from '../injection/binding.ts';
import { conflictWarning } from '../injection/conflict.ts';
import { plan } from '../injection/plan.ts';
import type { Annotations, RawMetadata, RawPod } from '../injection/pod.ts';
import { cut, quote } from '../injection/problem.ts';
import { parseReclaim } from '../injection/request-owner.ts';
import type { BindingRequest, BindingSource } from '../injection/request.ts';
import { topWorkload } from '../injection/top-workload.ts';
import { annotationsAbove, podTemplateOf, type TemplateHolder } from '../injection/workload.ts';
import { missingKeys } from '../shapes/binding-types.ts';
import { optOutOf } from '../model/scope.ts';
import { misplacedSettings } from './misplaced-settings.ts';
import type { MutateWorkloadDeps } from './workload-case.ts';
import type { AdmissionRequest } from './review.ts';

/** What is wrong with an offering is told in the words of the condition, which end with what to do. */
const maxProblemLength = 250;
const typeKey = bindingAnnotationPrefixes.type;

/**
 * What will not work about the Pods of a workload.
 * @param annotations those of its Pod template, as they will be, and what they say
 */
export function workloadWarnings(
  holder: TemplateHolder,
  { object, namespace }: AdmissionRequest,
  annotations: Annotations,
  parsed: ParsedAnnotations,
  deps: MutateWorkloadDeps,
): readonly string[] {
  const template = podTemplateOf(holder, object);
  if (template === undefined || parsed.requests.length === 0) return [];
  const pod: RawPod = { ...template, metadata: { ...template.metadata, annotations } };
  const optOut = optOutOf(pod.metadata, deps.namespaceLabels(namespace));
  if (optOut !== undefined) {
    return [`the Pods ask for bindings and have opted out of injection (${optOut}): nothing is injected`];
  }
  const owner = { namespace, ...topWorkload(holder.kind, object?.['metadata'] as RawMetadata | undefined) };
  return [
    ...sourceWarnings(parsed.requests, annotations, owner, deps),
    ...misplacedSettings({ ...annotationsAbove(holder, object), ...annotations }),
    ...namespaceWarnings(parsed.requests, namespace, deps),
    ...conflictWarnings(pod, parsed, owner, deps),
  ];
}

/** Nobody is told when the namespace is annotated: the webhook is not called for that. */
function namespaceWarnings(
  requests: readonly BindingRequest[],
  namespace: string,
  { namespaceReclaim }: MutateWorkloadDeps,
): readonly string[] {
  const isMeant = requests.some(({ source, reclaim }) => source.kind === 'request' && reclaim === undefined);
  const said = isMeant ? namespaceReclaim?.(namespace)?.trim() : undefined;
  if (!said || parseReclaim(said) !== undefined) return [];
  const rule = `${reclaimAnnotation} of the namespace is not keep, delete or a time such as 7d`;
  return [cut(`services are kept: ${rule}: ${quote(said)}`)];
}

/** What the sources mean that is not there. It may still come: nothing is refused because of it. */
function sourceWarnings(
  requests: readonly BindingRequest[],
  annotations: Annotations,
  owner: RequestOwner,
  deps: MutateWorkloadDeps,
): readonly string[] {
  const warnings = requests.flatMap((request) =>
    [
      sourceWarning(request, owner, deps) ?? [],
      missingKeysWarning(request, annotations[typeKey + request.name], owner, deps) ?? [],
    ].flat(),
  );
  for (const { name, restartOnChange } of requests) {
    if (!restartOnChange || deps.restarts === true) continue;
    warnings.push(cut(`binding "${name}": restart=on-change is not available here; only the files change`));
  }
  return warnings;
}

function sourceWarning(
  request: BindingRequest,
  owner: RequestOwner,
  deps: MutateWorkloadDeps,
): string | undefined {
  const { namespace } = owner;
  const { name, source } = request;
  if (source.kind === 'request') {
    const problem = deps.offeringProblem(source.class, source.plan, namespace);
    return problem === undefined ? undefined : cut(`binding "${name}": ${problem}`, maxProblemLength);
  }
  if (source.kind === 'secret') {
    // We may not look into it.
    const what = `file type is "${name}" unless Secret "${source.secret}" has one`;
    return needsDefaultType(request) ? cut(`binding "${name}": ${what}; set ${typeKey}${name}`) : undefined;
  }
  const { secret } = requestNames(request, owner, deps.bindingSecretName);
  const obstacle = missingObject(source, namespace, deps) ?? failedBinding(source, namespace, deps);
  return obstacle === undefined
    ? undefined
    : cut(`binding "${name}": ${obstacle}; Pods wait for Secret "${secret}"`);
}

/** Of the type that its files will say. @param type what the workload says that it is, instead of the Secret */
function missingKeysWarning(
  request: BindingRequest,
  type: string | undefined,
  owner: RequestOwner,
  deps: MutateWorkloadDeps,
): string | undefined {
  const { binding } = requestNames(request, owner, deps.bindingSecretName);
  // Readers look for files.
  if (binding === undefined || request.mount.kind === 'none') return undefined;
  const about = [owner.namespace, binding] as const;
  const missing =
    type === undefined ? deps.missingKeys?.(...about) : missingOf(type, deps.secretKeys?.(...about));
  const names = otherNames(request);
  const lacking = missing?.filter((group) => !group.split(' or ').some((key) => names.includes(key))) ?? [];
  const what = `readers of ${type === undefined ? 'its type' : `type ${type}`} look for ${lacking.join(', ')} in vain`;
  return lacking.length === 0 ? undefined : cut(`binding "${request.name}": ${what}`);
}

function missingOf(type: string, keys: readonly string[] | undefined): readonly string[] {
  return keys === undefined ? [] : missingKeys(type, (key) => keys.includes(key));
}

/** Names under which the Pod has entries of the Secret as well. */
function otherNames({ shape }: BindingRequest): readonly string[] {
  return shape === undefined || shape === 'unclear' ? [] : shape.rule.aliases.map(({ key }) => key);
}

function missingObject(
  source: Extract<BindingSource, { readonly kind: 'binding' | 'instance' }>,
  namespace: string,
  { bindingSecretName, hasInstance }: MutateWorkloadDeps,
): string | undefined {
  if (source.kind === 'instance') {
    const { instance } = source;
    return hasInstance(namespace, instance) ? undefined : `ServiceInstance "${instance}" does not exist`;
  }
  const isThere = bindingSecretName(namespace, source.binding) !== undefined;
  return isThere ? undefined : `ServiceBinding "${source.binding}" does not exist`;
}

function failedBinding(
  source: BindingSource,
  namespace: string,
  { bindingFailure }: MutateWorkloadDeps,
): string | undefined {
  if (source.kind !== 'binding') return undefined;
  const failure = bindingFailure?.(namespace, source.binding);
  return failure === undefined ? undefined : `ServiceBinding "${source.binding}" failed (${failure})`;
}

/** The same plan as for the Pods to come: what will be in their way is known now. */
function conflictWarnings(
  pod: RawPod,
  { requests, policy }: ParsedAnnotations,
  { namespace, workload }: RequestOwner,
  { bindingSecretName, schedulingGates = false, isBound }: MutateWorkloadDeps,
): readonly string[] {
  const waiting = { schedulingGates, refusals: isBound !== undefined };
  const result = plan({ pod, requests, policy, namespace, workload, bindingSecretName, ...waiting });
  if (result.kind === 'excess') return [result.message];
  const warnings = result.conflicts.map(conflictWarning);
  return result.kind === 'inject' ? [...warnings, ...result.warnings] : warnings;
}
