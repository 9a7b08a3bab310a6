import { purgeAnnotation, purgeAskedByAnnotation } from '../api/group.ts';
import { goOn, stop, type Step } from '../control/steps.ts';
import { abandonedWith } from '../model/abandoned.ts';
import type { OperationTask, Telling } from './kind.ts';
import type { BrokeredObject } from './operation-status.ts';
import { isDeletionSent } from './protection.ts';
import { record, release, tell } from './record.ts';

/**
 * `purge: "true"`: the object goes without a word to its broker, whatever is under way there. Admission has looked whether who
 * asked may do that, and written down who it was; without that name nobody has looked.
 */
export async function purge<O extends BrokeredObject>(task: OperationTask<O>, object: O): Promise<Step<O>> {
  const { annotations = {} } = object.metadata;
  const word = annotations[purgeAnnotation];
  if (word === undefined) return goOn(object);
  // What the broker has under this id is another object's.
  if (task.ids.holderOf(task.kind, object) !== undefined) return goOn(object);
  const by = annotations[purgeAskedByAnnotation] ?? '';
  if (word !== 'true') return wait(task, object, unclear(word));
  if (by === '') return wait(task, object, unchecked);
  const prepared = (await task.kind.beforePurge?.(task, object, by)) ?? goOn(object);
  return prepared.kind === 'stop' ? prepared : letGo(task, prepared.object, by);
}

/** A DELETE would take what whoever asked may have wanted to leave there. */
async function wait<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  told: Telling,
): Promise<Step<O>> {
  if (isDeletionSent(task, object)) {
    tell(task, object, 'Warning', told);
    return goOn(object);
  }
  await record(task, object, { kind: 'deleting', ...told, isRefused: true });
  return stop;
}

const unchecked: Telling = {
  reason: 'PurgeUnchecked',
  message:
    `${purgeAnnotation} is "true", and nobody has looked whether who wrote that may do so: the webhook was not asked. Nothing is ` +
    'done. Take the annotation away, and it is deleted at the broker; or take it away and write it again, once the webhook is there.',
};

/** A policy refuses such a word; it was written while that was not there. */
function unclear(word: string): Telling {
  const message =
    `${purgeAnnotation} is ${JSON.stringify(word)}, which means nothing, and nothing is done. Take the annotation away, and it is ` +
    'deleted at the broker; or write "true", and it goes without a word to its broker.';
  return { reason: 'PurgeUnclear', message };
}

async function letGo<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  by: string,
): Promise<Step<O>> {
  const { events, logger, observePurge } = task;
  const { kind } = task.kind.resource;
  const { namespace = '', name } = object.metadata;
  const what = abandonedWith(object);
  const message = `Let go without a word to its broker, as ${JSON.stringify(by)} has asked. What it has stays there: ${what}`;
  const released = await release(task, object, { reason: 'Purged', message }, 'Warning');
  logger.warn({ kind, namespace, name, by, left: what }, 'let go without a word to its broker');
  // Events about a namespace are in another one: they can be written, and are there, when the namespace goes.
  const told = `${kind} "${name}": ${message}`;
  events.record(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    'Warning',
    'Purged',
    told,
  );
  observePurge?.(kind);
  return released;
}
