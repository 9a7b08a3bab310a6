import type { ServiceInstance } from '../api/generated/service-instance.ts';
import type { JsonObject } from '../base/json.ts';
import type { Offering } from '../model/resolve.ts';
import { recordedPlans } from '../model/recorded-plan.ts';
import type { CatalogChange } from './catalog-change.ts';
import { isEmpty } from './catalog-fields.ts';
import { isOfBefore, type UnfitWish } from './unfit-wish.ts';

/**
 * Why an instance can not have the class and plan that it asks for. Only what is new is looked at: another plan, or all of an
 * instance. What is not known may still come, so it is told only; nothing is refused for what the controller writes down.
 */
export function unfitOffering(change: CatalogChange): UnfitWish | undefined {
  const { request, isCreation, patch, oldSpec, deps } = change;
  const isDying = patch.value('metadata', 'deletionTimestamp') !== undefined;
  if (request.kind !== 'ServiceInstance' || isDying) return undefined;
  const spec = patch.object('spec') ?? {};
  if (!isCreation && !changesPlan(spec, oldSpec)) return undefined;
  const isTold = isCreation && isOfBefore(patch);
  const found = deps.offerings.find(spec, request.namespace);
  if (found.kind === 'offering') {
    const message = refusal(change, found.offering);
    return message === undefined ? undefined : { message, isTold };
  }
  if (deps.isController(request)) return undefined;
  return { message: found.message, isTold: isTold || found.kind === 'unknown' };
}

/** What its broker has, or was asked for, it may go back to. */
function refusal({ request, deps }: CatalogChange, offering: Offering): string | undefined {
  const { namespace, name, oldObject = {} } = request;
  const recorded = recordedPlans(oldObject as unknown as ServiceInstance);
  if (recorded.includes(offering.plan.spec.externalID)) return undefined;
  return deps.offerings.refusal(offering, { namespace, name, hasClass: recorded.length > 0 });
}

/** By its selector: what its reference leads to then was looked at when that was written. */
function changesPlan(spec: JsonObject, oldSpec: JsonObject): boolean {
  const selectors = new Set([...Object.keys(spec), ...Object.keys(oldSpec)].filter(isPlanSelector));
  return [...selectors].some((field) =>
    isEmpty(spec[field]) ? !isEmpty(oldSpec[field]) : spec[field] !== oldSpec[field],
  );
}

function isPlanSelector(field: string): boolean {
  return /Plan(ExternalName|ExternalID|Name)$/.test(field);
}
