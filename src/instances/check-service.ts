import { findCondition, removeCondition, setCondition } from '../api/conditions.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { timestamp } from '../control/attempts.ts';
import { goOn, stopFor, type Step } from '../control/steps.ts';
import { objectKey } from '../kube/objects.ts';
import { planWithId } from '../model/plan-at-broker.ts';
import { recordedPlan } from '../model/recorded-plan.ts';
import type { Stores } from '../model/stores.ts';
import { brokerText } from '../osb/broker-text.ts';
import type { FetchedInstance } from '../osb/types.ts';
import type { Telling } from '../operations/kind.ts';
import { putStatus, record, tell } from '../operations/record.ts';
import type { SecretChecks } from '../operations/secret-checks.ts';
import { waitForLane } from '../operations/wait-for-lane.ts';
import { isAtRest, isUpdateRequested, type InstanceTask } from './instance-status.ts';
import { classOf, instanceIdOf, knownInstance } from './known-instance.ts';
import { differences, type Differences } from './service-differences.ts';

export interface CheckParts {
  /** Whose turn it is to be asked for. */
  readonly looks: SecretChecks;
  /** When the broker first said that it has nothing, by the stopwatch. */
  readonly missed: Map<string, number>;
  /** So much later it has to say so again, milliseconds. */
  readonly confirmMs: number;
}

const type = 'Drifted';
const gone = 'NotFoundAtBroker';

/**
 * GET /v2/service_instances/{id} in turn (OSB, Fetching a Service Instance): does the broker still have what it was told? What
 * is found is told, and nothing is changed for it: whoever changed a service at its broker had a reason, and what is gone would
 * come back empty.
 */
export async function checkService(
  task: InstanceTask,
  instance: ServiceInstance,
  parts: CheckParts,
): Promise<Step<ServiceInstance>> {
  const key = objectKey(instance);
  if (!parts.looks.take(key) || !isChecked(instance, task.stores)) return goOn(instance);
  // A copy with the status of another: what the broker has under that id is not its own.
  if (task.ids.holderOf(task.kind, instance) !== undefined) return goOn(instance);
  const lane = await waitForLane(task, instance);
  if (lane.kind === 'continue') return look(task, instance, parts);
  parts.looks.hold(key);
  return lane;
}

/** It is made, its broker shows services of its class, and nothing is under way. */
export function isChecked(instance: ServiceInstance, stores: Stores): boolean {
  const { metadata, status } = instance;
  if (metadata.deletionTimestamp !== undefined || !status?.externalProperties) return false;
  return (
    status.provisionStatus === 'Provisioned' &&
    isAtRest(instance) &&
    classOf(instance, stores)?.status?.instancesRetrievable === true
  );
}

/** What was written just now makes another look worth its request: a wish was sent again, or an update has come to nothing. */
export function isToBeChecked(before: ServiceInstance, { status = {} }: ServiceInstance): boolean {
  const { reconciledGeneration, currentOperation } = before.status ?? {};
  const isSentAgain =
    findCondition(status.conditions, type) !== undefined &&
    reconciledGeneration !== status.reconciledGeneration;
  const hasFailed =
    currentOperation === 'Update' &&
    !status.currentOperation &&
    findCondition(status.conditions, 'Stalled') !== undefined;
  return isSentAgain || hasFailed;
}

async function look(
  task: InstanceTask,
  instance: ServiceInstance,
  parts: CheckParts,
): Promise<Step<ServiceInstance>> {
  const { connections, stores, signal, turn } = task;
  const known = knownInstance(instance, stores);
  if (known === undefined) return goOn(instance);
  const connection = await connections.connect(known.broker, signal, turn);
  if (connection.kind === 'unavailable') return goOn(instance);
  const request = { instanceId: instanceIdOf(instance), serviceId: known.serviceId };
  const outcome = await connection.client.getInstance(request, signal);
  if (signal.aborted) return goOn(instance);
  const key = objectKey(instance);
  if (outcome.kind === 'done') {
    parts.missed.delete(key);
    return goOn(await tellFound(task, instance, outcome.body));
  }
  connections.reportFailure(known.broker, outcome);
  return outcome.status === 404 || outcome.status === 410 ? miss(task, instance, parts) : goOn(instance);
}

