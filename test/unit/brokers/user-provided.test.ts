import { serviceInstances } from '../../../src/api/kinds.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { userProvidedOperations } from '../../../src/brokers/user-provided.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createStores, type Stores } from '../../../src/model/stores.ts';

let stores: Stores;
beforeEach(() => {
  stores = createStores({ client: {} as KubeClient, logger: silentLogger });
});

const signal = AbortSignal.timeout(60_000);
const ids = { instanceId: 'i-1', serviceId: 's', planId: 'p' };
const place = { organizationGuid: 'o', spaceGuid: 'o' };

function operations() {
  const client = { get: () => Promise.reject(new Error('the API server is away')) } as unknown as KubeClient;
  const checksumKey = { get: async () => ({ id: 'k', text: 'key' }) };
  return userProvidedOperations({ client, checksumKey, stores, logger: silentLogger });
}

function instance(namespace: string, spec: Partial<ServiceInstance['spec']>): void {
  stores.serviceInstances.store.put({
    apiVersion: 'servicecatalog.k8s.io/v1beta1',
    kind: serviceInstances.kind,
    metadata: { name: 'db', namespace, resourceVersion: '1' },
    spec: { externalID: 'i-1', ...spec },
  });
}

function binding(namespace: string, name: string): void {
  stores.serviceBindings.store.put({
    metadata: { name, namespace, resourceVersion: '1' },
    spec: { instanceRef: { name: 'db' }, externalID: 'b-1' },
  });
}

describe('the broker of user-provided services', () => {
  it.each([
    ['none', undefined],
    ['no keys', {}],
    ['empty credentials', { credentials: {} }],
  ])('refuses an instance without parameters: %s', async (_what, parameters) => {
    const outcome = await operations().provision({ ...ids, ...place, context: {}, parameters }, signal);
    expect(outcome).toMatchObject({ kind: 'failed', disposition: 'terminal', orphanMitigation: false });
  });

  it('accepts an update that says nothing of parameters, and refuses one that takes them away', async () => {
    expect(await operations().update(ids, signal)).toMatchObject({ kind: 'done' });
    expect(await operations().update({ ...ids, parameters: {} }, signal)).toMatchObject({
      disposition: 'terminal',
    });
  });

  it.each([
    [{ host: 'a' }, { host: 'a' }],
    [{ credentials: { host: 'a' } }, { host: 'a' }],
    [{ credentials: 'text' }, { credentials: 'text' }],
    [
      { credentials: { host: 'a' }, port: 1 },
      { credentials: { host: 'a' }, port: 1 },
    ],
  ])('gives out parameters %j as %j', async (parameters, credentials) => {
    instance('team', { parameters });
    const request = { ...ids, bindingId: 'b-1', context: { namespace: 'team' }, acceptsIncomplete: true };
    expect(await operations().bind(request, signal)).toMatchObject({ kind: 'done', body: { credentials } });
  });

  it('gives nothing of an instance of another namespace, whatever its id', async () => {
    instance('team', { parameters: { password: 'pw' } });
    const request = { ...ids, bindingId: 'b-1', context: { namespace: 'others' }, acceptsIncomplete: true };
    expect(await operations().bind(request, signal)).toMatchObject({ kind: 'failed', disposition: 'retry' });
    binding('others', 'copy');
    const shown = await operations().getBinding({ ...ids, bindingId: 'b-1' }, signal);
    expect(shown).toMatchObject({ kind: 'failed', disposition: 'retry' });
    binding('team', 'own');
    const withCopy = await operations().getBinding({ ...ids, bindingId: 'b-1' }, signal);
    expect(withCopy.kind).toBe('failed');
  });

  it('says that it can not tell when the API server does not', async () => {
    instance('team', { parametersFrom: [{ secretKeyRef: { name: 's', key: 'k' } }] });
    binding('team', 'own');
    const shown = await operations().getBinding({ ...ids, bindingId: 'b-1' }, signal);
    expect(shown).toMatchObject({ kind: 'failed', disposition: 'retry', orphanMitigation: false });
  });
});
