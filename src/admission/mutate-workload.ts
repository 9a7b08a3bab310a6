import { bindingAnnotationPrefixes } from '../api/group.ts';
import type { Logger } from '../base/logger.ts';
import { parseAnnotations, type ParsedAnnotations } from '../injection/annotations.ts';
import {
  needsDefaultType,
  requestNames,
  type RequestOwner,
  type SecretNameLookup,
} from '../injection/binding.ts';
import { conflictWarning } from '../injection/conflict.ts';
import { lift } from '../injection/lift.ts';
import { defaultLimits, type RequestLimits } from '../injection/limits.ts';
import { optOutOf, workloadKindOf } from '../model/scope.ts';
import { plan } from '../injection/plan.ts';
import { topWorkload } from '../injection/top-workload.ts';
import type { Annotations, RawMetadata, RawPod } from '../injection/pod.ts';
import { cut } from '../injection/problem.ts';
import type { BindingRequest, BindingSource } from '../injection/request.ts';
import { podTemplateOf, type RawWorkload, type TemplateHolder } from '../injection/workload.ts';
import type { Authorize } from './authorize.ts';
import { deny, ignored, patched, type Decision, type RequestContext } from './decision.ts';
import type { AdmissionRequest } from './review.ts';
import { missingRight } from './source-rights.ts';
import { workloadExcess } from './workload-excess.ts';
import { newMistakes } from './workload-mistakes.ts';

export interface MutateWorkloadDeps {
  /** Undefined also when the binding does not exist. */
  readonly bindingSecretName: SecretNameLookup;
  /** Whether a ServiceInstance of this name exists. */
  readonly hasInstance: (namespace: string, name: string) => boolean;
  readonly namespaceLabels: (namespace: string) => Readonly<Record<string, string>> | undefined;
  /** What is wrong with a class and plan that an annotation asks for, as a sentence; undefined when nothing. */
  readonly offeringProblem: (className: string, plan: string, namespace: string) => string | undefined;
  readonly authorize: Authorize;
  /** As for Pods. @default false */
  readonly schedulingGates?: boolean;
  /** How much a Pod may ask for. @default defaultLimits */
  readonly limits?: RequestLimits;
  /** True where a controller rolls workloads out when a Secret changes. @default false */
  readonly restarts?: boolean;
  readonly logger: Logger;
}

/** Beyond this number nobody reads warnings, and Kubernetes cuts them. */
const maxWarnings = 10;
/** What is wrong with an offering is told in the words of the condition, which end with what to do. */
const maxProblemLength = 250;
const typeKey = bindingAnnotationPrefixes.type;

/**
 * Brings binding annotations of a workload to its Pod template, tells the person who writes it about everything that
 * will not work, and makes sure that they may have made what they ask for. This is the only place where a warning
 * reaches that person: the Pods are made by controllers later.
 */
export async function mutateWorkload(
  request: AdmissionRequest,
  { timeoutMs }: RequestContext,
  deps: MutateWorkloadDeps,
): Promise<Decision> {
  const { kind, operation, subResource, object, oldObject, namespace } = request;
  const isWrite = operation === 'CREATE' || operation === 'UPDATE';
  const holder = workloadKindOf(kind);
  if (holder === undefined || !isWrite || subResource !== '') return ignored;
  if (object === undefined) return deny(400, 'the request has no object');

  const { limits = defaultLimits } = deps;
  const lifted = lift(holder, object, oldObject);
  const labels = deps.namespaceLabels(namespace);
  const excess = workloadExcess(holder, object, oldObject, lifted.annotations, labels, limits);
  if (excess?.isNew === true)
    return refuse(422, `its Pods would be refused: ${excess.message}`, request, deps);

  // Not by these limits: what the workload controller reads is what rights are needed for.
  const parsed = parseAnnotations(lifted.annotations);
  const added = addedRequests(parsed, holder, oldObject);
  const unreadable = newMistakes([...lifted.problems, ...parsed.problems], holder, request);
  if (unreadable.length > 0) return refuse(422, unreadable.join('; '), request, deps);
  const missing = await missingRight(added, request, deps.authorize, timeoutMs);
  if (missing !== undefined) return refuse(403, missing, request, deps);

  const warnings = [
    ...(excess === undefined ? [] : [excess.message]),
    ...lifted.problems.map(({ message }) => message),
    ...parsed.problems.map(({ message }) => message),
    ...templateWarnings(holder, request, lifted.annotations, parsed, deps),
  ];
  return patched(lifted.operations, [...new Set(warnings)].slice(0, maxWarnings));
}

function refuse(
  code: number,
  message: string,
  { kind, namespace, name }: AdmissionRequest,
  { logger }: MutateWorkloadDeps,
): Decision {
  const reason = code === 403 ? 'Forbidden' : 'Invalid';
  logger.info({ namespace, workload: `${kind}/${name}`, reason }, message);
  return { ...deny(code, message), auditAnnotations: { outcome: 'denied' } };
}

/**
 * The requests that this change brings. Controllers update workloads too, and must not be asked for rights because of
 * what somebody else has written before.
 */
function addedRequests(
  { requests }: ParsedAnnotations,
  holder: TemplateHolder,
  oldObject: RawWorkload | undefined,
): readonly BindingRequest[] {
  const before = podTemplateOf(holder, oldObject)?.metadata?.annotations;
  const old = new Set(parseAnnotations(before).requests.map(identity));
  return requests.filter((request) => !old.has(identity(request)));
}

function identity({ name, sourceText, parameters }: BindingRequest): string {
  return JSON.stringify([name, sourceText, parameters]);
}

function templateWarnings(
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
  const warnings = requests.flatMap((request) => sourceWarning(request, owner, deps) ?? []);
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
  const missing = missingObject(source, namespace, deps);
  if (missing === undefined) return undefined;
  return cut(`binding "${name}": ${missing} does not exist; Pods wait for Secret "${secret}"`);
}

function missingObject(
  source: Extract<BindingSource, { readonly kind: 'binding' | 'instance' }>,
  namespace: string,
  { bindingSecretName, hasInstance }: MutateWorkloadDeps,
): string | undefined {
  if (source.kind === 'instance') {
    return hasInstance(namespace, source.instance) ? undefined : `ServiceInstance "${source.instance}"`;
  }
  const isThere = bindingSecretName(namespace, source.binding) !== undefined;
  return isThere ? undefined : `ServiceBinding "${source.binding}"`;
}

/** The same plan as for the Pods to come: what will be in their way is known now. */
function conflictWarnings(
  pod: RawPod,
  { requests, policy }: ParsedAnnotations,
  { namespace, workload }: RequestOwner,
  { bindingSecretName, schedulingGates = false }: MutateWorkloadDeps,
): readonly string[] {
  const result = plan({ pod, requests, policy, namespace, workload, bindingSecretName, schedulingGates });
  if (result.kind === 'excess') return [result.message];
  const warnings = result.conflicts.map(conflictWarning);
  return result.kind === 'inject' ? [...warnings, ...result.warnings] : warnings;
}