/** One answer may be that of a router whose broker is away. */
async function miss(
  task: InstanceTask,
  instance: ServiceInstance,
  { looks, missed, confirmMs }: CheckParts,
): Promise<Step<ServiceInstance>> {
  const key = objectKey(instance);
  const nowMs = task.stopwatch.elapsedMs();
  const firstMs = missed.get(key) ?? nowMs;
  missed.set(key, firstMs);
  const leftMs = firstMs + confirmMs - nowMs;
  if (leftMs > 0) {
    looks.hold(key);
    return stopFor(leftMs);
  }
  return goOn(await tellGone(task, await say(task, instance, undefined)));
}

async function tellGone(task: InstanceTask, instance: ServiceInstance): Promise<ServiceInstance> {
  if (isGone(instance)) return instance;
  const message =
    `The broker says that it has nothing under the id "${instanceIdOf(instance)}" any more. Nothing is made anew by itself, as ` +
    'that would be an empty service: have the broker bring it back, which is seen by itself, or delete this object and make it again.';
  const told = await record(task, instance, { kind: 'stalled', reason: gone, message });
  tell(task, told, 'Warning', { reason: gone, message });
  return told;
}

function isGone({ status }: ServiceInstance): boolean {
  return findCondition(status?.conditions, 'Stalled')?.reason === gone;
}

async function tellFound(
  task: InstanceTask,
  instance: ServiceInstance,
  service: FetchedInstance,
): Promise<ServiceInstance> {
  const { externalProperties = {}, inProgressProperties } = instance.status ?? {};
  const found = differences(externalProperties ?? {}, inProgressProperties ?? undefined, service);
  const told = await say(task, instance, tellingOf(task, instance, found));
  if (!isGone(told)) return told;
  const back = { reason: 'FoundAtBroker', message: 'The broker has it again' };
  const ready = await record(task, told, { kind: 'ready', ...back });
  tell(task, ready, 'Normal', back);
  return ready;
}

const shownNames = 5;

function tellingOf(
  { stores }: InstanceTask,
  instance: ServiceInstance,
  { planId, parameters }: Differences,
): Telling | undefined {
  const { metadata, spec, status } = instance;
  if (planId === undefined && parameters.length === 0) return undefined;
  // With an id as long as a broker likes the condition could not be written.
  const nameOf = (id: string): string =>
    `"${planWithId(instance, id, stores)?.spec.externalName ?? brokerText(id) ?? ''}"`;
  const told = recordedPlan(status?.externalProperties) ?? '';
  const more = parameters.length > shownNames ? ` and ${parameters.length - shownNames} more` : '';
  const parts = [
    ...(planId === undefined ? [] : [`plan ${nameOf(planId)} instead of ${nameOf(told)}`]),
    ...(parameters.length === 0
      ? []
      : [`other values of the parameters ${parameters.slice(0, shownNames).join(', ')}${more}`]),
  ];
  const patch = JSON.stringify({ spec: { updateRequests: (spec.updateRequests ?? 0) + 1 } });
  const message =
    `The service at the broker has ${parts.join(' and ')}. Nothing is changed for that. To have it as the spec says: kubectl patch ` +
    `serviceinstance.servicecatalog.k8s.io ${metadata.name} -n ${metadata.namespace} --type merge -p '${patch}'`;
  return { reason: reasonOf(planId !== undefined, parameters.length > 0), message };
}

function reasonOf(plan: boolean, parameters: boolean): string {
  if (plan && parameters) return 'PlanAndParametersDiffer';
  return plan ? 'PlanDiffers' : 'ParametersDiffer';
}

/** What an update has to state though it is on record, as the broker shows something else and somebody asks for it. */
export function driftToMend(instance: ServiceInstance): {
  readonly plan: boolean;
  readonly parameters: boolean;
} {
  const condition = findCondition(instance.status?.conditions, type);
  const reason = condition && isUpdateRequested(instance) ? condition.reason : '';
  return { plan: reason.startsWith('Plan'), parameters: reason.includes('Parameters') };
}

async function say(
  task: InstanceTask,
  instance: ServiceInstance,
  telling: Telling | undefined,
): Promise<ServiceInstance> {
  const { status = {}, metadata } = instance;
  const { conditions: before = [] } = status;
  if (telling === undefined) {
    const conditions = removeCondition(before, type);
    return conditions === before ? instance : putStatus(task, instance, { ...status, conditions });
  }
  const observedGeneration = metadata.generation ?? 0;
  const statement = { type, status: 'True', ...telling, observedGeneration } as const;
  const conditions = setCondition(before, statement, timestamp(task.clock.now()));
  if (conditions === before) return instance;
  const said = await putStatus(task, instance, { ...status, conditions });
  if (findCondition(before, type)?.message !== findCondition(conditions, type)?.message)
    tell(task, said, 'Warning', telling);
  return said;
}
