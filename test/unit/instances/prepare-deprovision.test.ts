import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { createStores, type Stores } from '../../../src/model/stores.ts';
import { bindingsInTheWay, learnOfBindings } from '../../../src/instances/prepare-deprovision.ts';
import type { KubeClient } from '../../../src/kube/client.ts';

const { signal } = new AbortController();
const deletionTimestamp = '2026-01-01T00:00:10Z';
const instance: ServiceInstance = { metadata: { name: 'db', namespace: 'ns', deletionTimestamp }, spec: {} };

function binding(name: string, creationTimestamp: string, instanceName = 'db'): ServiceBinding {
  const metadata = { name, namespace: 'ns', uid: name, resourceVersion: '7', creationTimestamp };
  return { metadata, spec: { instanceRef: { name: instanceName } } };
}

const before = '2026-01-01T00:00:00Z';
const after = '2026-01-01T00:00:20Z';

/** Knows `known`, while the API server has `listed`. @returns what is in the way then, and how often was listed */
async function learn(known: readonly ServiceBinding[], listed: readonly ServiceBinding[], of = instance) {
  let lists = 0;
  const client = {
    list: () => {
      lists++;
      return Promise.resolve({ items: listed, metadata: { resourceVersion: '9' } });
    },
  } as unknown as KubeClient;
  const stores: Stores = createStores({ client, logger: silentLogger });
  for (const each of known) stores.serviceBindings.store.put(each);
  await learnOfBindings({ client, stores, signal }, of);
  return { names: bindingsInTheWay({ stores }, of).map(({ metadata }) => metadata.name), lists };
}

describe('before the DELETE of an instance', () => {
  it('bindings that the watch has not told of are found', async () => {
    const listed = [binding('mine', before), binding('late', after), binding('other', before, 'other')];
    expect(await learn([], listed)).toEqual({ names: ['mine'], lists: 1 });
    expect(await learn([binding('late', after)], listed)).toEqual({ names: ['mine'], lists: 1 });
  });

  it('nothing is listed while it waits for a binding that is known', async () => {
    expect(await learn([binding('mine', before)], [])).toEqual({ names: ['mine'], lists: 0 });
  });

  it('nothing is listed once it has been asked for', async () => {
    const asked: ServiceInstance = { ...instance, status: { currentOperation: 'Deprovision' } };
    expect(await learn([], [binding('mine', before)], asked)).toEqual({ names: [], lists: 0 });
  });
});
