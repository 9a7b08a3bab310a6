import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import type { BrokerMaterial } from '../../../src/brokers/broker-material.ts';
import { specificationOf, type AnyBroker } from '../../../src/brokers/broker-settings.ts';
import { CredentialCopies } from '../../../src/brokers/credential-copies.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import { createStores } from '../../../src/model/stores.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { KubeApiError } from '../../../src/kube/errors.ts';
import type { ObjectRef } from '../../../src/kube/objects.ts';
import { apiError } from './object-reader.ts';

const material: BrokerMaterial = {
  auth: { kind: 'basic', username: 'u', password: 'swordfish' },
  tls: { ca: undefined, insecureSkipVerify: false },
};
const broker: AnyBroker = {
  metadata: { name: 'b', namespace: 'n', uid: 'uid-1' },
  spec: { url: 'https://b', authInfo: { basic: { secretRef: { namespace: 'n', name: 'auth' } } } },
};
const clusterBroker: AnyBroker = { ...broker, metadata: { name: 'b', uid: 'uid-2' } };

describe('copies of the credentials of a namespaced broker', () => {
  it('are kept in a namespace of our own once its namespace has instances', async () => {
    const world = new World();
    expect(await world.keep(broker)).toBe(false);
    expect(world.secrets.size).toBe(0);

    world.createInstance('n');
    expect(await world.keep(broker)).toBe(true);
    expect([...world.secrets.keys()]).toEqual(['own/broker-credentials-uid-1']);
    expect(await world.find(broker)).toEqual({ auth: material.auth, tls: { insecureSkipVerify: false } });
  });

  it('are written again only when the credentials change', async () => {
    const world = new World();
    world.createInstance('n');
    await world.keep(broker);
    await world.keep(broker);
    expect(world.writes).toBe(1);
    await world.keep(broker, { ...material, auth: { kind: 'bearer', token: 't' } });
    expect(world.writes).toBe(2);
  });

  it.each<[string, AnyBroker]>([
    ['a cluster-wide broker, whose Secret is elsewhere', clusterBroker],
    ['a broker without credentials', { ...broker, spec: { url: 'https://b' } }],
  ])('are not needed for %s', async (_name, other) => {
    const world = new World();
    world.createInstance('n');
    expect(await world.keep(other)).toBe(true);
    expect(world.secrets.size).toBe(0);
  });

  it('are not to be had when they can not be written, which stops nobody', async () => {
    const world = new World();
    world.createInstance('n');
    world.failure = apiError(403, 'Forbidden');
    expect(await world.keep(broker)).toBe(false);
    world.failure = undefined;
    expect(await world.find(broker)).toBeUndefined();
  });

  it('are not told by whoever refuses them', async () => {
    const world = new World();
    world.createInstance('n');
    const message = `denied: ${Buffer.from('swordfish').toString('base64')}`;
    world.failure = new KubeApiError({ status: 403, reason: 'Forbidden', message });
    await world.keep(broker);
    expect(world.logged).toEqual(['403 Forbidden']);
  });

  it('are not used when they are damaged', async () => {
    const world = new World();
    for (const text of ['', '{', '[]', '{"auth":1}']) {
      const data = { 'material.json': Buffer.from(text).toString('base64') };
      world.secrets.set('own/broker-credentials-uid-1', { metadata: { name: 'x' }, data });
      expect(await world.find(broker)).toBeUndefined();
    }
  });

  it('go with the broker, also twice', async () => {
    const world = new World();
    world.createInstance('n');
    await world.keep(broker);
    await world.copies.drop(broker, new AbortController().signal);
    await world.copies.drop(broker, new AbortController().signal);
    expect(world.secrets.size).toBe(0);
    expect(await world.keep(broker)).toBe(true);
    expect(world.secrets.size).toBe(1);
  });

  it('block the broker while nobody can tell whether they are gone', async () => {
    const world = new World();
    world.failure = apiError(500, 'InternalError');
    await expect(world.copies.drop(broker, new AbortController().signal)).rejects.toMatchObject({
      status: 500,
    });
  });
});

class World {
  readonly secrets = new Map<string, SecretObject>();
  readonly logged: string[] = [];
  writes = 0;
  failure: Error | undefined;
  readonly copies: CredentialCopies;
  readonly #stores = createStores({ client: {} as KubeClient, logger: silentLogger });

  constructor() {
    const key = ({ namespace, name }: ObjectRef): string => `${namespace}/${name}`;
    const answer = async <T>(give: () => T): Promise<T> => {
      if (this.failure !== undefined) throw this.failure;
      return give();
    };
    const known = (ref: ObjectRef): SecretObject => {
      const secret = this.secrets.get(key(ref));
      if (secret === undefined) throw apiError(404, 'NotFound');
      return secret;
    };
    const client = {
      get: (_resource: unknown, ref: ObjectRef) => answer(() => known(ref)),
      patch: (_resource: unknown, ref: ObjectRef, secret: SecretObject) =>
        answer(() => {
          this.writes++;
          this.secrets.set(key(ref), secret);
        }),
      delete: (_resource: unknown, ref: ObjectRef) =>
        answer(() => {
          known(ref);
          this.secrets.delete(key(ref));
        }),
    } as unknown as KubeClient;
    this.copies = new CredentialCopies({
      client,
      stores: this.#stores,
      logger: { ...silentLogger, warn: ({ error }) => this.logged.push(String(error)) },
      namespace: 'own',
    });
  }

  createInstance(namespace: string): void {
    const instance: ServiceInstance = { metadata: { name: 'i', namespace, uid: 'i' }, spec: {} };
    this.#stores.serviceInstances.store.put(instance);
  }

  keep(owner: AnyBroker, what = material): Promise<boolean> {
    const parsed = specificationOf(owner);
    if (parsed.kind === 'invalid') throw new Error(parsed.message);
    return this.copies.keep(owner, parsed.specification, what, new AbortController().signal);
  }

  find(owner: AnyBroker): Promise<BrokerMaterial | undefined> {
    return this.copies.find(owner, new AbortController().signal);
  }
}
