import { applyDiff, type ApplyResult } from '../../../src/catalog/apply.ts';
import type { DesiredCatalog } from '../../../src/catalog/convert.ts';
import { diffCatalog } from '../../../src/catalog/diff.ts';
import type { AnyItem } from '../../../src/catalog/scope.ts';
import type { KubeClient, ReplaceOptions } from '../../../src/kube/client.ts';
import { KubeApiError, KubeConnectionError } from '../../../src/kube/errors.ts';
import type { ObjectRef } from '../../../src/kube/objects.ts';
import type { Resource } from '../../../src/kube/resources.ts';
import { Catalogue, clusterBroker, convert, plan, scopeOfBroker, service } from './catalog-fixture.ts';

const wanted = convert({
  services: [
    service({ plans: [plan(), plan({ id: 'pln-2', name: 'large' })] }),
    service({ id: 'svc-2', name: 'cache', plans: [plan({ id: 'pln-3' })] }),
  ],
});
const nothingWrong = { refused: [], failed: [] };

describe('writing a catalog', () => {
  it('writes classes before plans, each with its status, and puts the answers into the stores', async () => {
    const server = new Server();
    expect(await server.apply(wanted)).toEqual({ ...nothingWrong, classCount: 2, planCount: 3 });
    expect(server.calls.slice(0, 4).toSorted()).toEqual(
      ['create svc-1', 'create svc-2', 'status svc-1', 'status svc-2'].toSorted(),
    );
    expect(server.calls).toHaveLength(10);
    expect(server.catalogue.stores.plans.get('pln-3')?.status).toMatchObject({
      observedGeneration: 1,
      removedFromBrokerCatalog: false,
      lastConditionState: 'Ready',
    });
    server.calls.length = 0;
    await server.apply(wanted);
    expect(server.calls).toEqual([]);
  });

  it('writes no more at once than it may', async () => {
    const server = new Server();
    await server.apply(wanted, 2);
    expect(server.maxRunning).toBeLessThanOrEqual(2);
    expect(server.calls).toHaveLength(10);
  });

  it('goes on after an item that the API server refuses, and names it', async () => {
    const server = new Server();
    server.failures.set('create pln-2', apiError(422, 'Invalid', 'spec.externalName: too odd'));
    expect(await server.apply(wanted)).toEqual({
      refused: [
        {
          path: 'services[id=svc-1].plans[id=pln-2]',
          name: 'large',
          reason: 'spec.externalName: too odd',
        },
      ],
      failed: [],
      classCount: 2,
      planCount: 2,
    });
  });

  it('leaves out the plans of a class that is refused', async () => {
    const server = new Server();
    server.failures.set('create svc-1', apiError(413, 'RequestEntityTooLarge'));
    expect(await server.apply(wanted)).toMatchObject({
      refused: [{ path: 'services[id=svc-1]' }],
      classCount: 1,
      planCount: 1,
    });
    expect(server.calls).not.toContain('create pln-1');
    expect(server.calls).toContain('create pln-3');
  });

  it('tells apart what may work later', async () => {
    const server = new Server();
    server.failures.set('status pln-1', apiError(403, 'Forbidden'));
    expect(await server.apply(wanted)).toMatchObject({
      refused: [],
      failed: [{ path: 'services[id=svc-1].plans[id=pln-1]' }],
    });
  });

  it.each([
    ['does not answer', new KubeConnectionError('ECONNREFUSED', 'refused')],
    ['is overloaded', apiError(429, 'TooManyRequests')],
    ['is broken', apiError(500, 'InternalError')],
  ])('stops when the API server %s', async (_name, failure) => {
    const server = new Server();
    server.failures.set('create svc-1', failure);
    await expect(server.apply(wanted, 1)).rejects.toBe(failure);
    expect(server.calls).toEqual(['create svc-1']);
  });

  it('decides again on what is there when the store was behind', async () => {
    const server = new Server();
    await server.apply(wanted);
    const behind = new Server(server);
    expect(await behind.apply(convert({ services: [service({ name: 'pg', plans: [plan()] })] }))).toEqual({
      ...nothingWrong,
      classCount: 1,
      planCount: 1,
    });
    expect(behind.calls).toEqual([
      'create svc-1',
      'get svc-1',
      'replace svc-1',
      'status svc-1',
      'create pln-1',
      'get pln-1',
    ]);
    expect(behind.stored('svc-1')?.spec.externalName).toBe('pg');
  });

  it('creates again what was deleted meanwhile', async () => {
    const server = new Server();
    await server.apply(wanted);
    server.drop('svc-2');
    await server.apply(
      convert({
        services: [...serviceOne(), service({ id: 'svc-2', name: 'kv', plans: [plan({ id: 'pln-3' })] })],
      }),
    );
    expect(server.calls.slice(-3)).toEqual(['get svc-2', 'create svc-2', 'status svc-2']);
  });

  it('H11 leaves alone what turns out to be of another broker', async () => {
    const theirs = { metadata: { name: 'other', uid: 'o' }, spec: { url: 'http://o' } };
    const first = new Server();
    await first.apply(convert({ services: serviceOne() }, theirs));
    const second = new Server(first);
    expect(await second.apply(wanted)).toMatchObject({
      refused: [{ reason: 'its id is already in use by ClusterServiceBroker "other"' }],
      classCount: 1,
      planCount: 1,
    });
    expect(second.calls).not.toContain('replace svc-1');
  });

  it('marks what left, unless it is gone already', async () => {
    const server = new Server();
    await server.apply(wanted);
    server.drop('pln-2');
    const less = convert({ services: [service({ plans: [plan()] })] });
    expect(await server.apply(less)).toMatchObject(nothingWrong);
    expect(server.stored('svc-2')?.status).toMatchObject({
      removedFromBrokerCatalog: true,
      lastConditionState: 'RemovedFromBrokerCatalog',
    });
    expect(server.stored('pln-2')).toBeUndefined();
  });
});

