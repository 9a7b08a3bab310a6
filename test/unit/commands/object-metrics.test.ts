import { silentLogger } from '../../../src/base/logger.ts';
import { watchStores } from '../../../src/commands/object-metrics.ts';
import { createStores } from '../../../src/model/stores.ts';
import { statusOf, type Verdict } from '../../../src/model/verdict.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';

const now = '2026-01-02T03:04:05Z';
const said = { reason: 'R', message: 'm' };
const retrying = { kind: 'retrying', ...said, nextAttemptTime: now } as const;
const ready = { kind: 'ready', ...said } as const;

/** The states of one broker that has been through these verdicts, as they are counted. */
async function statesAfter(verdicts: readonly Verdict[], metadata: object = {}): Promise<readonly string[]> {
  const metrics = createMetrics();
  // Nothing is listed or watched: the store is filled by hand.
  const stores = createStores({ client: {} as KubeClient, logger: silentLogger });
  watchStores(metrics, stores);
  let status = {};
  for (const verdict of verdicts) status = statusOf(verdict, status, 1, now);
  stores.clusterServiceBrokers.store.put({
    metadata: { name: 'acme', resourceVersion: '1', ...metadata },
    spec: { url: 'https://b.example' },
    status,
  });
  const pattern = /^bindery_objects\{kind="ClusterServiceBroker",state="(\w+)"\} 1$/gm;
  return [...(await metrics.text()).matchAll(pattern)].map(([, state = '']) => state);
}

describe('an object is counted as', () => {
  it.each<[string, readonly Verdict[], object]>([
    ['working', [], {}],
    ['working', [{ kind: 'working', ...said }], {}],
    ['ready', [ready], {}],
    ['retrying', [retrying], {}],
    ['ready', [ready, { ...retrying, usable: true }], {}],
    ['failed', [{ kind: 'stalled', ...said, failedReason: 'F' }], {}],
    ['deleting', [ready, { kind: 'deleting', ...said }], { deletionTimestamp: now }],
  ])('%s after %j', async (state, verdicts, metadata) => {
    expect(await statesAfter(verdicts, metadata)).toEqual([state]);
  });
});

it('bindings whose credentials end are counted by what their condition says, and those of before no more', async () => {
  const metrics = createMetrics();
  const stores = createStores({ client: {} as KubeClient, logger: silentLogger });
  watchStores(metrics, stores);
  const put = (name: string, reason?: string, resourceVersion = '1'): void => {
    const condition = {
      type: 'CredentialsExpiring',
      status: 'True',
      message: 'm',
      lastTransitionTime: now,
    } as const;
    stores.serviceBindings.store.put({
      metadata: { name, namespace: 'n', resourceVersion },
      spec: { instanceRef: { name: 'db' } },
      status: { conditions: reason === undefined ? [] : [{ ...condition, reason }] },
    });
  };
  put('a', 'ExpiringSoon');
  put('b', 'Expired');
  put('c', 'Expired');
  put('d');
  expect(await metrics.text()).toContain('bindery_expiring_bindings{reason="Expired"} 2');
  put('b', undefined, '2');
  expect(await metrics.text()).toContain('bindery_expiring_bindings{reason="Expired"} 1');
  expect(await metrics.text()).toContain('bindery_expiring_bindings{reason="ExpiringSoon"} 1');
  expect(await metrics.text()).toContain('bindery_expiring_bindings{reason="RenewalDue"} 0');
});
