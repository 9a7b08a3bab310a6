import { canonicalJson, isObject } from '../../../src/base/json.ts';
import type { LiveBinding, LiveInstance } from './broker-state.ts';
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

/** E7: PUT of a binding, also as a rotation of another one. */
export function bind(context: ServiceContext, request: ServiceRequest): OrdinaryAnswer {
  const { body, bindingId, instanceId } = request;
  const instance = context.state.instances.get(instanceId);
  if (instance === undefined) return refuse(404, 'There is no such instance.');
  const problem = bindProblem(context, request, instance);
  if (problem !== undefined) return problem;
  const fingerprint = canonicalJson({ ...body, context: undefined });
  const existing = context.state.binding(instanceId, bindingId);
  if (existing !== undefined) {
    if (existing.fingerprint !== fingerprint) return refuse(409, 'A binding with other attributes exists.');
    if (existing.pending !== undefined) return stillPending(existing.pending);
    if (existing.ready) return { status: 200, body: bindingBody(context, existing) };
  }
  if (context.state.deletedIds.has(bindingId)) context.violation(`P40: binding id ${bindingId} used again`);
  const binding = newBinding(context, request, fingerprint);
  context.state.addBinding(binding);
  const finish = (): void => {
    binding.ready = true;
  };
  if (request.asynchronous !== undefined) {
    const accepted = accept('bind', instance.planId, request.asynchronous, finish);
    binding.pending = accepted.pending;
    return accepted.answer;
  }
  finish();
  return { status: 201, body: bindingBody(context, binding) };
}

/** E8: GET of a binding. */
export function getBinding(context: ServiceContext, request: ServiceRequest): OrdinaryAnswer {
  const binding = context.state.binding(request.instanceId, request.bindingId);
  if (binding === undefined) return refuse(404, 'There is no such binding.');
  const found = findPlan(context.catalog(), binding.serviceId, binding.planId);
  if (found?.service.bindings_retrievable !== true) {
    context.violation('P34: binding fetched although the service is not bindings_retrievable');
    return refuse(404, 'Bindings of this service can not be fetched.');
  }
  if (!binding.ready) return refuse(404, 'The binding is not ready yet.');
  return { status: 200, body: { ...bindingBody(context, binding), parameters: binding.parameters } };
}

/** E9: DELETE of a binding. */
export function unbind(context: ServiceContext, request: ServiceRequest): OrdinaryAnswer {
  const { query, instanceId, bindingId } = request;
  if (text(query['service_id']) === '' || text(query['plan_id']) === '') {
    return refuse(400, 'service_id and plan_id are required.');
  }
  const refused = asyncRefused(request);
  if (refused !== undefined) return refused;
  const binding = context.state.binding(instanceId, bindingId);
  if (binding === undefined) return { status: 410, body: {} };
  if (binding.pending?.of === 'unbind') return stillPending(binding.pending);
  if (binding.pending !== undefined && binding.pending.behaviour.interruptible !== true)
    return concurrencyError;
  const finish = (): void => context.state.removeBinding(binding);
  if (request.asynchronous !== undefined) {
    const accepted = accept('unbind', binding.planId, request.asynchronous, finish);
    binding.pending = accepted.pending;
    return accepted.answer;
  }
  finish();
  return { status: 200, body: {} };
}

function bindingBody(context: ServiceContext, binding: LiveBinding): Readonly<Record<string, unknown>> {
  const hidden = context.credentialsOnce && binding.shown;
  binding.shown = true;
  return hidden ? {} : { credentials: binding.credentials };
}

function newBinding(context: ServiceContext, request: ServiceRequest, fingerprint: string): LiveBinding {
  const { body, instanceId, bindingId } = request;
  const predecessorId = text(body['predecessor_binding_id']);
  const predecessor = context.state.binding(instanceId, predecessorId);
  return {
    id: bindingId,
    instanceId,
    serviceId: text(body['service_id']),
    planId: text(body['plan_id']),
    // Inherited in a rotation.
    parameters: predecessor?.parameters ?? body['parameters'],
    bindResource: predecessor?.bindResource ?? body['bind_resource'],
    credentials: context.credentials(bindingId),
    fingerprint,
    predecessorId: predecessorId === '' ? undefined : predecessorId,
    pending: undefined,
    ready: false,
    shown: false,
  };
}

function bindProblem(
  context: ServiceContext,
  request: ServiceRequest,
  instance: LiveInstance,
): OrdinaryAnswer | undefined {
  const { body } = request;
  for (const field of ['service_id', 'plan_id']) {
    if (text(body[field]) === '') return refuse(400, `${field} is required.`);
  }
  const found = findPlan(context.catalog(), text(body['service_id']), text(body['plan_id']));
  if (found === undefined || found.service.id !== instance.serviceId) {
    context.violation("P44: bind with a plan that is not the instance's or not in the catalog");
    return refuse(400, 'There is no such plan.');
  }
  if (!(found.plan.bindable ?? found.service.bindable ?? false)) {
    context.violation('P61: bind although the plan is not bindable');
    return refuse(400, 'Instances of this plan can not be bound.');
  }
  if (instance.pending !== undefined || !instance.ready) return concurrencyError;
  const resource = body['bind_resource'];
  if (context.requiresApp && !(isObject(resource) && text(resource['app_guid']) !== '')) {
    return refuse(422, 'This service can only be bound to an application.', 'RequiresApp');
  }
  return rotationProblem(context, request, found.plan.binding_rotatable === true) ?? asyncRefused(request);
}

function rotationProblem(
  context: ServiceContext,
  request: ServiceRequest,
  rotatable: boolean,
): OrdinaryAnswer | undefined {
  const predecessorId = text(request.body['predecessor_binding_id']);
  if (predecessorId === '') return undefined;
  if (!rotatable) {
    context.violation('P64: rotation although the plan is not binding_rotatable');
    return refuse(400, 'Bindings of this plan can not be rotated.');
  }
  if (context.state.binding(request.instanceId, predecessorId) !== undefined) return undefined;
  context.violation('P65: rotation of a binding that does not exist');
  return refuse(400, 'There is no such predecessor.');
}
