import type { ServiceBinding } from '../../api/generated/service-binding.ts';
import type { ServiceInstance } from '../../api/generated/service-instance.ts';
import { idMadeAnnotation, idsAnnotation } from '../../api/group.ts';
import { inParallel } from '../../base/in-parallel.ts';
import { isApiError, isConflict, isNotFound } from '../../kube/errors.ts';
import { daemonSets, deployments, statefulSets, type Resource } from '../../kube/resources.ts';
import { idOfBefore, writeIdMark } from '../../model/id-mark.ts';
import { scoped } from '../../model/stores.ts';
import { maxRecordLength } from '../recorded-ids.ts';
import type { Wish } from '../wishes.ts';
import type { Workload } from '../workload.ts';
import type { Making } from './making.ts';
import type { Wanted } from './wanted-services.ts';

/** What the controller may write to; what makes itself Pods has no such record. */
const recording = [deployments, statefulSets, daemonSets];
const timeoutMs = 15_000;
const writesAtOnce = 8;
/** Sharers have the same on record, unless somebody has written something else. */
const maxAskedRecords = 4;

/**
 * The id of what is to be made, where it was there before: a workload that comes back from a backup brings it along, whether the
 * objects come before it, after it or not at all. On a workload that is still the one it was written on it says nothing: what
 * is gone then was deleted. Neither does it in another cluster, to which somebody has copied the workload: the service there is
 * in use.
 */
export function idFromBefore({ cluster }: Making, { name, asks }: Wanted): string | undefined {
  for (const { workload } of asks) {
    const known = workload.ids?.of.get(name);
    if (known?.cluster === cluster && known.uid !== workload.metadata.uid) return known.id;
  }
  return undefined;
}

/**
 * The service of before, where its object was deleted while its workload lived, and it was retained (`deletion-policy`): what
 * is asked for now is another one, and somebody has to know.
 */
export async function retainedBefore(
  { retained, namespace, signal }: Making,
  { name, asks }: Wanted,
): Promise<string | undefined> {
  const ids = new Set(
    asks.flatMap(({ workload }) => idOnRecord(workload, name, workload.metadata.uid) ?? []),
  );
  for (const id of [...ids].slice(0, maxAskedRecords)) {
    if ((await retained.namespaceOf(id, signal)) !== namespace) continue;
    return (
      `ServiceInstance "${name}" is new and empty. The service of before was retained under the id "${id}" and may be at its ` +
      'broker with its data: to use it again, end this workload, delete the new ServiceInstance, and make it anew with that ' +
      'spec.externalID and its mark (docs/operations.md, Keep a service beyond its namespace)'
    );
  }
  return undefined;
}

/** What a workload from another cluster is told, be it a copy or a backup of a cluster that was lost. */
export function recordOfAnotherCluster({ cluster }: Making, { name, asks }: Wanted): string | undefined {
  const isForeign = asks.some(({ workload }) => {
    const known = workload.ids?.of.get(name);
    return known !== undefined && known.cluster !== cluster;
  });
  if (!isForeign) return undefined;
  return (
    `ServiceInstance "${name}" is new and empty. The service on record in this workload is one of another cluster, where it may be ` +
    'in use. If this cluster takes the place of that one, restore its ConfigMap cluster-info first (docs/operations.md, Restore from a ' +
    'backup)'
  );
}

function idOnRecord(workload: Workload, name: string, uid: string | undefined): string | undefined {
  const known = workload.ids?.of.get(name);
  return known?.uid === uid ? known?.id : undefined;
}

/** An object that is made under that id of this cluster: the broker is asked what it has under it. */
export function withId<O extends ServiceInstance | ServiceBinding>(
  { cluster }: Pick<Making, 'cluster'>,
  object: O,
  id: string | undefined,
): O {
  if (id === undefined) return object;
  const { metadata, spec } = object;
  const annotations = {
    ...metadata.annotations,
    [idMadeAnnotation]: writeIdMark({ what: idOfBefore, cluster }),
  };
  return { ...object, metadata: { ...metadata, annotations }, spec: { ...spec, externalID: id } };
}

