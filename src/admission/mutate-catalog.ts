import { adoptAnnotation } from '../api/group.ts';
import type { JsonObject } from '../base/json.ts';
import { mayReadSecret, type Authorize } from './authorize.ts';
import { mutateBinding } from './catalog-binding.ts';
import { mutateBroker } from './catalog-broker.ts';
import { isEmpty } from './catalog-fields.ts';
import type { CatalogChange, MutateCatalogDeps } from './catalog-change.ts';
import { mutateInstance } from './catalog-instance.ts';
import { mutateItem } from './catalog-item.ts';
import { deny, ignored, patched, type Decision, type RequestContext } from './decision.ts';
import { dyingInstance } from './dying-instance.ts';
import { largeParameters } from './large-parameters.ts';
import { ObjectPatch } from './object-patch.ts';
import { ownMarks } from './own-marks.ts';
import { planStays } from './plan-stays.ts';
import type { AdmissionRequest } from './review.ts';
import { copiedSecrets, newParameterSecrets } from './secret-references.ts';
import { takenId } from './taken-id.ts';
import { unfitOffering } from './unfit-offering.ts';
import { unfitWish } from './unfit-wish.ts';

type Mutation = (change: CatalogChange) => void;

const mutations: ReadonlyMap<string, Mutation> = new Map([
  ['ClusterServiceBroker', mutateBroker],
  ['ServiceBroker', mutateBroker],
  ['ClusterServiceClass', mutateItem],
  ['ServiceClass', mutateItem],
  ['ClusterServicePlan', mutateItem],
  ['ServicePlan', mutateItem],
  ['ServiceInstance', mutateInstance],
  ['ServiceBinding', mutateBinding],
]);

/**
 * Completes our own objects in the very request that makes or changes them: finalizer, ids, defaults, resolved
 * references, and who asked. What the user wrote is not rewritten, except where it is not theirs to say.
 */
export async function mutateCatalog(
  request: AdmissionRequest,
  { timeoutMs }: RequestContext,
  deps: MutateCatalogDeps,
): Promise<Decision> {
  const mutate = mutationOf(request);
  const isCreation = request.operation === 'CREATE';
  if (mutate === undefined) return ignored;
  if (request.object === undefined) return deny(400, 'the request has no object');

  const patch = new ObjectPatch(request.object);
  const spec = patch.object('spec');
  // Without a spec there is nothing to complete; the schema refuses the object after us.
  if (spec === undefined) return ignored;
  const oldSpec = new ObjectPatch(request.oldObject ?? {}).object('spec') ?? {};

  const refusal = await refusalOf(request, spec, oldSpec, deps, timeoutMs);
  if (refusal !== undefined) return refusal;
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const change = { request, isCreation, spec, oldSpec, patch, warn, deps };
  mutate(change);
  ownMarks(request, patch);
  return (await unfitRefusal(change, timeoutMs)) ?? patched(patch.operations, warnings);
}

/** Looked at as it will be stored. */
async function unfitRefusal(change: CatalogChange, timeoutMs: number): Promise<Decision | undefined> {
  const { request, patch, oldSpec, warn, deps } = change;
  const stays = planStays(request, patch, oldSpec, deps);
  if (stays !== undefined) return refuse(403, 'Forbidden', stays, request, deps);
  const offering = unfitOffering(change);
  if (offering?.isTold === false) return refuse(403, 'Forbidden', offering.message, request, deps);
  const wish = await unfitWish(request, patch, oldSpec, deps.wishes, timeoutMs);
  if (wish?.isTold === false) return refuse(422, 'Invalid', wish.message, request, deps);
  for (const told of [offering, wish]) if (told !== undefined) warn(told.message);
  return undefined;
}

function mutationOf({ kind, operation, subResource }: AdmissionRequest): Mutation | undefined {
  const isWrite = operation === 'CREATE' || operation === 'UPDATE';
  return isWrite && subResource === '' ? mutations.get(kind) : undefined;
}

