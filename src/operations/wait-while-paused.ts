import { findCondition, removeCondition, setCondition } from '../api/conditions.ts';
import type { Condition } from '../api/generated/shared-types.ts';
import { pausedAnnotation } from '../api/group.ts';
import { timestamp } from '../control/attempts.ts';
import { goOn, stop, type Step } from '../control/steps.ts';
import { isPaused } from '../model/paused.ts';
import type { OperationTask, Telling } from './kind.ts';
import { isDeletion, type BrokeredObject } from './operation-status.ts';
import { putStatus, record, tell } from './record.ts';

const type = 'Paused';
const resumed: Telling = { reason: 'Resumed', message: 'It is not paused any more, and goes on' };

/**
 * Nothing is sent to the broker, not even a question, and nothing written but that it is so. What is under way at the broker
 * goes on there; its deadline moves by the length of the pause.
 */
export async function waitWhilePaused<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
): Promise<Step<O>> {
  const known = findCondition(object.status?.conditions, type);
  if (!isPaused(object)) return goOn(known === undefined ? object : await resume(task, object, known));
  const telling = tellingOf(task, object);
  const paused = await say(task, object, telling);
  if (known?.reason !== telling.reason) tell(task, paused, 'Normal', telling);
  if (object.metadata.deletionTimestamp !== undefined) await recordWait(task, paused, telling);
  return stop;
}

async function say<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  telling: Telling,
): Promise<O> {
  const { status = {}, metadata } = object;
  const statement = {
    type,
    status: 'True',
    ...telling,
    observedGeneration: metadata.generation ?? 0,
  } as const;
  const conditions = setCondition(status.conditions, statement, timestamp(task.clock.now()));
  return conditions === status.conditions ? object : putStatus(task, object, { ...status, conditions });
}

/** What is being deleted is not ready, whatever it waits for. Attempts of its making say nothing of that. */
async function recordWait<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  telling: Telling,
): Promise<void> {
  const isCounted = object.status?.observedGeneration === object.metadata.generation;
  const changes = isCounted ? {} : { attempts: undefined, nextAttemptTime: undefined };
  await record(task, object, { kind: 'deleting', ...telling }, changes);
}

async function resume<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  { lastTransitionTime }: Condition,
): Promise<O> {
  const { status = {} } = object;
  const { conditions = [], operationDeadline, ...others } = status;
  const pausedMs = Math.max(0, task.clock.now() - Date.parse(lastTransitionTime)) || 0;
  const going = await putStatus(task, object, {
    ...others,
    conditions: removeCondition(conditions, type),
    ...(operationDeadline ? { operationDeadline: later(operationDeadline, pausedMs) } : {}),
  });
  tell(task, going, 'Normal', resumed);
  return going;
}

/** RFC 3339; what is no time stays as it is. */
function later(time: string, ms: number): string {
  const at = Date.parse(time);
  return Number.isNaN(at) ? time : timestamp(at + ms);
}

function tellingOf<O extends BrokeredObject>({ kind }: OperationTask<O>, object: O): Telling {
  const { annotations, namespace, name, deletionTimestamp } = object.metadata;
  const word = annotations?.[pausedAnnotation];
  const noun = `${kind.resource.kind.toLowerCase()}.${kind.resource.group}`;
  const command = `kubectl annotate ${noun} ${name} -n ${namespace} ${pausedAnnotation}-`;
  const sentences = [
    word === 'true'
      ? `It is paused by its annotation ${pausedAnnotation}: nothing is sent to its broker, and nothing changed of it`
      : `${pausedAnnotation} is ${JSON.stringify(word)}, which is neither "true" nor "false": it is paused meanwhile`,
    ...(object.status?.asyncOpInProgress === true ? [underWay(object, kind.deletion.operation)] : []),
    ...(deletionTimestamp === undefined ? [] : ['Its deletion waits']),
    `To go on: ${command}`,
  ];
  return { reason: word === 'true' ? 'Paused' : 'PausedUnclear', message: sentences.join('. ') };
}

function underWay(object: BrokeredObject, deletion: string): string {
  const what = isDeletion(object, deletion) ? 'deleting' : 'making or changing';
  return `The broker may go on ${what} what it was asked for; how that ends is seen later`;
}
