import { purgeAnnotation, purgeAskedByAnnotation } from '../api/group.ts';
import { goOn, stop, type Step } from '../control/steps.ts';
import { abandonedWith } from '../model/abandoned.ts';
import type { OperationTask } from './kind.ts';
import type { BrokeredObject } from './operation-status.ts';
import { isDeletionSent } from './protection.ts';
import { record, release, tell } from './record.ts';

/**
 * `purge: "true"`: the object goes without a word to its broker, whatever is under way there. Admission has looked whether who
 * asked may do that, and written down who it was; without that name nobody has looked.
 */
export async function purge<O extends BrokeredObject>(task: OperationTask<O>, object: O): Promise<Step<O>> {
  const { annotations = {} } = object.metadata;
  if (annotations[purgeAnnotation] !== 'true') return goOn(object);
  // What the broker has under this id is another object's.
  if (task.ids.holderOf(task.kind, object) !== undefined) return goOn(object);
  const by = annotations[purgeAskedByAnnotation] ?? '';
  if (by === '') return wait(task, object);
  const prepared = (await task.kind.beforePurge?.(task, object, by)) ?? goOn(object);
  return prepared.kind === 'stop' ? prepared : letGo(task, prepared.object, by);
}

/** A DELETE would take what whoever asked may have wanted to leave there. */
async function wait<O extends BrokeredObject>(task: OperationTask<O>, object: O): Promise<Step<O>> {
  const message =
    `${purgeAnnotation} is "true", and nobody has looked whether who wrote that may do so: the webhook was not asked. Nothing is ` +
    'done. Take the annotation away, and it is deleted at the broker; or take it away and write it again, once the webhook is there.';
  const told = { reason: 'PurgeUnchecked', message };
  if (isDeletionSent(task, object)) {
    tell(task, object, 'Warning', told);
    return goOn(object);
  }
  await record(task, object, { kind: 'deleting', ...told, isRefused: true });
  return stop;
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
