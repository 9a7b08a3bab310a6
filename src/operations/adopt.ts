import { finalizer, idMadeAnnotation } from '../api/group.ts';
import { labelCorrections } from '../api/labels.ts';
import { copyLazily } from '../base/lazy-json.ts';
import { goOn, type Step } from '../control/steps.ts';
import { isMadeFor } from '../model/given-id.ts';
import { idMarkOf, idOfAdopted, idOfBefore, idOfPerson, writeIdMark } from '../model/id-mark.ts';
import { adoptionOf } from './adoption.ts';
import type { OperationTask } from './kind.ts';
import type { BrokeredObject } from './operation-status.ts';

type Fields = Readonly<Record<string, unknown>>;

interface Missing {
  readonly metadata: Fields;
  readonly spec?: Fields;
}

/**
 * Completes what the admission webhook could not know, or did not see: finalizer, ids, query labels, and what the kind
 * adds. Usually the CREATE has it all and nothing is written.
 * @param refs what else the spec has to name, such as the resolved class and plan
 */
export async function adopt<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  refs: object = {},
): Promise<O> {
  const missing = missingFrom(task, object, refs, await task.clusterId.mark(task.signal));
  return missing === undefined ? object : complete(task, object, missing);
}

/** What the broker has must not be forgotten, whatever the spec says by now. */
export async function keepHold<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
): Promise<Step<O>> {
  return goOn(task.kind.isOurs(object) ? await adopt(task, object) : object);
}

/** Query labels that somebody took away, or changed. */
export async function repairLabels<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
): Promise<Step<O>> {
  const labels = labelCorrections(task.kind.resource.kind, object.spec, object.metadata.labels);
  return goOn(labels === undefined ? object : await complete(task, object, { metadata: { labels } }));
}

async function complete<O extends BrokeredObject>(
  { kind, client, stores, signal }: OperationTask<O>,
  { metadata: { name, namespace = '', resourceVersion } }: O,
  { metadata, spec }: Missing,
): Promise<O> {
  const patch = { metadata: { ...metadata, resourceVersion }, ...(spec === undefined ? {} : { spec }) };
  const saved = await client.patch<O>(kind.resource, { namespace, name }, patch, { type: 'merge', signal });
  kind.storeOf(stores).put(saved);
  return saved;
}

function missingFrom<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  refs: object,
  cluster: string,
): Missing | undefined {
  const metadata = missingMetadata(task, object, refs, cluster);
  const spec = missingSpec(task, object, refs);
  if (Object.keys(spec).length > 0) return { metadata, spec };
  return Object.keys(metadata).length > 0 ? { metadata } : undefined;
}

function missingSpec<O extends BrokeredObject>(
  { kind, newId }: OperationTask<O>,
  object: O,
  refs: object,
): Fields {
  const spec: Fields = object.spec;
  // Under another id what is there already would be lost.
  const wanted = { externalID: kind.idOf(object) || newId(), ...kind.defaultsOf?.(object), ...refs };
  return Object.fromEntries(Object.entries(wanted).filter(([field]) => !spec[field]));
}

function missingMetadata<O extends BrokeredObject>(
  { kind }: OperationTask<O>,
  object: O,
  refs: object,
  cluster: string,
): Fields {
  const { metadata, spec } = object;
  const { finalizers = [] } = metadata;
  const isHeld = finalizers.includes(finalizer) || isAbandoned(kind.mayBeAtBroker(object), object);
  const labels = labelCorrections(kind.resource.kind, copyLazily(spec, refs), metadata.labels);
  const mark = missingMark(kind, object, cluster);
  return {
    ...(isHeld ? {} : { finalizers: [...finalizers, finalizer] }),
    ...(labels === undefined ? {} : { labels }),
    ...(mark === undefined ? {} : { annotations: { [idMadeAnnotation]: mark } }),
  };
}

/**
 * As the webhook marks it, which may not know the cluster, or not have been there: whose the id was first. What this cluster has
 * at a broker is its own from then on, wherever it came from.
 */
function missingMark<O extends BrokeredObject>(
  kind: OperationTask<O>['kind'],
  object: O,
  cluster: string,
): string | undefined {
  const { metadata, spec } = object;
  const mark = idMarkOf(object);
  const isNew = !spec.externalID && !kind.idOf(object);
  if (isNew) return writeIdMark({ what: metadata.uid ?? '', cluster });
  const isUsed = kind.mayBeAtBroker(object);
  const what = originOf(object, isUsed);
  if (!isUsed && mark?.cluster !== undefined) return undefined;
  const isSaid = mark?.cluster === cluster && (what !== idOfAdopted || mark.what === what);
  return isSaid ? undefined : writeIdMark({ what, cluster });
}

function originOf(object: BrokeredObject, isUsed: boolean): string {
  if (isUsed && adoptionOf(object).kind === 'yes') return idOfAdopted;
  if (isMadeFor(object)) return object.metadata.uid ?? '';
  const { what = idOfPerson } = idMarkOf(object) ?? {};
  return what === idOfPerson ? idOfPerson : idOfBefore;
}

/**
 * Somebody took the finalizer away and changed nothing else: the object is to go without a word to the broker, and
 * waits for its deletion. A spec that changed since is a wish again.
 */
function isAbandoned(mayBeAtBroker: boolean, { metadata, status }: BrokeredObject): boolean {
  return mayBeAtBroker && status?.observedGeneration === metadata.generation;
}
