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
