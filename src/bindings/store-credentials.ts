import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { Offering } from '../control/resolve.ts';
import { nextAttempt } from '../control/attempts.ts';
import { stop, stopFor, type Step } from '../control/steps.ts';
import type { BindingAnswer } from '../osb/types.ts';
import { bindingOrphaned, bound } from './bind-outcome.ts';
import { secretNameOf, settle, type BindingTask } from './binding-task.ts';
import { storeSecret } from './credential-secret.ts';
import { credentialsOf, secretData } from './secret-data.ts';
import { applyTransforms } from './transforms.ts';

/** A few seconds at most, and not cut short by a shutdown: the broker may not hand the credentials out again. */
const storeTimeoutMs = 15_000;

/**
 * Credentials into the Secret first, then the status (OSB, Binding: they may be handed out only once). What can not
 * be stored is unbound again, since nobody could ever use it (OSB, Orphan Mitigation).
 */
export async function storeCredentials(
  task: BindingTask,
  binding: ServiceBinding,
  answer: BindingAnswer,
  offering: Offering,
): Promise<Step<ServiceBinding>> {
  const signal = AbortSignal.timeout(storeTimeoutMs);
  const credentials = applyTransforms(credentialsOf(answer.credentials), binding.spec.secretTransforms ?? []);
  const content = secretData(credentials, {
    type: offering.class.spec.externalName,
    provider:
      'clusterServiceBrokerName' in offering.class.spec
        ? offering.class.spec.clusterServiceBrokerName
        : offering.class.spec.serviceBrokerName,
  });
  const settling: BindingTask = { ...task, signal };
  if (content.kind === 'refused') {
    const message = `The credentials can not be stored: ${content.message}`;
    const attempts = binding.status?.attempts;
    await settle(settling, binding, bindingOrphaned('ErrorInjectingBindResult', message, attempts, 'fail'));
    return stopFor(1);
  }

  const stored = await storeSecret(task.client, binding, content, signal);
  if (stored.kind === 'foreign') {
    const { attempts } = nextAttempt(
      binding.status ?? {},
      binding.metadata.generation,
      task.settings.retry,
      task.clock,
    );
    await settle(
      settling,
      binding,
      bindingOrphaned('ErrorInjectingBindResult', stored.message, attempts, 'retry'),
    );
    return stopFor(1);
  }
  const properties = binding.status?.inProgressProperties;
  const generation = binding.status?.observedGeneration;
  await settle(settling, binding, bound(properties, secretNameOf(binding), answer.metadata, generation));
  return stop;
}
