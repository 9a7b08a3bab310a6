import { KubeApiError } from '../../../src/kube/errors.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { ConfigMapObject } from '../../../src/kube/data-objects.ts';
import { RetainedServices } from '../../../src/operations/retained-services.ts';

const id = '5f1c3a52-0f7e-4ce0-9d52-6a8f2b9f4f10';

function records(): RetainedServices {
  const known = new Map<string, ConfigMapObject>();
  const client = {
    create: async (_resource: unknown, object: ConfigMapObject): Promise<ConfigMapObject> => {
      if (known.has(object.metadata.name))
        throw new KubeApiError({ status: 409, reason: 'AlreadyExists', message: 'is there' });
      known.set(object.metadata.name, object);
      return Promise.resolve(object);
    },
    get: async (_resource: unknown, { name }: { readonly name: string }): Promise<ConfigMapObject> => {
      const found = known.get(name);
      if (found === undefined) throw new KubeApiError({ status: 404, reason: 'NotFound', message: 'is not' });
      return Promise.resolve(found);
    },
  };
  return new RetainedServices({ client: client as unknown as KubeClient, namespace: 'bindery-system' });
}

describe('the record of a service that was retained', () => {
  const { signal } = new AbortController();

  it('is of its namespace, in whatever case its id is written', async () => {
    const retained = records();
    await retained.add({ id, namespace: 'orders', name: 'db' }, signal);
    expect(await retained.namespaceOf(id, signal)).toBe('orders');
    expect(await retained.namespaceOf(id.toUpperCase(), signal)).toBe('orders');
    expect(await retained.namespaceOf('another', signal)).toBeUndefined();
  });

  it('stays as it is when another one is retained under the same id in capitals', async () => {
    const retained = records();
    await retained.add({ id, namespace: 'orders', name: 'db' }, signal);
    await retained.add({ id: id.toUpperCase(), namespace: 'mallorys', name: 'db' }, signal);
    expect(await retained.namespaceOf(id.toUpperCase(), signal)).toBe('orders');
  });
});
