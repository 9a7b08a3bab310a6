import type { AnyBroker } from '../../../src/brokers/broker-settings.ts';
import type { DesiredCatalog } from '../../../src/catalog/convert.ts';
import { diffCatalog, type CatalogDiff } from '../../../src/catalog/diff.ts';
import { removedStatus } from '../../../src/catalog/item-status.ts';
import type { AnyItem } from '../../../src/catalog/scope.ts';
import {
  Catalogue,
  clusterBroker,
  convert,
  namespacedBroker,
  plan,
  scopeOfBroker,
  service,
} from './catalog-fixture.ts';

const small = plan();
const large = plan({ id: 'pln-2', name: 'large' });
const offered = convert({ services: [service({ plans: [small, large] })] });
const nothing: DesiredCatalog = { classes: [], plans: [], skipped: [] };

describe('the difference between a catalog and the objects', () => {
  it('is everything at first, and counts it', () => {
    const found = changes(offered, new Catalogue());
    expect(words(found)).toEqual(['create svc-1', 'create pln-1', 'create pln-2']);
    expect(found).toMatchObject({ classCount: 1, planCount: 2, conflicts: [] });
  });

  it('is nothing for an unchanged catalog, in whatever order it comes', () => {
    const shuffled = convert({ services: [service({ plans: [large, small] })] });
    expect(words(changes(shuffled, new Catalogue().write(offered)))).toEqual([]);
  });

  it('H33 is an update in place for the same id with other words', () => {
    const renamed = convert({
      services: [service({ name: 'pg', bindable: false, plans: [small, { ...large, free: false }] })],
    });
    const found = changes(renamed, new Catalogue().write(offered));
    expect(words(found)).toEqual(['update svc-1', 'update pln-2']);
    expect(found.classes).toMatchObject([
      {
        object: {
          metadata: { uid: 'uid-0', resourceVersion: '1' },
          spec: { externalName: 'pg', bindable: false },
        },
      },
    ]);
  });

  it('is an update that takes away a field that the catalog no longer has', () => {
    const before = convert({
      services: [service({ tags: ['sql'], metadata: { a: 1 }, plans: [small, large] })],
    });
    const found = changes(offered, new Catalogue().write(before));
    const [update] = found.classes;
    expect(update?.kind === 'update' && update.object.spec).not.toHaveProperty('tags');
    expect(update?.kind === 'update' && update.object.spec).not.toHaveProperty('externalMetadata');
  });

  it('leaves alone what administrators set', () => {
    const defaults = { size: 'xl' };
    const edited = new Catalogue().write(offered).edit((item) => ({
      ...item,
      metadata: {
        ...item.metadata,
        labels: { ...item.metadata.labels, team: 'db' },
        annotations: { note: 'x' },
      },
      spec: { ...item.spec, defaultProvisionParameters: defaults },
    }));
    expect(words(changes(offered, edited))).toEqual([]);

    const found = changes(convert({ services: [service({ name: 'pg', plans: [small, large] })] }), edited);
    expect(found.classes).toMatchObject([
      {
        object: {
          metadata: { labels: { team: 'db' }, annotations: { note: 'x' } },
          spec: { externalName: 'pg', defaultProvisionParameters: defaults },
        },
      },
    ]);
  });

  it('repairs labels and fields that somebody changed', () => {
    const edited = new Catalogue()
      .write(offered)
      .edit((item) => ({ ...item, metadata: { ...item.metadata, labels: { team: 'db' } } }));
    expect(words(changes(offered, edited))).toEqual(['update svc-1', 'update pln-1', 'update pln-2']);
  });

  it('is a status for what lives in the status only, and for a status that was never written', () => {
    const info = { maintenanceInfo: { version: '2' } };
    const newer = convert({ services: [service({ plans: [{ ...small, ...info }, large] })] });
    expect(words(changes(newer, new Catalogue().write(offered)))).toEqual(['status pln-1']);

    const interrupted = new Catalogue().write(offered).edit(({ status: _lost, ...item }) => item as never);
    expect(words(changes(offered, interrupted))).toEqual(['status svc-1', 'status pln-1', 'status pln-2']);
  });

  it('H31 is a tombstone for what left the catalog, once', () => {
    const catalogue = new Catalogue().write(offered);
    const less = convert({ services: [service({ plans: [small] })] });
    expect(words(changes(less, catalogue))).toEqual(['tombstone pln-2']);
    expect(words(changes(nothing, catalogue))).toEqual([
      'tombstone svc-1',
      'tombstone pln-1',
      'tombstone pln-2',
    ]);

    const removed = catalogue.edit((item) => ({ ...item, status: removedStatus(item, 'then') }));
    expect(words(changes(nothing, removed))).toEqual([]);
    expect(words(changes(offered, removed))).toEqual(['status svc-1', 'status pln-1', 'status pln-2']);
  });

  it('H32 is a tombstone and a new object when ids change under the same names', () => {
    const again = convert({ services: [service({ id: 'svc-9', plans: [plan({ id: 'pln-9' })] })] });
    const found = words(changes(again, new Catalogue().write(offered)));
    expect(found.toSorted()).toEqual(
      ['create svc-9', 'create pln-9', 'tombstone svc-1', 'tombstone pln-1', 'tombstone pln-2'].toSorted(),
    );
  });

  it('leaves alone cluster-wide objects that have no owner', () => {
    const ownerless = new Catalogue().write(offered).edit(withoutOwner);
    expect(words(changes(nothing, ownerless))).toEqual([]);
    expect(words(changes(offered, ownerless))).toEqual([]);
  });

  it('adopts namespaced objects that have no owner, as Service Catalog made them', () => {
    const desired = convert({ services: [service()] }, namespacedBroker);
    const ownerless = new Catalogue(namespacedBroker).write(desired).edit(withoutOwner);
    const found = changes(desired, ownerless, namespacedBroker);
    expect(words(found)).toEqual(['update svc-1', 'update pln-1']);
    expect(found.classes).toMatchObject([
      { object: { metadata: { ownerReferences: [{ kind: 'ServiceBroker', uid: 'broker-uid' }] } } },
    ]);
    expect(words(changes(nothing, ownerless, namespacedBroker))).toEqual([
      'tombstone svc-1',
      'tombstone pln-1',
    ]);
  });

  it('renews the reference to an earlier incarnation of the broker', () => {
    const restored: AnyBroker = { ...clusterBroker, metadata: { ...clusterBroker.metadata, uid: 'new-uid' } };
    const desired = convert({ services: [service({ plans: [small, large] })] }, restored);
    const found = changes(desired, new Catalogue().write(offered), restored);
    expect(found.classes).toMatchObject([
      { kind: 'update', object: { metadata: { ownerReferences: [{ uid: 'new-uid' }] } } },
    ]);
  });

  it('H11 P16 leaves the objects of another broker to it, and names them', () => {
    const other: AnyBroker = { ...clusterBroker, metadata: { name: 'other', uid: 'other-uid' } };
    const theirs = convert({ services: [service({ plans: [small, large] })] }, other);
    const found = changes(theirs, new Catalogue().write(offered), other);
    expect(words(found)).toEqual([]);
    expect(found).toMatchObject({ classCount: 0, planCount: 0 });
    expect(found.conflicts).toEqual([
      {
        path: 'services[id=svc-1]',
        name: 'postgresql',
        reason: 'its id is already in use by ClusterServiceBroker "acme"',
      },
    ]);
  });

  it('leaves alone an object that is being deleted, and one that has the name but another id', () => {
    const deleting = new Catalogue()
      .write(offered)
      .edit((item) => ({ ...item, metadata: { ...item.metadata, deletionTimestamp: 'now' } }));
    expect(changes(offered, deleting).conflicts).toMatchObject([{ reason: 'its object is being deleted' }]);

    const foreign = new Catalogue()
      .write(offered)
      .edit((item) => ({ ...item, spec: { ...item.spec, externalID: 'x' } }));
    expect(changes(offered, foreign).conflicts).toMatchObject([
      { reason: 'the object "svc-1" exists with another id' },
    ]);
  });

  it('H09 is refused as a whole when a plan id moved to another service', () => {
    const moved = convert({
      services: [service({ plans: [small] }), service({ id: 'svc-2', name: 'other', plans: [large] })],
    });
    expect(diff(moved, new Catalogue().write(offered))).toEqual({
      kind: 'rejected',
      message: expect.stringContaining(
        'services[id=svc-2].plans[id=pln-2] ("large") has the id of a plan of another',
      ),
    });
  });
});

function diff(desired: DesiredCatalog, catalogue: Catalogue, broker: AnyBroker = clusterBroker) {
  return diffCatalog(desired, { broker, scope: scopeOfBroker(broker), stores: catalogue.stores });
}

function changes(
  desired: DesiredCatalog,
  catalogue: Catalogue,
  broker: AnyBroker = clusterBroker,
): CatalogDiff {
  const result = diff(desired, catalogue, broker);
  if (result.kind === 'rejected') throw new Error(result.message);
  return result.diff;
}

function words({ classes, plans }: CatalogDiff): readonly string[] {
  return [...classes, ...plans].map((change) => {
    const { name } = change.kind === 'create' ? change.item.object.metadata : change.existing.metadata;
    return `${change.kind} ${name}`;
  });
}

function withoutOwner<T extends AnyItem>(item: T): T {
  const { ownerReferences: _gone, ...metadata } = item.metadata;
  return { ...item, metadata };
}
