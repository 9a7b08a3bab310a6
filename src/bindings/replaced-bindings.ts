import { findCondition } from '../api/conditions.ts';
import type { ServiceBinding, ServiceBindingReplaced } from '../api/generated/service-binding.ts';
import { originatingIdentity } from '../brokers/originating-identity.ts';
import { changed } from '../control/attempts.ts';
import { goOn, type Step } from '../control/steps.ts';
import { idKey } from '../model/stores.ts';
import { deleteAgain } from '../operations/delete-at-broker.ts';
import { putStatus, tell } from '../operations/record.ts';
import { knownBinding, type BindingTask } from './known-binding.ts';
import { secretNameOf } from './secret-standing.ts';

/** Whether a container runs that may have read a Secret before a time. @throws when nobody knows */
export type OlderUsers = (
  namespace: string,
  secret: string,
  beforeMs: number,
  signal: AbortSignal,
) => Promise<boolean>;

/** The kubelet brings a changed Secret into volumes within a minute or two, and clocks differ. */
const toleranceMs = 180_000;

/** One login in whose place there is another is unbound, when nothing runs any more that may have read its credentials. */
export async function unbindReplaced(
  task: BindingTask,
  binding: ServiceBinding,
  olderUsers: OlderUsers,
): Promise<Step<ServiceBinding>> {
  const [replaced] = binding.status?.replacedBindings ?? [];
  // Since then the Secret holds the credentials of the new one.
  const since = findCondition(binding.status?.conditions, 'Ready')?.lastTransitionTime ?? '';
  if (replaced === undefined || since === '') return goOn(binding);
  const { namespace = '' } = binding.metadata;
  const beforeMs = Date.parse(since) + toleranceMs;
  if (await olderUsers(namespace, secretNameOf(binding), beforeMs, task.signal)) return goOn(binding);
  const refusal = await unbindOne(task, binding, replaced);
  if (refusal !== undefined) {
    task.logger.info(
      { namespace, name: binding.metadata.name, refusal },
      'a replaced login is unbound later',
    );
    return goOn(binding);
  }
  return goOn(await forget(task, binding, replaced));
}

/** The object goes: what it has replaced goes before it, as surely as the rest. */
export async function unbindReplacedFirst(
  task: BindingTask,
  binding: ServiceBinding,
): Promise<Step<ServiceBinding>> {
  let current = binding;
  for (const replaced of binding.status?.replacedBindings ?? []) {
    const refusal = await unbindOne(task, current, replaced);
    if (task.signal.aborted) return { kind: 'stop' };
    if (refusal !== undefined) return deleteAgain(task, current, refusal);
    current = await forget(task, current, replaced);
  }
  return goOn(current);
}

/** @returns why it may still be there; undefined when it is not, or is another object's */
async function unbindOne(
  task: BindingTask,
  binding: ServiceBinding,
  { bindingID: bindingId, properties }: ServiceBindingReplaced,
): Promise<string | undefined> {
  const others = task.stores.serviceBindings.store.byIndex('id', idKey(bindingId));
  // A copy: whoever has it last unbinds it.
  if (others.some(({ metadata }) => metadata.uid !== binding.metadata.uid)) return undefined;
  const of = { ...binding, status: { externalProperties: properties ?? {} } };
  const known = knownBinding(of, task.stores);
  if (known === undefined) return task.kind.deletion.unknownBroker;
  const connection = await task.connections.connect(known.broker, task.signal, task.turn);
  if (connection.kind === 'unavailable') return connection.message;
  const { instanceId, serviceId, planId, isRetrievable } = known;
  const identity = originatingIdentity(binding.spec.userInfo);
  const request = { instanceId, bindingId, serviceId, planId, acceptsIncomplete: isRetrievable, identity };
  const outcome = await connection.client.unbind(request, task.signal);
  // Asked again, a broker that has done it says 410.
  if (outcome.kind === 'accepted') return 'The broker is unbinding a login of before';
  if (outcome.kind === 'done') return undefined;
  task.connections.reportFailure(known.broker, outcome);
  return `A login of before could not be unbound: ${outcome.message}`;
}

async function forget(
  task: BindingTask,
  binding: ServiceBinding,
  { bindingID }: ServiceBindingReplaced,
): Promise<ServiceBinding> {
  const { status = {} } = binding;
  const left = status.replacedBindings?.filter((one) => one.bindingID !== bindingID) ?? [];
  const replacedBindings = left.length === 0 ? undefined : left;
  const written = await putStatus(task, binding, changed<object>(status, { replacedBindings }), 'uid');
  tell(task, written, 'Normal', {
    reason: 'ReplacedLoginUnbound',
    message: `The login "${bindingID}" of before was unbound: nothing runs any more that may use it`,
  });
  return written;
}
