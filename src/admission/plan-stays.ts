import type { ServiceInstance } from '../api/generated/service-instance.ts';
import type { JsonObject } from '../base/json.ts';
import { recordedPlan } from '../model/recorded-plan.ts';
import type { Offering } from '../model/resolve.ts';
import type { ObjectPatch } from './object-patch.ts';
import { hasNewPlan } from './plan-selectors.ts';
import type { AdmissionRequest } from './review.ts';
import type { WishDeps } from './unfit-wish.ts';

export interface PlanStaysDeps {
  readonly wishes: Pick<WishDeps, 'offeringOf'>;
  /** Of the model, with its stores. */
  readonly planThatStays: (instance: ServiceInstance, planId: string, wanted: Offering) => string | undefined;
  readonly isController: (request: AdmissionRequest) => boolean;
}

/**
 * Why the plan can not become the one that this write asks for, in the words of the original. Only of what the broker has for
 * certain, and of what the catalog says for certain: a class or plan that is not known stops nobody, nor does an earlier write,
 * and the way back to the plan that the broker has is open.
 * @param patch the object as it will be stored
 */
export function planStays(
  request: AdmissionRequest,
  patch: ObjectPatch,
  oldSpec: JsonObject,
  deps: PlanStaysDeps,
): string | undefined {
  const { kind, operation, namespace, oldObject } = request;
  // What the controller is refused it tells on the instance.
  if (kind !== 'ServiceInstance' || operation !== 'UPDATE' || deps.isController(request)) return undefined;
  if (patch.value('metadata', 'deletionTimestamp') !== undefined) return undefined;
  const spec = patch.object('spec') ?? {};
  if (!hasNewPlan(spec, oldSpec)) return undefined;
  const instance = (oldObject ?? {}) as unknown as ServiceInstance;
  const planId = recordedPlan(instance.status?.externalProperties);
  const wanted = deps.wishes.offeringOf(spec, namespace);
  if (!planId || wanted === undefined) return undefined;
  const stays = deps.planThatStays(instance, planId, wanted);
  return stays === undefined ? undefined : refusal(stays, wanted);
}

function refusal(stays: string, { class: ofClass, plan }: Offering): string {
  const who = ofClass.spec.planUpdatable
    ? `Service Plan ${stays}`
    : `Service Class ${ofClass.spec.externalName}`;
  const { externalName } = plan.spec;
  return `The ${who} does not allow plan changes. Keep plan "${stays}", or make a new instance with plan "${externalName}".`;
}
