import { finalizer } from '../api/group.ts';
import type { ServiceInstanceSpec } from '../api/generated/service-instance.ts';
import { instanceLabels } from '../api/labels.ts';
import { jsonEqual, type JsonObject } from '../base/json.ts';
import { isEmpty, keepCounter, keepFilledIn, userInfoOf } from './catalog-fields.ts';
import type { CatalogChange, InstanceRef } from './catalog-change.ts';
import type { ObjectPatch } from './object-patch.ts';

const classRefs = ['clusterServiceClassRef', 'serviceClassRef'] as const;
const planRefs = ['clusterServicePlanRef', 'servicePlanRef'] as const;
const allRefs: readonly InstanceRef[] = [...classRefs, ...planRefs];
const planSelectors: readonly string[] = [
  'clusterServicePlanExternalName',
  'clusterServicePlanExternalID',
  'clusterServicePlanName',
  'servicePlanExternalName',
  'servicePlanExternalID',
  'servicePlanName',
];

/** ServiceInstances. Refs and labels are set here when class and plan are known, by the controller otherwise. */
export function mutateInstance(change: CatalogChange): void {
  const { request, isCreation, spec, oldSpec, patch, deps } = change;
  if (isCreation) {
    patch.append(['metadata', 'finalizers'], finalizer);
    if (isEmpty(spec['externalID'])) patch.set(['spec', 'externalID'], deps.uuid());
  } else {
    keepFilledIn(['externalID'], spec, oldSpec, patch);
    keepCounter('updateRequests', spec, oldSpec, patch);
    if (!namesPlan(spec)) keepFilledIn(planSelectors, spec, oldSpec, patch);
  }
  setUserInfo(change);
  if (isCreation) setRefs(change, allRefs);
  else if (hasNewPlan(spec, oldSpec)) setRefs(change, planRefs);
  else if (!deps.isController(request.user)) keepRefs(change);
}

/**
 * Who asked for the spec as it is now. Storing refs is bookkeeping and not a wish: were the controller taken for the
 * requester then, brokers would be told the wrong identity.
 */
function setUserInfo({ request, isCreation, spec, oldSpec, patch, deps }: CatalogChange): void {
  const isWish =
    isCreation || (!deps.isController(request.user) && !jsonEqual(wishes(spec), wishes(oldSpec)));
  if (isWish) patch.set(['spec', 'userInfo'], userInfoOf(request.user));
  else if (oldSpec['userInfo'] !== undefined) patch.set(['spec', 'userInfo'], oldSpec['userInfo']);
  else patch.remove(['spec', 'userInfo']);
}

/** The spec without what the webhook and the controller fill in. */
function wishes(spec: JsonObject): JsonObject {
  const bookkeeping: readonly string[] = [...allRefs, 'userInfo', 'externalID'];
  const entries = Object.entries(spec).filter(
    ([key, value]) => !bookkeeping.includes(key) && !isEmpty(value),
  );
  return Object.fromEntries(entries);
}

/** A client that names no plan leaves it as it is: the webhook may have chosen it. */
function hasNewPlan(spec: JsonObject, oldSpec: JsonObject): boolean {
  return namesPlan(spec) && planSelectors.some((field) => (spec[field] ?? '') !== (oldSpec[field] ?? ''));
}

function namesPlan(spec: JsonObject): boolean {
  return planSelectors.some((field) => !isEmpty(spec[field]));
}

/**
 * Sets the refs that belong to the selectors, and takes away those that do not: a ref from before, or one that the
 * user wrote, would win over what they select.
 */
function setRefs({ request, spec, patch, deps }: CatalogChange, refs: readonly InstanceRef[]): void {
  const selected = Object.fromEntries(
    Object.entries(spec).filter(([key]) => !(refs as readonly string[]).includes(key)),
  ) as unknown as ServiceInstanceSpec;
  const resolved = deps.resolve(selected, request.namespace);
  for (const field of refs) {
    const ref = resolved?.refs[field];
    if (ref === undefined) patch.remove(['spec', field]);
    else patch.set(['spec', field], ref);
  }
  for (const [field, value] of Object.entries(resolved?.planSelector ?? {})) {
    patch.set(['spec', field], value);
  }
  setLabels(patch, refs, resolved?.labels ?? {});
}

/** Query labels name refs; those of refs that are gone must not lead to this instance any more. */
function setLabels(
  patch: ObjectPatch,
  refs: readonly InstanceRef[],
  labels: Readonly<Record<string, string>>,
): void {
  const ofAnyRef = refs.flatMap((field) => Object.keys(instanceLabels({ [field]: { name: 'x' } })));
  for (const key of ofAnyRef) {
    if (!Object.hasOwn(labels, key)) patch.remove(['metadata', 'labels', key]);
  }
  for (const [key, value] of Object.entries(labels)) patch.set(['metadata', 'labels', key], value);
}

/** A ref changes with its selector only. A client that replaces the object without knowing the refs keeps them. */
function keepRefs({ oldSpec, patch }: CatalogChange): void {
  for (const field of allRefs) {
    if (oldSpec[field] === undefined) patch.remove(['spec', field]);
    else patch.set(['spec', field], oldSpec[field]);
  }
}
