import { findCondition } from '../api/conditions.ts';
import { adoptAnnotation, idMadeAnnotation } from '../api/group.ts';
import { builtInBrokerName } from '../api/user-provided.ts';
import { stopFor, type Step } from '../control/steps.ts';
import { cameBack, clusterOfBefore } from '../model/given-id.ts';
import { idMarkOf, idOfAdopted } from '../model/id-mark.ts';
import type { Verdict } from '../model/verdict.ts';
import { isAdoptedHere } from './adoption.ts';
import type { OperationTask, Telling } from './kind.ts';
import type { BrokeredObject } from './operation-status.ts';
import { record } from './record.ts';

/** With `--namespaces`. */
const whereUnseen =
  'another cluster, or for an object of before that may be in a namespace which is not served here';
const reason = 'IdOfAnotherCluster';
/** The id of this cluster may be restored meanwhile, of which nobody tells. */
const lookAgainMs = 30_000;

/** It waits for a person, or for the id of the cluster: nothing of its spec has to change. */
export function isIdOfAnotherCluster({ status }: BrokeredObject): boolean {
  return findCondition(status?.conditions, 'Stalled')?.reason === reason;
}

/**
 * An object whose id another cluster had first is a copy, or that cluster was lost. The service may be in use there, and would
 * go when this object is deleted: so nothing is asked for under the id until a person has decided.
 * @returns undefined when it may go on
 */
export async function waitForDecision<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
): Promise<Step<O> | undefined> {
  if ((await otherCluster(task, object)) === undefined) return undefined;
  await record(task, object, undecided(task, object));
  return stopFor(lookAgainMs);
}

/** What is told when such an object goes: no broker was asked for anything. Undefined for any other. */
export async function leftToOtherCluster<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
): Promise<Telling | undefined> {
  const cluster = await otherCluster(task, object);
  if (cluster === undefined) return undefined;
  const where = task.client.namespaces === undefined ? 'another cluster' : whereUnseen;
  const message =
    `Nothing was deleted at a broker: the id "${task.kind.idOf(object)}" was made in ${where} (mark ${cluster}), and what is ` +
    'there under it stays';
  return { reason, message };
}

async function otherCluster<O extends BrokeredObject>(
  { kind, client, stores, clusterId, signal }: OperationTask<O>,
  object: O,
): Promise<string | undefined> {
  if (kind.mayBeAtBroker(object) || isAdoptedHere(object, false)) return undefined;
  // Without a mark of some cluster there is nothing to compare.
  if (clusterOfBefore(object, '') === undefined) return undefined;
  // There is nothing in a user-provided service but what its spec says.
  if (kind.brokerOf(object, stores)?.name === builtInBrokerName) return undefined;
  if (kind.isDecidedWith?.(object, stores) === true) return undefined;
  // Who sees some namespaces alone can not know whether an object elsewhere in this cluster has it.
  if (client.namespaces !== undefined && cameBack(object)) return clusterOfBefore(object, '');
  return clusterOfBefore(object, await clusterId.mark(signal));
}

function undecided<O extends BrokeredObject>({ kind, client }: OperationTask<O>, object: O): Verdict {
  const { name, namespace = '' } = object.metadata;
  const resource = `${kind.resource.plural}.${kind.resource.group}`;
  // What was said to the other cluster is said to this one by taking its mark away.
  const forget = idMarkOf(object)?.what === idOfAdopted ? ` ${idMadeAnnotation}- --overwrite` : '';
  const where = client.namespaces === undefined ? 'another cluster' : whereUnseen;
  const message =
    `The id "${kind.idOf(object)}" was made in ${where}, where what the broker has under it may be in use: nothing is asked ` +
    'for under it, and nothing is deleted there with this object. If that cluster is gone, or has let it go ' +
    `(deletion-policy: retain), take it up: kubectl annotate ${resource} -n ${namespace} ${name} ${adoptAnnotation}=true${forget}. ` +
    'If this cluster takes the place of that one in all, restore its ConfigMap cluster-info. To have a new one, delete this object ' +
    'and make it again without externalID.';
  return { kind: 'stalled', reason, message, failedReason: reason };
}
