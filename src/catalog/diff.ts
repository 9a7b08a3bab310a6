import type { SkippedCatalogItem } from '../api/generated/shared-types.ts';
import { defaultParametersField } from '../api/free-form.ts';
import { jsonEqual } from '../base/json.ts';
import { withField } from '../base/lazy-json.ts';
import { brokerKey, brokerRefOf, describeBroker } from '../brokers/broker-ref.ts';
import type { AnyBroker } from '../brokers/broker-settings.ts';
import { keptItemSpec } from '../model/kept-form.ts';
import { mergeDiff } from '../control/merge-diff.ts';
import type { OwnerReference } from '../base/object-meta.ts';
import { objectKey } from '../kube/objects.ts';
import { ownerReference, type DesiredCatalog, type DesiredItem } from './convert.ts';
import { offeredStatus, removedStatus, type ClassStatusFacts, type PlanStatusFacts } from './item-status.ts';
import {
  classRefName,
  isFromCatalog,
  isRemoved,
  type AnyClass,
  type AnyItem,
  type AnyPlan,
  type CatalogScope,
  type CatalogStores,
} from './scope.ts';
import { skipped } from './skipped-item.ts';

type Facts = ClassStatusFacts | PlanStatusFacts;

/** One object to be written; `item` says what for, `existing` is what the store knew. */
export type Change<T extends AnyItem> =
  | { readonly kind: 'create'; readonly item: DesiredItem<T, Facts> }
  /** `object` is the whole new object. Its status follows. */
  | {
      readonly kind: 'update';
      readonly item: DesiredItem<T, Facts>;
      readonly existing: T;
      readonly object: T;
    }
  /** Only the status differs: a reappearance, a field that lives in the status, a first status after a crash. */
  | { readonly kind: 'status'; readonly item: DesiredItem<T, Facts>; readonly existing: T }
  /** No longer in the catalog. */
  | { readonly kind: 'tombstone'; readonly existing: T };

export interface CatalogDiff {
  readonly classes: readonly Change<AnyClass>[];
  readonly plans: readonly Change<AnyPlan>[];
  /** Items that belong to somebody else. */
  readonly conflicts: readonly SkippedCatalogItem[];
  /** How many classes and plans the catalog gives, written or not. */
  readonly classCount: number;
  readonly planCount: number;
}

export type DiffResult =
  | { readonly kind: 'changes'; readonly diff: CatalogDiff }
  /** The catalog contradicts what ids mean; nothing of it may be used. */
  | { readonly kind: 'rejected'; readonly message: string };

export interface DiffContext {
  readonly broker: AnyBroker;
  readonly scope: CatalogScope;
  readonly stores: CatalogStores;
}

/** What there should be, against what there is. A catalog that did not change gives no changes. */
export function diffCatalog(desired: DesiredCatalog, context: DiffContext): DiffResult {
  const { stores } = context;
  const conflicts: SkippedCatalogItem[] = [];
  const conflict = (item: DesiredItem<AnyItem, Facts>, existing: AnyItem | undefined): boolean => {
    const reason = existing === undefined ? undefined : conflictWith(existing, item.object, context.broker);
    if (reason !== undefined) conflicts.push(skipped(item.path, item.object.spec.externalName, reason));
    return reason !== undefined;
  };

  const classes = desired.classes.filter((item) => !conflict(item, known(stores.classes, item.object)));
  const classNames = new Set(classes.map(({ object }) => object.metadata.name));
  // The plans of a class that belongs to another broker belong to it as well.
  const candidates = desired.plans.filter(({ object }) => classNames.has(classRefName(object.spec)));
  const plans = candidates.filter((item) => !conflict(item, known(stores.plans, item.object)));

  for (const { path, object } of plans) {
    const existing = known(stores.plans, object);
    if (existing === undefined || classRefName(existing.spec) === classRefName(object.spec)) continue;
    const message =
      `${path} ("${object.spec.externalName}") has the id of a plan of another class, ` +
      `${classRefName(existing.spec)}; a plan belongs to one class for ever`;
    return { kind: 'rejected', message };
  }

  return {
    kind: 'changes',
    diff: {
      classes: [
        ...classes.flatMap((item) => changeOf(item, known(stores.classes, item.object), context)),
        ...tombstones(stores.classes.byIndex('broker', keyOf(context.broker)), classes, context),
      ],
      plans: [
        ...plans.flatMap((item) => changeOf(item, known(stores.plans, item.object), context)),
        ...tombstones(stores.plans.byIndex('broker', keyOf(context.broker)), plans, context),
      ],
      conflicts,
      classCount: classes.length,
      planCount: plans.length,
    },
  };
}

