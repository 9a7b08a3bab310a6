import { jest } from '@jest/globals';
import type { BrokerClient } from '../../../src/osb/broker-client.ts';
import type { CircuitState } from '../../../src/osb/options.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';
import {
  arrived,
  clientOf,
  never,
  operationNames,
  operations,
  prepare,
  provisionOf,
  withBroker,
} from './harness.ts';

jest.setTimeout(30_000);

const rounds = 10;

/** Catalog requests to all of them at once, round after round: the middle of all their times. */
async function timedRounds(
  clients: readonly BrokerClient[],
  count: number,
): Promise<{ readonly medianMs: number; readonly failures: number }> {
  const timesMs: number[] = [];
  let failures = 0;
  for (let round = 0; round < count; round++) {
    const ask = async (client: BrokerClient): Promise<void> => {
      const startedMs = performance.now();
      const { kind } = await client.catalog({}, never);
      timesMs.push(performance.now() - startedMs);
      if (kind !== 'catalog') failures++;
    };
    await Promise.all(clients.map(ask));
  }
  const sorted = timesMs.toSorted((left, right) => left - right);
  return { medianMs: sorted[Math.floor(sorted.length / 2)]!, failures };
}

describe('one broker that hangs', () => {
  it('does not slow the other 49', async () => {
    const brokers = await Promise.all(Array.from({ length: 50 }, async () => TestBroker.start()));
    const clients = brokers.map((broker) => clientOf(broker, { timeoutMs: 60_000 }));
    try {
      const [sick, ...healthy] = brokers;
      sick!.script({}, { kind: 'hang' }, 'always');
      const giveUp = new AbortController();
      const stuck = Array.from({ length: 100 }, async (_, index) =>
        clients[0]!.provision(provisionOf({ instanceId: `stuck-${index}` }), giveUp.signal),
      );
      const outcomes = await Promise.all(
        clients.slice(1).map(async (client) => client.provision(provisionOf(), never)),
      );
      expect(outcomes.every(({ kind }) => kind === 'done')).toBe(true);
      expect(healthy.every((broker) => broker.liveInstances().length === 1)).toBe(true);
      expect(clients[0]!.load).toEqual({ running: 16, waiting: 84 });
      // No more than the limit ever reached it.
      expect(sick!.requests.length).toBeLessThanOrEqual(16);
      giveUp.abort();
      expect(
        (await Promise.all(stuck)).every(
          (outcome) => outcome.kind === 'failed' && outcome.reason === 'Cancelled',
        ),
      ).toBe(true);
    } finally {
      await Promise.all(brokers.map(async (broker) => broker.stop()));
      await Promise.all(clients.map(async (client) => client.close()));
    }
  });

  it('leaves them at their latency', async () => {
    const brokers = await Promise.all(Array.from({ length: 50 }, async () => TestBroker.start()));
    const clients = brokers.map((broker) => clientOf(broker, { timeoutMs: 60_000 }));
    const giveUp = new AbortController();
    try {
      const healthy = clients.slice(1);
      await timedRounds(healthy, 1);
      const before = await timedRounds(healthy, rounds);
      brokers[0]!.script({}, { kind: 'hang' }, 'always');
      const stuck = Array.from({ length: 100 }, async (_, index) =>
        clients[0]!.provision(provisionOf({ instanceId: `stuck-${index}` }), giveUp.signal),
      );
      await arrived(brokers[0]!, 16);
      const during = await timedRounds(healthy, rounds);

      expect(during.failures + before.failures).toBe(0);
      expect(brokers.slice(1).map(({ requests }) => requests.length)).toEqual(
        healthy.map(() => 1 + 2 * rounds),
      );
      // The sick one was sick all the time.
      expect(clients[0]!.load).toEqual({ running: 16, waiting: 84 });
      // Generous, because a busy machine may pause this process at any point.
      expect(during.medianMs / before.medianMs).toBeLessThan(5);
      giveUp.abort();
      await Promise.all(stuck);
    } finally {
      giveUp.abort();
      await Promise.all(brokers.map(async (broker) => broker.stop()));
      await Promise.all(clients.map(async (client) => client.close()));
    }
  });

  it('holds back only so many requests, and says so to the others', async () => {
    await withBroker(
      async ({ broker, client }) => {
        broker.script({}, { kind: 'hang' }, 'always');
        const giveUp = new AbortController();
        const stuck = client.provision(provisionOf(), giveUp.signal);
        const outcome = await client.provision(provisionOf({ instanceId: 'i-2' }), never);
        expect(outcome).toMatchObject({ reason: 'Busy', disposition: 'retry', orphanMitigation: false });
        giveUp.abort();
        await stuck;
        expect(broker.requests.length).toBeLessThanOrEqual(1);
      },
      { client: { limiter: { maxConcurrent: 1, maxWaitMs: 20 } } },
    );
  });
});

describe('the circuit of a broker', () => {
  it('opens when nothing comes back, says so, and closes when the broker is there again', async () => {
    const states: CircuitState[] = [];
    let nowMs = 0;
    const options = {
      client: {
        circuit: { failureThreshold: 3, initialOpenMs: 1000 },
        stopwatch: { elapsedMs: () => nowMs },
        onCircuit: (state: CircuitState) => states.push(state),
      },
    };
    await withBroker(async ({ broker, client }) => {
      broker.script({}, { kind: 'reset' }, 'always');
      for (let index = 0; index < 3; index++) {
        expect(await client.catalog({}, never)).toMatchObject({ reason: 'ConnectionReset' });
      }
      expect(client.circuitState).toBe('open');
      const seen = broker.requests.length;
      expect(await client.provision(provisionOf(), never)).toMatchObject({
        reason: 'CircuitOpen',
        disposition: 'retry',
        orphanMitigation: false,
        retryAfterMs: 1000,
        brokerLevel: true,
      });
      expect(broker.requests).toHaveLength(seen);
      broker.forget();
      nowMs = 1000;
      expect(await client.provision(provisionOf(), never)).toMatchObject({ kind: 'done' });
      expect(states).toEqual(['open', 'half-open', 'closed']);
    }, options);
  });

  it('stays closed while the broker answers, whatever it says', async () => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, { kind: 'answer', status: 500 }, 'always');
      for (let index = 0; index < 20; index++) await client.catalog({}, never);
      expect(client.circuitState).toBe('closed');
    });
  });
});

describe('what a client reports of itself', () => {
  it.each(operationNames)('%s: operation, status and time, no ids and no secrets', async (name) => {
    await withBroker(async (pair) => {
      await prepare(pair);
      await operations[name](pair.client);
      const call = pair.calls.at(-1);
      expect(call).toMatchObject({ operation: name, status: pair.broker.requests[0]?.status });
      expect(call?.durationMs).toBeGreaterThan(0);
      // A random UUID may well contain one of the short ids.
      const text = JSON.stringify(pair.calls.map((each) => ({ ...each, requestIdentity: '' })));
      expect(pair.broker.secretsIn(text)).toEqual([]);
      expect(text).not.toMatch(/i-1|b-1/);
    });
  });

  it('has a reason when there was no answer', async () => {
    await withBroker(async ({ broker, client, calls }) => {
      broker.script({}, { kind: 'reset' }, 'always');
      await client.catalog({}, never);
      expect(calls).toMatchObject([{ operation: 'catalog', reason: 'ConnectionReset' }]);
      expect(calls[0]).not.toHaveProperty('status');
    });
  });
});