/**
 * Writes on workloads which ids their services and logins have, once they are all there and nothing else is under way. Nothing
 * waits for it: what can not be written now is written at the next look.
 * @returns milliseconds until that; undefined when nothing is to be written
 */
export async function recordIds(making: Making, workloads: readonly Workload[]): Promise<number | undefined> {
  const { records, namespace, service } = making;
  const due: DueRecord[] = [];
  for (const workload of workloads) {
    const record = recordOf(making, workload);
    if (record === 'not-yet') records.underWay(namespace);
    else if (record !== 'none') due.push(record);
  }
  const waitMs = due.length === 0 ? 0 : records.waitMs(namespace, service);
  if (waitMs > 0) return waitMs;
  records.forget(service);
  await inParallel(due, writesAtOnce, async (record) => writeRecord(making, record));
  return undefined;
}

interface DueRecord {
  readonly resource: Resource;
  readonly metadata: Workload['metadata'];
  readonly text: string;
}

/** `not-yet`: not all of it is there. What comes from a backup is needed until all is there again. */
function recordOf(making: Making, workload: Workload): DueRecord | 'none' | 'not-yet' {
  const resource = recording.find(({ kind }) => kind === workload.kind);
  if (resource === undefined || workload.admitted.list.length === 0) return 'none';
  const ids = workload.admitted.list.flatMap((wish) => idsOf(making, wish));
  if (ids.some(([, id]) => id === undefined)) return 'not-yet';
  const { metadata } = workload;
  const wanted = new Map(ids);
  if (isRecorded(making, workload, wanted)) return 'none';
  const sorted = [...wanted].toSorted(([one], [other]) => (one < other ? -1 : 1));
  const text = JSON.stringify(
    Object.fromEntries(sorted.map(([of, id]) => [of, `${metadata.uid ?? ''}/${making.cluster}/${id}`])),
  );
  return text.length > maxRecordLength ? 'none' : { resource, metadata, text };
}

async function writeRecord(making: Making, { resource, metadata, text }: DueRecord): Promise<void> {
  const { namespace = '', name, uid = '' } = metadata;
  // Not of one version: the status of a workload changes all the time, and nobody else writes this.
  const patch = { metadata: { uid, annotations: { [idsAnnotation]: text } } };
  const { client, signal, logger } = making;
  try {
    await client.patch(resource, { namespace, name }, patch, { type: 'merge', signal, timeoutMs });
  } catch (error) {
    if (!isApiError(error)) throw error;
    // Another one has its name by now, or none.
    if (isConflict(error) || isNotFound(error)) return;
    const { kind } = resource;
    logger.warn({ kind, namespace, name, error: error.message }, 'ids could not be recorded');
  }
}

function isRecorded(
  { cluster }: Making,
  { ids, metadata: { uid } }: Workload,
  wanted: ReadonlyMap<string, string | undefined>,
): boolean {
  if (ids === undefined || ids.hasMore || ids.of.size !== wanted.size) return false;
  return [...ids.of].every(
    ([name, known]) => known.cluster === cluster && known.uid === uid && known.id === wanted.get(name),
  );
}

function idsOf({ stores, namespace }: Making, wish: Wish): [string, string | undefined][] {
  const login = stores.serviceBindings.store.get(scoped(namespace, wish.login.name));
  const ofLogin = login?.status?.binding === undefined ? undefined : idInUse(login);
  if (wish.request === undefined) return [[wish.login.name, ofLogin]];
  const instance = stores.serviceInstances.store.get(scoped(namespace, wish.request.name));
  const ofInstance = instance?.status?.provisionStatus === 'Provisioned' ? idInUse(instance) : undefined;
  return [
    [wish.login.name, ofLogin],
    [wish.request.name, ofInstance],
  ];
}

function idInUse(object: ServiceInstance | ServiceBinding): string | undefined {
  if (object.metadata.deletionTimestamp !== undefined) return undefined;
  const status: { readonly instanceID?: string; readonly bindingID?: string } = object.status ?? {};
  return status.instanceID ?? status.bindingID ?? object.spec.externalID;
}
