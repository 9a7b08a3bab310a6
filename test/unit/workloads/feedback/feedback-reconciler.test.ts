import type { Condition } from '../../../../src/api/generated/shared-types.ts';
import type { ServiceBinding } from '../../../../src/api/generated/service-binding.ts';
import { Store } from '../../../../src/control/store.ts';
import { KubeApiError } from '../../../../src/kube/errors.ts';
import type { KubeObject } from '../../../../src/kube/objects.ts';
import { createStores } from '../../../../src/model/stores.ts';
import { feedbackReconciler } from '../../../../src/workloads/feedback/feedback-reconciler.ts';
import {
  namespaceOfNeedy,
  needsIn,
  trimPod,
  type KeptPod,
  type RawPod,
} from '../../../../src/workloads/pod.ts';
import { rawPod, withDb, type PodParts } from './watched.ts';

const ready: Condition = {
  type: 'Ready',
  status: 'True',
  reason: 'InjectedBindResult',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
};
const reconciling: Condition = { ...ready, type: 'Reconciling', reason: 'UnbindingRequestInFlight' };

function binding(resourceVersion: string, status: object = {}): ServiceBinding {
  return {
    metadata: { name: 'orders', namespace: 'shop', uid: 'b', generation: 1, resourceVersion },
    spec: { instanceRef: { name: 'orders' }, secretName: 'creds' },
    status: { observedGeneration: 1, conditions: [ready], ...status },
  };
}

function world(...parts: readonly PodParts[]) {
  let nowMs = 0;
  let failure: Error | undefined;
  const told: string[] = [];
  const written: (readonly Condition[])[] = [];
  const stores = createStores({ client: {} as never, logger: undefined as never });
  stores.namespaces.store.put({ metadata: { name: 'shop', uid: 'n', resourceVersion: '1' } });
  const pods = new Store<KeptPod, RawPod>({
    trim: trimPod,
    indexes: { namespace: namespaceOfNeedy, needs: needsIn },
  });
  for (const one of parts) pods.put(rawPod(one));
  const replace = async (
    _resource: unknown,
    { status }: { readonly status: { readonly conditions: readonly Condition[] } },
  ) => {
    if (failure !== undefined) throw failure;
    written.push(status.conditions);
    return binding(String(100 + written.length), status);
  };
  const reconcile = feedbackReconciler({
    client: { replace } as never,
    stores,
    workloads: [],
    pods: { store: pods },
    presets: { store: new Store({ indexes: { namespace: () => [] } }) },
    events: {
      record: ({ kind, metadata }: KubeObject, _type: string, reason: string) =>
        void told.push(`${kind}/${metadata.name} ${reason}`),
    },
    clock: { now: () => 0 },
    stopwatch: { elapsedMs: () => nowMs },
    namespace: 'bindery-system',
  });
  return {
    told,
    written,
    pods,
    bindings: stores.serviceBindings.store,
    fail: (error: Error | undefined) => {
      failure = error;
    },
    /** As the queue does: as often as it is asked to come again within ten seconds. */
    look: async () => {
      const endMs = nowMs + 10_000;
      for (;;) {
        const { requeueAfterMs = Infinity } = (await reconcile('shop', AbortSignal.timeout(10_000))) ?? {};
        if (nowMs + requeueAfterMs > endMs) break;
        nowMs += requeueAfterMs;
      }
      nowMs = endMs;
    },
  };
}

const without = { asks: withDb.asks };

it('a thousand Pods that nobody made, without what they ask for, are told in one write and twenty Events', async () => {
  const { bindings, look, told, written } = world(
    ...Array.from({ length: 1_000 }, (_, at) => ({ ...without, name: `job-${at}`, isBare: true })),
  );
  bindings.put(binding('1'));
  await look();
  expect(told).toHaveLength(20);
  expect(written).toHaveLength(1);
  expect(written[0]?.map(({ type, status }) => `${type} ${status}`)).toEqual([
    'Injected False',
    'Ready True',
  ]);
  await look();
  expect([told.length, written.length]).toEqual([20, 1]);
});

it.each([
  ['has an operation under way', { conditions: [reconciling, ready] }],
  ['is recorded to have one', { currentOperation: 'Bind' }],
  ['is cleaned up', { orphanMitigationInProgress: true }],
  ['has not been looked at since it changed', { observedGeneration: 0 }],
  ['has not been looked at', { conditions: [] }],
])('a binding that %s is left alone until it is at rest', async (_what, status) => {
  const { bindings, look, written } = world(withDb);
  bindings.put(binding('1', status));
  await look();
  expect(written).toEqual([]);
  bindings.put(binding('2'));
  await look();
  expect(written).toHaveLength(1);
});

it('a write that somebody else was faster with is not repeated before their version is there', async () => {
  const { bindings, look, written, fail, told } = world({ ...without });
  bindings.put(binding('1'));
  fail(new KubeApiError({ status: 409, reason: 'Conflict', message: 'changed' }));
  await look();
  expect(told).toEqual(['Pod/web-7d9f-abcde NotInjected']);
  fail(undefined);
  bindings.put(binding('2'));
  await look();
  expect(written).toHaveLength(1);
});

it('what was told is taken back when the last Pod is gone', async () => {
  const { bindings, look, written, pods } = world(withDb);
  bindings.put(binding('1'));
  await look();
  pods.remove(rawPod(withDb));
  await look();
  expect(written.map((conditions) => conditions.map(({ type }) => type))).toEqual([
    ['Injected', 'Ready'],
    ['Ready'],
  ]);
});
