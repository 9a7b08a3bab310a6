import { canonicalJson, isObject } from '../../../src/base/json.ts';
import type { LiveInstance } from './broker-state.ts';
import {
  accept,
  asyncRefused,
  concurrencyError,
  findPlan,
  refuse,
  stillPending,
  text,
  type OrdinaryAnswer,
  type ServiceContext,
  type ServiceRequest,
} from './service-context.ts';

/** E2: PUT of a service instance. */
export function provision(context: ServiceContext, request: ServiceRequest): OrdinaryAnswer {
  const { body, instanceId } = request;
  const problem = provisionProblem(context, request);
  if (problem !== undefined) return problem;
  const existing = context.state.instances.get(instanceId);
  if (existing !== undefined) {
    if (fingerprint(existing.document) !== fingerprint(body))
      return refuse(409, 'An instance with other attributes exists.');
    if (existing.pending !== undefined) return stillPending(existing.pending);
    if (existing.ready) return { status: 200, body: { dashboard_url: context.dashboardUrl(instanceId) } };
  }
  if (context.state.deletedIds.has(instanceId))
    context.violation(`P40: instance id ${instanceId} used again`);
  const instance = newInstance(instanceId, body);
  context.state.instances.set(instanceId, instance);
  const finish = (): void => {
    instance.ready = true;
  };
  if (request.asynchronous !== undefined) {
    const accepted = accept('provision', instance.planId, request.asynchronous, finish);
    instance.pending = accepted.pending;
    return accepted.answer;
  }
  finish();
  return { status: 201, body: { dashboard_url: context.dashboardUrl(instanceId) } };
}

/** E4: PATCH of a service instance. */
export function update(context: ServiceContext, request: ServiceRequest): OrdinaryAnswer {
  const { body, instanceId } = request;
  const instance = context.state.instances.get(instanceId);
  if (instance === undefined) return refuse(404, 'There is no such instance.');
  const problem = updateProblem(context, request, instance);
  if (problem !== undefined) return problem;
  if (instance.pending !== undefined) return concurrencyError;
  const finish = (): void => {
    instance.planId = text(body['plan_id']) === '' ? instance.planId : text(body['plan_id']);
    instance.parameters = body['parameters'] ?? instance.parameters;
    instance.context = body['context'] ?? instance.context;
    instance.maintenanceVersion = maintenanceVersion(body) ?? instance.maintenanceVersion;
    // A maintenance version is one of its plan.
    const before =
      'plan_id' in body ? { ...instance.document, maintenance_info: undefined } : instance.document;
    const { plan_id, parameters, maintenance_info } = { ...before, ...body };
    instance.document = { ...instance.document, plan_id, parameters, maintenance_info };
  };
  if (request.asynchronous !== undefined) {
    const accepted = accept('update', instance.planId, request.asynchronous, finish);
    instance.pending = accepted.pending;
    return accepted.answer;
  }
  finish();
  return { status: 200, body: {} };
}

/** E5: DELETE of a service instance. */
export function deprovision(context: ServiceContext, request: ServiceRequest): OrdinaryAnswer {
  const { query, instanceId } = request;
  if (text(query['service_id']) === '' || text(query['plan_id']) === '') {
    return refuse(400, 'service_id and plan_id are required.');
  }
  if (query['accepts_incomplete'] !== 'true')
    context.violation('P12: deprovision without accepts_incomplete');
  const refused = asyncRefused(request);
  if (refused !== undefined) return refused;
  const instance = context.state.instances.get(instanceId);
  if (instance === undefined) return { status: 410, body: {} };
  if (instance.pending?.of === 'deprovision') return stillPending(instance.pending);
  if (instance.pending !== undefined && instance.pending.behaviour.interruptible !== true)
    return concurrencyError;
  if (context.state.bindingsOf(instanceId).length > 0) {
    context.violation(`P55: instance ${instanceId} deleted before its bindings`);
    return refuse(400, 'There are bindings of this instance.');
  }
  const finish = (): void => context.state.removeInstance(instanceId);
  if (request.asynchronous !== undefined) {
    const accepted = accept('deprovision', instance.planId, request.asynchronous, finish);
    instance.pending = accepted.pending;
    return accepted.answer;
  }
  finish();
  return { status: 200, body: {} };
}

