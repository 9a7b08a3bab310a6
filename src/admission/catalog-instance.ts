import type { ServiceInstanceSpec } from '../api/generated/service-instance.ts';
import { idMadeAnnotation } from '../api/group.ts';
import { userProvidedClass, userProvidedServiceId } from '../api/user-provided.ts';
import { isObject, jsonEqual, type JsonObject } from '../base/json.ts';
import {
  isEmpty,
  keepCounter,
  keepFilledIn,
  keepMetadata,
  setExternalId,
  setLabels,
  stated,
  userInfoOf,
} from './catalog-fields.ts';
import type { InstanceRef, ResolveInstance } from '../model/admission-resolution.ts';
import { idOfAdopted, idOfBefore, readIdMark } from '../model/id-mark.ts';
import type { CatalogChange } from './catalog-change.ts';
import { isOnBehalf } from './on-behalf.ts';
import { hasNewPlan, planSelectors } from './plan-selectors.ts';

const classRefs: readonly InstanceRef[] = ['clusterServiceClassRef', 'serviceClassRef'];
const planRefs: readonly InstanceRef[] = ['clusterServicePlanRef', 'servicePlanRef'];
const allRefs = [...classRefs, ...planRefs];

/**
 * ServiceInstances. Refs and labels are set here when class and plan are known, by the controller otherwise. What a
 * client leaves out that does not know it is put back before anything is decided.
 */
export function mutateInstance(change: CatalogChange): void {
  const { request, isCreation, spec, oldSpec, patch, deps } = change;
  keepMetadata(change);
  if (isCreation) {
    setExternalId(change);
  } else {
    keepFilledIn(['externalID'], spec, oldSpec, patch);
    keepCounter('updateRequests', spec, oldSpec, patch);
    if (!namesPlan(spec)) keepFilledIn(planSelectors, spec, oldSpec, patch);
  }
  setUserInfo(change);
  if (isCreation) setRefs(change, allRefs);
  else if (!deps.isController(request)) updateRefs(change);
  setLabels('ServiceInstance', patch);
}

/**
 * Who asked for the spec as it is now. Storing refs is bookkeeping and not a wish: were the controller taken for the
 * requester then, brokers would be told the wrong identity.
 */
function setUserInfo(change: CatalogChange): void {
  if (isOnBehalf(change)) return;
  const { request, isCreation, oldSpec, patch, deps } = change;
  const next = patch.object('spec') ?? {};
  const isWish = isCreation || (!deps.isController(request) && !jsonEqual(wishes(next), wishes(oldSpec)));
  if (isWish) patch.set(['spec', 'userInfo'], userInfoOf(request.user));
  else if (oldSpec['userInfo'] !== undefined) patch.set(['spec', 'userInfo'], oldSpec['userInfo']);
  else patch.remove(['spec', 'userInfo']);
}

/** The spec without what the webhook and the controller fill in. */
function wishes(spec: JsonObject): JsonObject {
  const bookkeeping: readonly string[] = [...allRefs, 'userInfo', 'externalID'];
  return Object.fromEntries(Object.entries(stated(spec)).filter(([key]) => !bookkeeping.includes(key)));
}

function namesPlan(spec: JsonObject): boolean {
  return planSelectors.some((field) => !isEmpty(spec[field]));
}

/** A ref changes with its selector only. A client that replaces the object without knowing the refs keeps them. */
function updateRefs(change: CatalogChange): void {
  const { spec, oldSpec, patch } = change;
  const isResolved = classRefs.some((field) => !isEmpty(oldSpec[field]));
  const renewed = !hasNewPlan(patch.object('spec') ?? {}, oldSpec) ? [] : isResolved ? planRefs : allRefs;
  for (const field of allRefs.filter((ref) => !renewed.includes(ref))) {
    if (field === 'clusterServiceClassRef' && !isResolved && saysBuiltIn(spec)) continue;
    if (oldSpec[field] === undefined) patch.remove(['spec', field]);
    else patch.set(['spec', field], oldSpec[field]);
  }
  if (renewed.length > 0) setRefs(change, renewed);
}

/**
 * Sets the refs that belong to the selectors, and takes away those that do not: a ref from before, or one that the
 * user wrote, would win over what they select.
 */
function setRefs(change: CatalogChange, refs: readonly InstanceRef[]): void {
  const { request, patch, deps } = change;
  const isSure = isOfBefore(change) && saysBuiltIn(change.spec);
  const selected = Object.entries(patch.object('spec') ?? {}).filter(
    ([field]) =>
      !(refs as readonly string[]).includes(field) || (isSure && field === 'clusterServiceClassRef'),
  );
  const spec = Object.fromEntries(selected) as unknown as ServiceInstanceSpec;
  const found = deps.resolve(spec, request.namespace);
  const resolved = isBuiltInByName(found, spec) && isOfBefore(change) && !isSure ? undefined : found;
  for (const field of refs) {
    const ref = resolved?.refs[field];
    if (ref === undefined) patch.remove(['spec', field]);
    else patch.set(['spec', field], ref);
  }
  for (const [field, value] of Object.entries(resolved?.planSelector ?? {})) {
    patch.set(['spec', field], value);
  }
}

/** What the bare name leads to when no broker's class has it. */
function isBuiltInByName(found: ReturnType<ResolveInstance>, spec: ServiceInstanceSpec): boolean {
  const isBareName = spec.clusterServiceClassExternalName === userProvidedClass;
  return isBareName && found?.refs.clusterServiceClassRef?.name === userProvidedServiceId;
}

/** It came back, from a backup or as a copy: see `model/unsure-built-in.ts`. */
function isOfBefore({ patch }: CatalogChange): boolean {
  const what = readIdMark(patch.value('metadata', 'annotations', idMadeAnnotation))?.what;
  return what === idOfBefore || what === idOfAdopted;
}

/** As the controller has written it, or a person. */
function saysBuiltIn({
  clusterServiceClassExternalName: name,
  clusterServiceClassRef: ref,
}: JsonObject): boolean {
  return name === userProvidedClass && isObject(ref) && ref['name'] === userProvidedServiceId;
}