function serviceOne() {
  return [service({ plans: [plan(), plan({ id: 'pln-2', name: 'large' })] })];
}

function apiError(status: number, reason: string, message = reason): KubeApiError {
  return new KubeApiError({ status, reason, message });
}

/** The API server's rules for these objects: names are unique, versions are compared, status has its own door. */
class Server {
  readonly catalogue = new Catalogue();
  readonly calls: string[] = [];
  readonly failures = new Map<string, Error>();
  maxRunning = 0;
  readonly #objects: Map<string, AnyItem>;
  #running = 0;
  #version = 100;

  /** @param other shares the objects of that server, and knows nothing of them */
  constructor(other?: Server) {
    this.#objects = other === undefined ? new Map() : other.#objects;
  }

  stored(name: string): AnyItem | undefined {
    return this.#objects.get(name);
  }

  drop(name: string): void {
    this.#objects.delete(name);
  }

  apply(desired: DesiredCatalog, concurrency = 4): Promise<ApplyResult> {
    const context = {
      broker: clusterBroker,
      scope: scopeOfBroker(clusterBroker),
      stores: this.catalogue.stores,
    };
    const result = diffCatalog(desired, context);
    if (result.kind === 'rejected') throw new Error(result.message);
    const signal = new AbortController().signal;
    return applyDiff(result.diff, { ...context, client: this.#client(), concurrency, now: 'then', signal });
  }

  #client(): KubeClient {
    return {
      get: (_resource: Resource, { name }: ObjectRef) => this.#answer(`get ${name}`, () => this.#known(name)),
      create: (_resource: Resource, object: AnyItem) =>
        this.#answer(`create ${object.metadata.name}`, () => {
          if (this.#objects.has(object.metadata.name)) throw apiError(409, 'AlreadyExists');
          return this.#keep({ ...object, metadata: { ...object.metadata, generation: 1 } });
        }),
      replace: (_resource: Resource, object: AnyItem, { subresource }: ReplaceOptions) =>
        subresource === 'status' ? this.#replaceStatus(object) : this.#replace(object),
      // For whom may not update: as forbidden as that was here.
      patch: (_resource: Resource, { name }: ObjectRef) =>
        this.#answer(`status ${name}`, () => this.#known(name)),
    } as unknown as KubeClient;
  }

  #replace(object: AnyItem): Promise<AnyItem> {
    return this.#answer(`replace ${object.metadata.name}`, () => {
      const { metadata } = this.#check(object.metadata.name, object.metadata.resourceVersion);
      const generation = (metadata.generation ?? 0) + 1;
      return this.#keep({ ...object, metadata: { ...object.metadata, generation } });
    });
  }

  #replaceStatus({ metadata, status }: AnyItem): Promise<AnyItem> {
    return this.#answer(`status ${metadata.name}`, () =>
      this.#keep({ ...this.#check(metadata.name, metadata.resourceVersion), status } as AnyItem),
    );
  }

  async #answer(call: string, answer: () => AnyItem): Promise<AnyItem> {
    this.calls.push(call);
    this.maxRunning = Math.max(this.maxRunning, ++this.#running);
    await Promise.resolve();
    this.#running--;
    const failure = this.failures.get(call);
    if (failure !== undefined) throw failure;
    return answer();
  }

  #known(name: string): AnyItem {
    const object = this.#objects.get(name);
    if (object === undefined) throw apiError(404, 'NotFound');
    return object;
  }

  #check(name: string, version: string | undefined): AnyItem {
    const known = this.#known(name);
    if (known.metadata.resourceVersion !== version) throw apiError(409, 'Conflict');
    return known;
  }

  #keep(object: AnyItem): AnyItem {
    this.#version++;
    const kept = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(this.#version) },
    } as AnyItem;
    this.#objects.set(object.metadata.name, kept);
    return kept;
  }
}
