import type { AnyBroker } from '../../../src/brokers/broker-settings.ts';
import { convertCatalog, type DesiredCatalog } from '../../../src/catalog/convert.ts';
import { offeredStatus } from '../../../src/catalog/item-status.ts';
import {
  catalogStores,
  clusterScope,
  namespacedScope,
  type AnyItem,
  type CatalogScope,
  type CatalogStores,
} from '../../../src/catalog/scope.ts';
import { escapeName } from '../../../src/api/names.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { createStores } from '../../../src/model/stores.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { Catalog, CatalogPlan, CatalogService } from '../../../src/osb/types.ts';

export const clusterBroker: AnyBroker = {
  metadata: { name: 'acme', uid: 'broker-uid', generation: 1 },
  spec: { url: 'http://broker.example' },
};

export const namespacedBroker: AnyBroker = {
  metadata: { name: 'acme', namespace: 'shop', uid: 'broker-uid', generation: 1 },
  spec: { url: 'http://broker.example' },
};

/** A service with one plan, as the OSB client gives it. */
export function service(changes: Partial<CatalogService> = {}): CatalogService {
  return {
    id: 'svc-1',
    name: 'postgresql',
    description: 'A database',
    bindable: true,
    planUpdateable: false,
    instancesRetrievable: false,
    bindingsRetrievable: false,
    allowContextUpdates: false,
    tags: [],
    requires: [],
    plans: [plan()],
    ...changes,
  };
}

export function plan(changes: Partial<CatalogPlan> = {}): CatalogPlan {
  return {
    id: 'pln-1',
    name: 'small',
    description: 'One gigabyte',
    free: true,
    bindingRotatable: false,
    ...changes,
  };
}

export function convert(catalog: Catalog, broker: AnyBroker = clusterBroker): DesiredCatalog {
  const scope = scopeOfBroker(broker);
  return convertCatalog(catalog, { scope, broker, className: escapeName, planName: escapeName });
}

export function scopeOfBroker(broker: AnyBroker): CatalogScope {
  return broker.metadata.namespace === undefined ? clusterScope : namespacedScope;
}

/** The stores of a broker's scope, filled by hand. */
export class Catalogue {
  readonly stores: CatalogStores;
  #version = 0;

  constructor(broker: AnyBroker = clusterBroker) {
    const stores = createStores({ client: {} as KubeClient, logger: silentLogger });
    this.stores = catalogStores(stores, scopeOfBroker(broker));
  }

  /** As if everything had been written, with its status. */
  write(desired: DesiredCatalog): this {
    for (const { object, status } of desired.classes) {
      this.stores.classes.put(this.#stored(object, (stored) => offeredStatus(stored, status, 'then')));
    }
    for (const { object, status } of desired.plans) {
      this.stores.plans.put(this.#stored(object, (stored) => offeredStatus(stored, status, 'then')));
    }
    return this;
  }

  /** Changes what is stored of every class and plan. */
  edit(change: <T extends AnyItem>(item: T) => T): this {
    for (const item of this.stores.classes.list()) this.stores.classes.put(this.#next(change(item)));
    for (const item of this.stores.plans.list()) this.stores.plans.put(this.#next(change(item)));
    return this;
  }

  #stored<T extends AnyItem>(object: T, statusOf: (object: T) => object): T {
    const created = {
      ...object,
      metadata: { ...object.metadata, uid: `uid-${this.#version}`, generation: 1 },
    };
    return this.#next({ ...created, status: statusOf(created) });
  }

  #next<T extends AnyItem>(object: T): T {
    this.#version++;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
  }
}
