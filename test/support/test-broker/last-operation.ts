import type { PendingOperation } from './broker-state.ts';
import {
  refuse,
  text,
  type OrdinaryAnswer,
  type ServiceContext,
  type ServiceRequest,
} from './service-context.ts';

interface Pollable {
  readonly ready: boolean;
  readonly serviceId: string;
  pending: PendingOperation | undefined;
  failed?: PendingOperation | undefined;
}

/** E6. */
export function pollInstance(context: ServiceContext, request: ServiceRequest): OrdinaryAnswer {
  return poll(context, request, context.state.instances.get(request.instanceId), request.instanceId);
}

/** E10. */
export function pollBinding(context: ServiceContext, request: ServiceRequest): OrdinaryAnswer {
  const binding = context.state.binding(request.instanceId, request.bindingId);
  return poll(context, request, binding, request.bindingId);
}

function poll(
  context: ServiceContext,
  request: ServiceRequest,
  polled: Pollable | undefined,
  id: string,
): OrdinaryAnswer {
  if (polled === undefined) {
    return context.state.deletedIds.has(id)
      ? { status: 410, body: {} }
      : refuse(404, 'There is no such operation.');
  }
  const { pending } = polled;
  if (pending === undefined && polled.failed !== undefined) return failed(polled.failed);
  if (pending === undefined) return { status: 200, body: { state: polled.ready ? 'succeeded' : 'failed' } };
  const problem = echoProblem(context, request, pending, polled.serviceId);
  if (problem !== undefined) return problem;
  const { behaviour } = pending;
  if (pending.pollsLeft > 0) {
    pending.pollsLeft--;
    const headers =
      behaviour.retryAfter === undefined ? {} : { headers: { 'retry-after': behaviour.retryAfter } };
    return { status: 200, body: { state: 'in progress', description: 'Working on it.' }, ...headers };
  }
  polled.pending = undefined;
  polled.failed = behaviour.result === 'failed' ? pending : undefined;
  if (behaviour.result === 'failed') return failed(pending);
  pending.finish();
  if (behaviour.result === 'gone') return { status: 410, body: {} };
  return { status: 200, body: { state: 'succeeded', description: behaviour.description ?? 'Done.' } };
}

function failed({ behaviour }: PendingOperation): OrdinaryAnswer {
  const { instanceUsable, updateRepeatable } = behaviour;
  return {
    status: 200,
    body: {
      state: 'failed',
      description: behaviour.description ?? 'It did not work.',
      ...(instanceUsable === undefined ? {} : { instance_usable: instanceUsable }),
      ...(updateRepeatable === undefined ? {} : { update_repeatable: updateRepeatable }),
    },
  };
}

function echoProblem(
  context: ServiceContext,
  { query }: ServiceRequest,
  pending: PendingOperation,
  serviceId: string,
): OrdinaryAnswer | undefined {
  if (query['service_id'] !== serviceId) context.violation('P26: poll without the service_id');
  if (query['plan_id'] !== pending.planId) {
    context.violation(`P27: poll of ${pending.of} without the plan_id from before it`);
  }
  if (text(query['operation']) === pending.operation) return undefined;
  context.violation('P25: poll without the operation text');
  return refuse(400, 'The operation is not the one that was given.');
}
