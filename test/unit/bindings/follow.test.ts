import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { builtInBrokerName } from '../../../src/api/user-provided.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { readsOf } from '../../../src/bindings/follow.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createStores } from '../../../src/model/stores.ts';

const stores = createStores({ client: {} as KubeClient, logger: silentLogger });
const from = (name: string, key: string) => ({ secretKeyRef: { name, key } });

beforeAll(() => {
  stores.serviceInstances.store.put({
    metadata: { namespace: 'n', name: 'i', uid: 'u', resourceVersion: '1' },
    spec: { parametersFrom: [from('one', 'a'), from('one', 'b'), from('two', 'a')] },
  });
});

function binding(broker: string, secretTransforms: readonly object[] = []): ServiceBinding {
  const properties = {
    instanceID: 'i',
    serviceID: 's',
    planID: 'p',
    broker: { kind: 'ClusterServiceBroker', name: broker },
  };
  return {
    metadata: { namespace: 'n', name: 'b' },
    spec: { instanceRef: { name: 'i' }, secretTransforms },
    status: { externalProperties: properties },
  } as unknown as ServiceBinding;
}

const copies = [{ addKeysFrom: { secretRef: { namespace: 'n', name: 'c' } } }];

describe('a look at a binding', () => {
  it.each([
    ['of a broker reads its Secret', binding('other'), 1],
    ['that copies keys reads that Secret, too', binding('other', copies), 2],
    ['of a user-provided service reads those of its instance, each once', binding(builtInBrokerName), 3],
    ['that is gone reads no more', undefined, 1],
  ])('%s', (_what, object, expected) => {
    expect(readsOf(object, stores)).toBe(expected);
  });
});
