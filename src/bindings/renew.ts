import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { generatedLabel, renewAnnotation } from '../api/group.ts';
import type { SecretObject } from '../kube/data-objects.ts';
import { stopFor, type Step } from '../control/steps.ts';
import { attemptsEnded, operationEnded } from '../operations/operation-status.ts';
import { record, tell } from '../operations/record.ts';
import { findBindableInstance } from './bindable-instance.ts';
import { bindingIdOf, type BindingTask } from './known-binding.ts';
import { secretStanding } from './secret-standing.ts';

export type Renewal =
  | { readonly kind: 'renew' }
  /** What a person can do, in whole sentences. */
  | { readonly kind: 'no'; readonly remedy: string };

/** Logins that wait until nobody uses them any more. */
const maxReplaced = 4;

/**
 * Whether a new login may be made in the place of one whose credentials are lost. One that was made for a workload may: it is that
 * workload's alone, which asks for a login and not for this one. Anybody else's is for its owner to say.
 */
export function renewalOf(
  { stores }: Pick<BindingTask, 'stores'>,
  binding: ServiceBinding,
  secret: SecretObject | undefined,
): Renewal {
  const remedy =
    `Put the Secret back as it was, without ownerReferences; or set the annotation ${renewAnnotation} to "when-lost", and a ` +
    'new login is made; or delete this ServiceBinding and create it again.';
  const wish = wishOf(binding);
  if (wish === 'unclear') {
    return {
      kind: 'no',
      remedy: `The annotation ${renewAnnotation} says neither "when-lost" nor "never". ${remedy}`,
    };
  }
  // Whoever brought it back may be right: it is not written over with another login.
  if (wish === 'never' || secretStanding(secret, binding) === 'returned') return { kind: 'no', remedy };
  if ((binding.status?.replacedBindings?.length ?? 0) >= maxReplaced) {
    return {
      kind: 'no',
      remedy: `${maxReplaced} logins before it are still in use, so no other one is made. Restart their Pods.`,
    };
  }
  const found = findBindableInstance(binding, stores);
  return found.kind === 'bindable'
    ? { kind: 'renew' }
    : { kind: 'no', remedy: `No new login can be made now: ${found.verdict.message}.` };
}

function wishOf({ metadata }: ServiceBinding): 'when-lost' | 'never' | 'unclear' {
  const said = metadata.annotations?.[renewAnnotation];
  if (said === undefined) return metadata.labels?.[generatedLabel] === 'true' ? 'when-lost' : 'never';
  return said === 'when-lost' || said === 'never' ? said : 'unclear';
}

/**
 * Another login under a fresh id, made as any is. The old one stays at the broker, and on record: its credentials may be in
 * the memory of what runs.
 */
export async function renew(
  task: BindingTask,
  binding: ServiceBinding,
  why: string,
): Promise<Step<ServiceBinding>> {
  const { status = {} } = binding;
  const message = `${why}. A new login is made; the old one stays until nothing runs that may use it`;
  const replaced = { bindingID: bindingIdOf(binding), properties: status.externalProperties ?? {} };
  const renewing = await record(
    task,
    binding,
    { kind: 'working', reason: 'RenewingBinding', message },
    {
      ...operationEnded,
      ...attemptsEnded,
      replacedBindings: [...(status.replacedBindings ?? []), replaced],
      bindingID: task.newId(),
      externalProperties: undefined,
      reconciledGeneration: undefined,
      unbindStatus: 'NotRequired',
      expiresAt: undefined,
      renewBefore: undefined,
    },
  );
  tell(task, renewing, 'Warning', { reason: 'RenewingBinding', message });
  return stopFor(1);
}
