import type { SkippedCatalogItem } from '../api/generated/shared-types.ts';
import { errorMessage } from '../base/logger.ts';
import { writeStatus } from '../control/status-writer.ts';
import type { Store } from '../control/store.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists, isApiError, isConflict, isNotFound } from '../kube/errors.ts';
import { objectKey } from '../kube/objects.ts';
import type { Resource } from '../kube/resources.ts';
import { changeOf, conflictWith, type CatalogDiff, type Change, type DiffContext } from './diff.ts';
import { inParallel } from '../base/in-parallel.ts';
import { offeredStatus, removedStatus, type ItemStatus } from './item-status.ts';
import { classRefName, type AnyItem, type AnyPlan } from './scope.ts';
import { skipped } from './skipped-item.ts';

export interface ApplyContext extends DiffContext {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'replace' | 'patch'>;
  /** Writes in flight at the same time. */
  readonly concurrency: number;
  /** RFC 3339. */
  readonly now: string;
  readonly signal: AbortSignal;
}

export interface ApplyResult {
  /** Items that the API server refuses for what they are; repeating does not help. */
  readonly refused: readonly SkippedCatalogItem[];
  /** Items that could not be written for another reason; to be tried again. */
  readonly failed: readonly SkippedCatalogItem[];
  /** Classes and plans of the catalog that are there now. */
  readonly classCount: number;
  readonly planCount: number;
}

/**
 * Writes the changes, classes before their plans. One item that can not be written is noted and the rest goes on;
 * a class that can not be takes its plans with it.
 * @throws KubeConnectionError, or KubeApiError 429 and 5xx: the API server is not well, so nothing more is tried
 */
export async function applyDiff(diff: CatalogDiff, context: ApplyContext): Promise<ApplyResult> {
  const { scope, stores } = context;
  const classNotes = await applyAll(diff.classes, scope.classes, stores.classes, context);
  const lostClasses = new Set(classNotes.filter(({ isOffered }) => isOffered).map(({ name }) => name));
  const isKept = (plan: AnyPlan): boolean => !lostClasses.has(classRefName(plan.spec));
  const plans = diff.plans.filter((change) => change.kind === 'tombstone' || isKept(change.item.object));
  const planNotes = await applyAll(plans, scope.plans, stores.plans, context);

  const notes = [...classNotes, ...planNotes];
  const lostPlans = planNotes.filter(({ isOffered }) => isOffered).length + diff.plans.length - plans.length;
  return {
    refused: notes.filter(({ isFinal }) => isFinal).map(({ item }) => item),
    failed: notes.filter(({ isFinal }) => !isFinal).map(({ item }) => item),
    classCount: diff.classCount - lostClasses.size,
    planCount: diff.planCount - lostPlans,
  };
}

/** A change that could not be written. */
interface Note {
  readonly item: SkippedCatalogItem;
  readonly name: string;
  /** False for an item that has left the catalog anyway. */
  readonly isOffered: boolean;
  readonly isFinal: boolean;
}

/** The item that was to be written turns out to be somebody else's. */
class ItemConflict extends Error {}

async function applyAll<T extends AnyItem>(
  changes: readonly Change<T>[],
  resource: Resource,
  store: Store<T>,
  context: ApplyContext,
): Promise<readonly Note[]> {
  const notes: Note[] = [];
  await inParallel(changes, context.concurrency, async (change) => {
    try {
      await applyOne(change, resource, store, context);
    } catch (error) {
      if (!isAboutItem(error)) throw error;
      notes.push(noteOf(change, error));
    }
  });
  return notes;
}

async function applyOne<T extends AnyItem>(
  change: Change<T>,
  resource: Resource,
  store: Store<T>,
  context: ApplyContext,
): Promise<void> {
  try {
    // A store does not keep all of an object, and the whole of it is written.
    if (change.kind === 'update') await rewrite(change, resource, store, context);
    else await write(change, resource, store, context);
  } catch (error) {
    if (isNotFound(error) && change.kind === 'tombstone') return;
    if (!isConflict(error) && !isAlreadyExists(error) && !isNotFound(error)) throw error;
    // The store was behind: decide once more on what is really there.
    await rewrite(change, resource, store, context);
  }
}

async function rewrite<T extends AnyItem>(
  change: Change<T>,
  resource: Resource,
  store: Store<T>,
  context: ApplyContext,
): Promise<void> {
  const { name, namespace } =
    change.kind === 'create' ? change.item.object.metadata : change.existing.metadata;
  const ref = namespace === undefined ? { name } : { namespace, name };
  let current: T | undefined;
  try {
    current = await context.client.get<T>(resource, ref, { signal: context.signal });
    store.put(current);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  if (change.kind === 'tombstone') {
    if (current !== undefined)
      await write({ kind: 'tombstone', existing: current }, resource, store, context);
    return;
  }
  const conflict =
    current === undefined ? undefined : conflictWith(current, change.item.object, context.broker);
  if (conflict !== undefined) throw new ItemConflict(conflict);
  for (const again of changeOf(change.item, current, context)) await write(again, resource, store, context);
}

async function write<T extends AnyItem>(
  change: Change<T>,
  resource: Resource,
  store: Store<T>,
  context: ApplyContext,
): Promise<void> {
  const { client, now, signal } = context;
  const saveStatus = async (object: T, status: ItemStatus): Promise<void> => {
    await writeStatus<ItemStatus, T>(client, resource, object, status, store, signal);
  };
  switch (change.kind) {
    case 'create': {
      const created = await client.create<T>(resource, change.item.object, { signal });
      store.put(created);
      return saveStatus(created, offeredStatus(created, change.item.status, now));
    }
    case 'update': {
      const written = await client.replace<T>(resource, change.object, { signal });
      store.put(written);
      return saveStatus(written, offeredStatus(written, change.item.status, now));
    }
    case 'status':
      return saveStatus(change.existing, offeredStatus(change.existing, change.item.status, now));
    case 'tombstone':
      return saveStatus(change.existing, removedStatus(change.existing, now));
  }
}

/** The API server answered about this very object; its own health is another matter. */
function isAboutItem(error: unknown): boolean {
  if (error instanceof ItemConflict) return true;
  return isApiError(error) && error.status < 500 && error.status !== 429 && error.status !== 401;
}

function noteOf<T extends AnyItem>(change: Change<T>, error: unknown): Note {
  const isOffered = change.kind !== 'tombstone';
  const object = isOffered ? change.item.object : change.existing;
  const path = isOffered ? change.item.path : objectKey(object);
  return {
    item: skipped(path, object.spec.externalName, errorMessage(error)),
    name: object.metadata.name,
    isOffered,
    isFinal: error instanceof ItemConflict || (isApiError(error) && [400, 413, 422].includes(error.status)),
  };
}
