import { describeBroker, type BrokerRef } from '../brokers/broker-ref.ts';
import { goOn, stopFor, type Step } from '../control/steps.ts';
import type { Verdict } from '../control/verdict.ts';
import { objectKey } from '../kube/objects.ts';
import type { BrokeredKind } from './brokered-kind.ts';
import { isMitigating, type BrokeredObject } from './operation-status.ts';
import type { OperationTask } from './operation-task.ts';

/**
 * Nobody is told of a shorter wait, nor of one in a line that moves: it would cost a write for each of a hundred objects that
 * are made at once.
 */
const told = { stillMs: 5_000, waitedMs: 60_000 } as const;
/** It is woken when there is a lane; this is for what nobody has thought of. */
const lookAgainMs = 60_000;

/** The lane of an object, to be left when the run is over. */
export function laneIdOf(noun: string, key: string): string {
  return `${noun} ${key}`;
}

/**
 * A lane of the broker that the run may speak to, before anything is prepared or written for it; without one the run ends
 * here. Undefined: it will speak to none.
 */
export async function waitForLane<O extends BrokeredObject, D extends string>(
  task: OperationTask,
  kind: BrokeredKind<O, D>,
  object: O,
  broker: BrokerRef | undefined,
): Promise<Step<O>> {
  if (broker === undefined) return goOn(object);
  const wait = task.connections.lanes.enter(broker, {
    id: laneIdOf(kind.noun, objectKey(object)),
    namespace: object.metadata.namespace ?? '',
    wake: () => task.turn.again(),
  });
  if (wait === undefined) return goOn(object);
  const untoldMs = Math.min(told.stillMs - wait.stillMs, told.waitedMs - wait.waitedMs);
  if (untoldMs > 0) return stopFor(untoldMs);
  await tell(kind, object, broker);
  return stopFor(lookAgainMs);
}

/** What is recorded of earlier attempts stays, unless they were made for another spec. */
async function tell<O extends BrokeredObject, D extends string>(
  kind: BrokeredKind<O, D>,
  object: O,
  broker: BrokerRef,
): Promise<void> {
  const { metadata, status = {} } = object;
  const isDeleting = metadata.deletionTimestamp !== undefined;
  // The conditions say already that the broker is at work, or what is cleaned up, or that all is well.
  const isSettled = status.reconciledGeneration === metadata.generation;
  if (isMitigating(object) || ((status.asyncOpInProgress === true || isSettled) && !isDeleting)) return;
  const reason = 'WaitingForBroker';
  const message = `${describeBroker(broker)} has as many requests under way as it may; this one waits for its turn`;
  const usable = Boolean(status.externalProperties);
  const verdict: Verdict = isDeleting
    ? { kind: 'deleting', reason, message }
    : { kind: 'working', reason, message, usable };
  const isCounted = status.observedGeneration === metadata.generation;
  const changes = isCounted ? {} : { attempts: undefined, nextAttemptTime: undefined };
  await kind.save(object, verdict, changes, 'resourceVersion');
}