/** What to do about one item; nothing when it is as it should be. Also used again after a conflict on writing. */
export function changeOf<T extends AnyItem>(
  item: DesiredItem<T, Facts>,
  existing: T | undefined,
  context: Pick<DiffContext, 'broker' | 'scope'>,
): readonly Change<T>[] {
  if (existing === undefined) return [{ kind: 'create', item }];
  const object = updated(existing, item.object, context);
  if (object !== existing) return [{ kind: 'update', item, existing, object }];
  // The time is of no account: it is only used where the status differs anyway.
  return hasStatus(existing, offeredStatus(existing, item.status, ''))
    ? []
    : [{ kind: 'status', item, existing }];
}

/** The existing object with the catalog's fields, labels and owner; itself when nothing differs. */
function updated<T extends AnyItem>(
  existing: T,
  wanted: T,
  context: Pick<DiffContext, 'broker' | 'scope'>,
): T {
  // Set by administrators, never by the catalog.
  const spec = withField(wanted.spec, defaultParametersField, existing.spec);
  const labels = { ...existing.metadata.labels, ...wanted.metadata.labels };
  const ownerReferences = withOwner(existing.metadata.ownerReferences ?? [], context);
  const isSame =
    jsonEqual(keptItemSpec(existing.spec), keptItemSpec(spec)) &&
    jsonEqual(existing.metadata.labels ?? {}, labels) &&
    jsonEqual(existing.metadata.ownerReferences ?? [], ownerReferences);
  return isSame
    ? existing
    : { ...existing, metadata: { ...existing.metadata, labels, ownerReferences }, spec };
}

/**
 * A namespaced object without owner was made by Service Catalog, which gave none, and is adopted. A cluster-wide one
 * was made by an administrator and stays theirs. A reference to an earlier incarnation of the broker is renewed, or
 * the garbage collector would take the object.
 */
function withOwner(
  references: readonly OwnerReference[],
  { broker, scope }: Pick<DiffContext, 'broker' | 'scope'>,
): readonly OwnerReference[] {
  const own = ownerReference(broker, scope);
  if (references.length === 0) return scope.classes.namespaced ? [own] : [];
  return references.map((reference) =>
    reference.kind === own.kind && reference.name === own.name ? { ...reference, uid: own.uid } : reference,
  );
}

function tombstones<T extends AnyItem>(
  existing: readonly T[],
  desired: readonly DesiredItem<T, Facts>[],
  { broker, scope }: DiffContext,
): readonly Change<T>[] {
  const kept = new Set(desired.map(({ object }) => objectKey(object)));
  return existing
    .filter((object) => !kept.has(objectKey(object)) && isOurs(object, broker, scope))
    .filter((object) => !isRemoved(object) || !hasStatus(object, removedStatus(object, '')))
    .map((object) => ({ kind: 'tombstone', existing: object }));
}

/** Classes and plans that an administrator made for a broker are none of the catalog's business. */
function isOurs(object: AnyItem, broker: AnyBroker, scope: CatalogScope): boolean {
  if (!isFromCatalog(object)) return false;
  const owners = object.metadata.ownerReferences ?? [];
  if (owners.length === 0) return scope.classes.namespaced;
  const own = ownerReference(broker, scope);
  return owners.some(({ kind, name, apiVersion }) => {
    const sameGroup = apiVersion.split('/')[0] === own.apiVersion.split('/')[0];
    return sameGroup && kind === own.kind && name === own.name;
  });
}

/**
 * Why an existing object can not be what the catalog's item becomes. Ids mean the same whoever sends them (OSB,
 * Service Offering Object), so the first broker keeps its objects.
 */
export function conflictWith(existing: AnyItem, wanted: AnyItem, broker: AnyBroker): string | undefined {
  const owner = brokerRefOf(existing);
  if (brokerKey(owner) !== keyOf(broker)) return `its id is already in use by ${describeBroker(owner)}`;
  if (existing.spec.externalID !== wanted.spec.externalID) {
    return `the object "${existing.metadata.name}" exists with another id`;
  }
  return existing.metadata.deletionTimestamp === undefined ? undefined : 'its object is being deleted';
}

function known<T extends AnyItem>(store: { get(key: string): T | undefined }, object: T): T | undefined {
  return store.get(objectKey(object));
}

function keyOf(broker: AnyBroker): string {
  return objectKey(broker);
}

/** Whether the object has that status already, the times of its conditions aside. */
function hasStatus(object: AnyItem, wanted: object): boolean {
  return mergeDiff(object.status ?? {}, wanted) === undefined;
}
