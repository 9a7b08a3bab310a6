import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { cameBack } from '../model/given-id.ts';
import type { Offering } from '../model/resolve.ts';
import type { Step } from '../control/steps.ts';
import { standingOf } from '../operations/answer-kind.ts';
import type { Standing } from '../operations/answer-rules.ts';
import { attempt, tellUnprepared } from '../operations/attempt.ts';
import { refusedBySchema } from '../operations/check-parameters.ts';
import { bindFailed } from './bind-outcome.ts';
import { bindingIdOf, type BindingTask } from './known-binding.ts';
import { prepareBind } from './prepare-bind.ts';
import { storeCredentials, type WhenMissing } from './store-credentials.ts';

/** PUT …/service_bindings/{id} (OSB, Binding), or its repetition after a crash, and the credentials into a Secret. */
export async function bind(
  task: BindingTask,
  binding: ServiceBinding,
  instance: ServiceInstance,
  offering: Offering,
): Promise<Step<ServiceBinding>> {
  const prepared = await prepareBind(task, binding, instance, offering);
  if (prepared.kind !== 'prepared') return tellUnprepared(task, binding, prepared);
  const { client, broker, request, properties, isReturned } = prepared;
  if (isNew(binding) && !isReturned) {
    const sent = { ...prepared, parameters: request.parameters };
    const refused = await refusedBySchema(task, offering, 'serviceBindingCreateParameterSchema', sent);
    if (refused !== undefined) return tellUnprepared(task, binding, refused);
  }
  return attempt(task, binding, {
    write: 'create',
    operation: 'Bind',
    broker,
    ...(isReturned ? { standing: 'existing' } : {}),
    asksFor: properties,
    inFlight: {
      reason: 'BindingRequestInFlight',
      message: 'Binding request for ServiceBinding in-flight to Broker',
    },
    changes: {
      bindingID: bindingIdOf(binding),
      unbindStatus: 'Required',
      ...(isReturned ? { existedBefore: true } : {}),
    },
    send: async (intended) => client.bind({ ...request, bindingId: bindingIdOf(intended) }, task.signal),
    // Credentials that have arrived may never be handed out again.
    isOnlyAnswer: true,
    done: async (intended, { status, body }, standing) => {
      // 200 is for a binding that was there already: its credentials may have gone to an earlier answer.
      const whenMissing = status === 200 ? missingFrom200(intended, standing) : 'accept';
      return storeCredentials(task, intended, body, offering, whenMissing);
    },
    failed: (_intended, failure, next, standing) => bindFailed(failure, next, standing),
  });
}

/** The broker was never asked for it, nor for one in whose place it comes. */
function isNew(binding: ServiceBinding): boolean {
  return standingOf(binding) === 'first' && (binding.status?.replacedBindings?.length ?? 0) === 0;
}

function missingFrom200(binding: ServiceBinding, standing: Standing): WhenMissing {
  if (standing === 'repeated') return 'retry';
  if (cameBack(binding)) return 'await';
  // Under a given id, after a request of ours whose answer is lost.
  return standing === 'existing' && binding.status?.existedBefore !== true ? 'fail' : 'keep';
}
