import { plans, serviceId, type Plan } from './catalog.ts';
import { isEmptyParameters, parseInstanceParameters, type InstanceParameters } from './parameters.ts';

/** Checked bodies of the three writing requests; a string is what was wrong with the request. */
export interface ProvisionRequest {
  readonly plan: Plan;
  readonly parameters: InstanceParameters;
}

export interface UpdateRequest {
  /** The new plan, when the request names one. */
  readonly plan: Plan | undefined;
  readonly parameters: InstanceParameters | undefined;
}

export interface BindRequest {
  readonly plan: Plan;
  /** The binding that this one takes over from (OSB 2.17, "Binding Rotation"). */
  readonly predecessorId: string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

export function parseProvisionRequest(body: unknown): ProvisionRequest | string {
  if (!isFields(body)) return 'the body must be a JSON object';
  const missing = ['organization_guid', 'space_guid'].find((name) => !isText(body[name]));
  if (missing !== undefined) return `${missing} must be a non-empty string`;
  const plan = requiredPlan(body);
  if (typeof plan === 'string') return plan;
  const parameters = parseInstanceParameters(body['parameters']);
  return typeof parameters === 'string' ? parameters : { plan, parameters };
}

export function parseUpdateRequest(body: unknown): UpdateRequest | string {
  if (!isFields(body)) return 'the body must be a JSON object';
  if (body['service_id'] !== serviceId) return 'service_id is not in the catalog';
  const plan = body['plan_id'] === undefined ? undefined : requiredPlan(body);
  if (typeof plan === 'string') return plan;
  const given = body['parameters'];
  const parameters = given === undefined || given === null ? undefined : parseInstanceParameters(given);
  return typeof parameters === 'string' ? parameters : { plan, parameters };
}

export function parseBindRequest(body: unknown): BindRequest | string {
  if (!isFields(body)) return 'the body must be a JSON object';
  const plan = requiredPlan(body);
  if (typeof plan === 'string') return plan;
  if (!isEmptyParameters(body['parameters'])) return 'a binding has no parameters';
  const predecessorId = body['predecessor_binding_id'];
  if (predecessorId !== undefined && !isText(predecessorId)) {
    return 'predecessor_binding_id must be a non-empty string';
  }
  return { plan, predecessorId };
}

function requiredPlan(body: Fields): Plan | string {
  if (body['service_id'] !== serviceId) return 'service_id is not in the catalog';
  return plans.find((plan) => plan.id === body['plan_id']) ?? 'plan_id is not in the catalog';
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
