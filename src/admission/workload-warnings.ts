import { bindingAnnotationPrefixes } from '../api/group.ts';
import type { ParsedAnnotations } from '../injection/annotations.ts';
import { needsDefaultType, requestNames, type RequestOwner } from '../injection/binding.ts';
import { conflictWarning } from '../injection/conflict.ts';
import { plan } from '../injection/plan.ts';
import type { Annotations, RawMetadata, RawPod } from '../injection/pod.ts';
import { cut } from '../injection/problem.ts';
import type { BindingRequest, BindingSource } from '../injection/request.ts';
import { topWorkload } from '../injection/top-workload.ts';
import { podTemplateOf, type TemplateHolder } from '../injection/workload.ts';
import { optOutOf } from '../model/scope.ts';
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
  return [...sourceWarnings(parsed.requests, owner, deps), ...conflictWarnings(pod, parsed, owner, deps)];
}

/** What the sources mean that is not there. It may still come: nothing is refused because of it. */
function sourceWarnings(
  requests: readonly BindingRequest[],
  owner: RequestOwner,
  deps: MutateWorkloadDeps,
): readonly string[] {
  const warnings = requests.flatMap((request) =>
    [sourceWarning(request, owner, deps) ?? [], missingKeysWarning(request, owner, deps) ?? []].flat(),
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

/** Of its own type: what another type needs, nobody here can know. */
function missingKeysWarning(
  request: BindingRequest,
  owner: RequestOwner,
  deps: MutateWorkloadDeps,
): string | undefined {
  const { binding } = requestNames(request, owner, deps.bindingSecretName);
  if (binding === undefined || request.overridesType) return undefined;
  const missing = deps.missingKeys?.(owner.namespace, binding) ?? [];
  const what = `readers of its type look for ${missing.join(', ')} in vain`;
  return missing.length === 0 ? undefined : cut(`binding "${request.name}": ${what}`);
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
