import { parseAnnotations } from '../injection/annotations.ts';
import { lift } from '../injection/lift.ts';
import { defaultLimits } from '../injection/limits.ts';
import type { RawWorkload, TemplateHolder } from '../injection/workload.ts';
import { topWorkload } from '../injection/top-workload.ts';
import { workloadKindOf } from '../model/scope.ts';
import { deny, ignored, patched, type Decision, type RequestContext } from './decision.ts';
import { keptServices } from './kept-services.ts';
import type { AdmissionRequest } from './review.ts';
import { namelessRequests } from './nameless.ts';
import { settleClaim } from './settle-claim.ts';
import type { MutateWorkloadDeps } from './workload-case.ts';
import { workloadExcess } from './workload-excess.ts';
import { newMistakes } from './workload-mistakes.ts';
import { unfitRequests } from './unfit-requests.ts';
import { workloadWarnings } from './workload-warnings.ts';

/** Beyond this number nobody reads warnings, and Kubernetes cuts them. */
const maxWarnings = 10;

/**
 * Brings binding annotations of a workload to its Pod template, tells the person who writes it about everything that
 * will not work, makes sure that they may have made what they ask for, and notes who they are. This is the only place where
 * a warning reaches that person: the Pods are made by controllers later.
 */
export async function mutateWorkload(
  request: AdmissionRequest,
  { timeoutMs }: RequestContext,
  deps: MutateWorkloadDeps,
): Promise<Decision> {
  const { kind, operation, subResource, object } = request;
  const isWrite = operation === 'CREATE' || operation === 'UPDATE';
  const holder = workloadKindOf(kind);
  if (holder === undefined || !isWrite || subResource !== '') return ignored;
  if (object === undefined) return deny(400, 'the request has no object');
  return decide(object, holder, request, deps, timeoutMs);
}

async function decide(
  object: RawWorkload,
  holder: TemplateHolder,
  request: AdmissionRequest,
  deps: MutateWorkloadDeps,
  timeoutMs: number,
): Promise<Decision> {
  const { kind, oldObject, namespace } = request;
  const { limits = defaultLimits } = deps;
  const lifted = lift(holder, object, oldObject);
  const labels = deps.namespaceLabels(namespace);
  const excess = workloadExcess(holder, object, oldObject, lifted.annotations, labels, limits);
  if (excess?.isNew === true)
    return refuse(422, `its Pods would be refused: ${excess.message}`, request, deps);

  // Not by these limits: what the workload controller reads is what rights are needed for.
  const parsed = parseAnnotations(lifted.annotations);
  const unreadable = newMistakes([...lifted.problems, ...parsed.problems], holder, request);
  if (unreadable.length > 0) return refuse(422, unreadable.join('; '), request, deps);
  const claim = await settleClaim(request, holder, lifted.annotations, deps, timeoutMs);
  if (claim.kind === 'refused') return refuse(403, claim.message, request, deps);
  const nameless = namelessRequests(parsed.requests, holder, request);
  if (nameless !== undefined) return refuse(422, nameless, request, deps);

  const owner = { namespace, ...topWorkload(kind, object['metadata']) };
  const warnings = [
    ...(excess === undefined ? [] : [excess.message]),
    ...claim.warnings,
    ...keptServices(parsed.requests, holder, request),
    ...lifted.problems.map(({ message }) => message),
    ...parsed.problems.map(({ message }) => message),
    ...workloadWarnings(holder, request, lifted.annotations, parsed, deps),
    ...(await unfitRequests(parsed.requests, owner, deps.requestedSpec, deps.wishes, timeoutMs)),
  ];
  const operations = [...lifted.operations, ...claim.operations];
  return patched(operations, [...new Set(warnings)].slice(0, maxWarnings));
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