/** E3: GET of a service instance. */
export function getInstance(context: ServiceContext, request: ServiceRequest): OrdinaryAnswer {
  const instance = context.state.instances.get(request.instanceId);
  if (instance === undefined) return refuse(404, 'There is no such instance.');
  const found = findPlan(context.catalog(), instance.serviceId, instance.planId);
  if (found?.service.instances_retrievable !== true) {
    context.violation('P35: instance fetched although the service is not instances_retrievable');
    return refuse(404, 'Instances of this service can not be fetched.');
  }
  if (instance.pending?.of === 'update') return concurrencyError;
  if (!instance.ready) return refuse(404, 'The instance is not ready yet.');
  const version = instance.maintenanceVersion;
  return {
    status: 200,
    body: {
      service_id: instance.serviceId,
      plan_id: instance.planId,
      dashboard_url: context.dashboardUrl(instance.id),
      parameters: instance.parameters,
      ...(version === undefined ? {} : { maintenance_info: { version } }),
    },
  };
}

function fingerprint(document: Readonly<Record<string, unknown>>): string {
  return canonicalJson({ ...document, context: undefined });
}

function newInstance(id: string, body: Readonly<Record<string, unknown>>): LiveInstance {
  return {
    id,
    serviceId: text(body['service_id']),
    planId: text(body['plan_id']),
    parameters: body['parameters'],
    context: body['context'],
    maintenanceVersion: maintenanceVersion(body),
    document: body,
    pending: undefined,
    ready: false,
  };
}

function provisionProblem(context: ServiceContext, request: ServiceRequest): OrdinaryAnswer | undefined {
  const { body } = request;
  for (const field of ['service_id', 'plan_id', 'organization_guid', 'space_guid']) {
    if (text(body[field]) === '') return refuse(400, `${field} is required.`);
  }
  const plan = findPlan(context.catalog(), text(body['service_id']), text(body['plan_id']))?.plan;
  if (plan === undefined) {
    context.violation('P44: provision with a plan that is not in the catalog');
    return refuse(400, 'There is no such plan.');
  }
  if (request.query['accepts_incomplete'] !== 'true')
    context.violation('P12: provision without accepts_incomplete');
  return maintenanceProblem(context, body, plan.maintenance_info?.version) ?? asyncRefused(request);
}

function updateProblem(
  context: ServiceContext,
  request: ServiceRequest,
  instance: LiveInstance,
): OrdinaryAnswer | undefined {
  const { body } = request;
  const wantedPlan = text(body['plan_id']) === '' ? instance.planId : text(body['plan_id']);
  if (text(body['service_id']) !== instance.serviceId)
    return refuse(400, "service_id is not the instance's.");
  const current = findPlan(context.catalog(), instance.serviceId, instance.planId);
  const next = findPlan(context.catalog(), instance.serviceId, wantedPlan)?.plan;
  if (next === undefined) return refuse(400, 'There is no such plan.');
  if (request.query['accepts_incomplete'] !== 'true')
    context.violation('P12: update without accepts_incomplete');
  noteMinimalPatch(context, body, instance);
  const updateable = current?.plan.plan_updateable ?? current?.service.plan_updateable ?? false;
  if (wantedPlan !== instance.planId && !updateable) {
    context.violation('P47: plan change although the current plan is not updateable');
    return refuse(422, 'This plan can not be changed.');
  }
  const onlyContext = body['context'] !== undefined && Object.keys(body).every((key) => isContextField(key));
  if (onlyContext && current?.service.allow_context_updates !== true) {
    context.violation('P50: context update although the service does not allow it');
  }
  return maintenanceProblem(context, body, next.maintenance_info?.version) ?? asyncRefused(request);
}

function isContextField(key: string): boolean {
  return key === 'context' || key === 'service_id' || key === 'previous_values';
}

function noteMinimalPatch(
  context: ServiceContext,
  body: Readonly<Record<string, unknown>>,
  instance: LiveInstance,
): void {
  const previous = isObject(body['previous_values']) ? body['previous_values'] : {};
  // A request whose answer was lost is sent again: the sender does not know that the plan has changed.
  const { plan_id: plan } = body;
  if (plan === instance.planId && plan === (previous['plan_id'] ?? plan))
    context.violation('P49: plan_id sent although the plan does not change');
  const foreign = Object.keys(previous).filter((key) => key !== 'plan_id' && key !== 'maintenance_info');
  if (foreign.length > 0) context.violation(`P57: previous_values holds ${foreign.join(', ')}`);
}

function maintenanceProblem(
  context: ServiceContext,
  body: Readonly<Record<string, unknown>>,
  wanted: string | undefined,
): OrdinaryAnswer | undefined {
  if (body['maintenance_info'] === undefined) return undefined;
  if (wanted === undefined) context.violation('P46: maintenance_info sent although the plan has none');
  if (maintenanceVersion(body) === wanted) return undefined;
  return refuse(422, "The maintenance version is not the plan's.", 'MaintenanceInfoConflict');
}

function maintenanceVersion(body: Readonly<Record<string, unknown>>): string | undefined {
  const info = body['maintenance_info'];
  return isObject(info) && typeof info['version'] === 'string' ? info['version'] : undefined;
}
