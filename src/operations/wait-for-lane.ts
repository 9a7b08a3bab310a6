import { describeBroker, type BrokerRef } from '../brokers/broker-ref.ts';
import { goOn, stopFor, type Step } from '../control/steps.ts';
import type { Verdict } from '../model/verdict.ts';
import { objectKey } from '../kube/objects.ts';
import type { BrokerConnections } from '../brokers/broker-connections.ts';
import type { Kind, OperationTask } from './kind.ts';
import { isMitigating, type BrokeredObject } from './operation-status.ts';
import { record } from './record.ts';

/**
 * Nobody is told of a shorter wait, nor of one in a line that moves: it would cost a write for each of a hundred objects that
 * are made at once.
 */
const told = { stillMs: 5_000, waitedMs: 60_000 } as const;
/** It is woken when there is a lane; this is for what nobody has thought of. */
const lookAgainMs = 60_000;

/** A lane of the broker that the run may speak to, before anything is prepared or written for it; else the run ends here. */
export async function waitForLane<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
): Promise<Step<O>> {
  const { kind, stores, connections, turn } = task;
  const broker = kind.brokerOf(object, stores);
  if (broker === undefined) return goOn(object);
  const wait = connections.lanes.enter(broker, {
    id: laneIdOf(kind, objectKey(object)),
    namespace: object.metadata.namespace ?? '',
    wake: () => turn.again(),
  });
  if (wait === undefined) return goOn(object);
  const untoldMs = Math.min(told.stillMs - wait.stillMs, told.waitedMs - wait.waitedMs);
  if (untoldMs > 0) return stopFor(untoldMs);
  await tell(task, object, broker);
  return stopFor(lookAgainMs);
}

/** The run is over. */
export function leaveLane<O extends BrokeredObject>(
  { lanes }: Pick<BrokerConnections, 'lanes'>,
  kind: Pick<Kind<O>, 'noun'>,
  key: string,
): void {
  lanes.leave(laneIdOf(kind, key));
}

function laneIdOf<O extends BrokeredObject>({ noun }: Pick<Kind<O>, 'noun'>, key: string): string {
  return `${noun} ${key}`;
}

/** What is recorded of earlier attempts stays, unless they were made for another spec. */
async function tell<O extends BrokeredObject>(
  task: OperationTask<O>,
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
  await record(task, object, verdict, changes);
}