async function refusalOf(
  request: AdmissionRequest,
  spec: JsonObject,
  oldSpec: JsonObject,
  deps: MutateCatalogDeps,
  timeoutMs: number,
): Promise<Decision | undefined> {
  const excess = largeParameters(request.kind, spec, oldSpec);
  if (excess !== undefined) return refuse(422, 'TooMuch', excess, request, deps);
  const unnamed = namelessAdoption(request, spec);
  if (unnamed !== undefined) return refuse(422, 'Invalid', unnamed, request, deps);
  const forbidden =
    (await unreadableSecret(request, spec, oldSpec, deps, timeoutMs)) ??
    (await uselessBinding(request, spec, deps, timeoutMs)) ??
    (await idOfAnother(request, spec, oldSpec, deps, timeoutMs));
  return forbidden === undefined ? undefined : refuse(403, 'Forbidden', forbidden, request, deps);
}

function refuse(
  code: number,
  reason: string,
  message: string,
  { kind, namespace, name }: AdmissionRequest,
  { logger }: MutateCatalogDeps,
): Decision {
  logger.info({ kind, namespace, name, reason }, message);
  return deny(code, message);
}

/** A service that is to be taken up has an id at its broker. With one of ours nothing could be found. */
function namelessAdoption(
  { kind, operation, object = {} }: AdmissionRequest,
  { externalID }: JsonObject,
): string | undefined {
  if ((kind !== 'ServiceInstance' && kind !== 'ServiceBinding') || operation !== 'CREATE') return undefined;
  const isAdopted = new ObjectPatch(object).value('metadata', 'annotations', adoptAnnotation) === 'true';
  if (!isAdopted || !isEmpty(externalID)) return undefined;
  return `${adoptAnnotation} takes up what the broker has under spec.externalID: set that to its id, or leave the annotation out to have a new one`;
}

/** The deletion of an instance waits for its bindings: a new one would only hold it up. */
async function uselessBinding(
  request: AdmissionRequest,
  spec: JsonObject,
  { isController, isDying }: MutateCatalogDeps,
  timeoutMs: number,
): Promise<string | undefined> {
  const isNew = request.kind === 'ServiceBinding' && request.operation === 'CREATE';
  return isNew && !isController(request) ? dyingInstance(request, spec, isDying, timeoutMs) : undefined;
}

/** An id never changes once it is there, so it is new on creation, or where there was none. */
async function idOfAnother(
  request: AdmissionRequest,
  { externalID }: JsonObject,
  oldSpec: JsonObject,
  { authorize, holdersOf, isController }: MutateCatalogDeps,
  timeoutMs: number,
): Promise<string | undefined> {
  const isHolding = request.kind === 'ServiceInstance' || request.kind === 'ServiceBinding';
  if (!isHolding || oldSpec['externalID'] === externalID) return undefined;
  // What the controller is told stands in Events of the namespace, and it may have asked in the name of anybody there.
  const mayKnow: Authorize = async ({ namespace }) => namespace === request.namespace;
  const told = isController(request) ? mayKnow : authorize;
  return takenId(request, externalID, holdersOf, told, timeoutMs);
}

/**
 * The controller reads Secrets with its own rights and sends what is in them to a broker. So nobody can have a Secret
 * sent that they could not read themselves.
 */
async function unreadableSecret(
  request: AdmissionRequest,
  spec: JsonObject,
  oldSpec: JsonObject,
  { authorize, isController }: MutateCatalogDeps,
  timeoutMs: number,
): Promise<string | undefined> {
  if (isController(request)) return undefined;
  const { user, namespace } = request;
  const copied =
    request.kind === 'ServiceBinding' && request.operation === 'CREATE' ? copiedSecrets(spec) : [];
  for (const name of new Set([...newParameterSecrets(spec, oldSpec), ...copied])) {
    if (await authorize(mayReadSecret(user, namespace, name), timeoutMs)) continue;
    const who = JSON.stringify(user.username ?? '');
    const field = copied.includes(name) ? 'spec.secretTransforms' : 'spec.parametersFrom';
    return `user ${who} may not get Secret "${name}" in namespace "${namespace}", to which ${field} refers`;
  }
  return undefined;
}
