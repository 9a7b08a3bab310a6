import { finalizer, requestIdentityAnnotation } from '../api/group.ts';
import { changed, timestamp } from '../control/attempts.ts';
import { removeFinalizer } from '../control/finalizer.ts';
import { writeStatus, type StatusGuard } from '../control/status-writer.ts';
import { stop, type Step } from '../control/steps.ts';
import { statusOf, type Verdict } from '../model/verdict.ts';
import { guarded } from './clean-up-guard.ts';
import type { Changes, Judgement, OperationTask, Telling } from './kind.ts';
import type { BrokeredObject } from './operation-status.ts';

/** Writes the changes together with the conditions of the verdict: one write, none when nothing differs. */
export async function record<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  verdict: Verdict,
  changes: Changes<O> = {},
  guard: StatusGuard = 'resourceVersion',
): Promise<O> {
  const { kind, stores, clock } = task;
  const status = object.status ?? {};
  const now = timestamp(clock.now());
  const decided = changed<object>(status, {
    ...changes,
    ...statusOf(verdict, status, kind.generationOf(object), now),
  });
  const along = kind.alongWith?.({ ...object, status: decided }, stores, now);
  return putStatus(task, object, { ...decided, ...along }, guard);
}

/** The whole status, where no verdict changes. */
export async function putStatus<O extends BrokeredObject>(
  { kind, client, stores, signal }: OperationTask<O>,
  object: O,
  status: object,
  guard: StatusGuard = 'resourceVersion',
): Promise<O> {
  return writeStatus<object, O>(client, kind.resource, object, status, kind.storeOf(stores), signal, guard);
}

/**
 * Records what a broker's answer came to and tells it as an event. Not bound to the resourceVersion: it happened.
 * @param requestIdentity of the request, where that failed
 */
export async function settle<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  judgement: Judgement<O>,
  requestIdentity?: string,
): Promise<O> {
  const { verdict, changes, event } = guarded(task, object, judgement);
  const settled = await record(task, object, verdict, changes, 'uid');
  tell(task, object, event, { ...verdict, requestIdentity });
  return settled;
}

/**
 * The object may go: as a rule the broker has nothing of it. The last thing that is written about it.
 * @param done what is told of it
 */
export async function release<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  done: Telling = task.kind.deletion.done,
  type: 'Normal' | 'Warning' = 'Normal',
): Promise<Step<O>> {
  const { kind, client, stores, signal } = task;
  await kind.discard?.(task, object);
  await removeFinalizer(client, kind.resource, object, finalizer, kind.storeOf(stores), signal);
  tell(task, object, type, done);
  return stop;
}

/** Said aloud, for whoever runs `kubectl describe`. */
export function tell<O extends BrokeredObject>(
  { events, kind: { resource } }: OperationTask<O>,
  object: O,
  type: 'Normal' | 'Warning',
  { reason, message, requestIdentity }: Telling,
): void {
  const { group, version, kind } = resource;
  const annotations =
    requestIdentity === undefined ? undefined : { [requestIdentityAnnotation]: requestIdentity };
  events.record({ ...object, apiVersion: `${group}/${version}`, kind }, type, reason, message, annotations);
}
