import { serviceInstances } from '../../../src/api/kinds.ts';
import type { BrokerClient } from '../../../src/osb/broker-client.ts';
import { KeptTimes } from '../../../src/control/kept-times.ts';
import { deleteAtBroker } from '../../../src/operations/delete-at-broker.ts';
import type { BrokeredObject } from '../../../src/operations/operation-status.ts';
import { operationDeadline } from '../../../src/operations/polling.ts';
import type { OperationTask } from '../../../src/operations/kind.ts';
import { PollPace } from '../../../src/operations/poll-pace.ts';
import { answer, interpret } from '../osb/replies.ts';

const working = interpret('pollInstance', answer(200, '{"state":"in progress"}', { retryAfter: '900' }));
const busy = interpret('deprovision', answer(422, '{"error":"ConcurrencyError"}'));
const timeoutMs = 600_000;
const told = { reason: 'Told', message: 'Told' };

/** An instance that the broker is making, and that somebody has deleted meanwhile. */
class World {
  /** The operation texts of the polls. */
  readonly polled: string[] = [];
  nowMs = Date.parse('2026-01-01T00:00:00Z');
  readonly task: OperationTask<BrokeredObject>;
  object: BrokeredObject;

  constructor() {
    const clock = { now: () => this.nowMs };
    const stopwatch = { elapsedMs: () => this.nowMs };
    this.task = {
      clock,
      stopwatch,
      times: new KeptTimes({ clock, stopwatch }),
      polls: new PollPace(stopwatch),
      kind: {
        noun: 'Instance',
        resource: serviceInstances,
        storeOf: () => ({ put: () => undefined }),
        deletion: { operation: 'Deprovision', inFlight: told, underWay: told, failed: told },
        reach: ({ status }: BrokeredObject) => ({
          broker: {},
          delete: () => Promise.resolve(busy),
          poll: () => {
            this.polled.push(status?.lastOperation ?? '');
            return Promise.resolve(working);
          },
        }),
        generationOf: ({ metadata }: BrokeredObject) => metadata.generation,
      },
      client: {
        replace: (_resource: object, { status = {} }: BrokeredObject) => {
          this.object = { ...this.object, status };
          return Promise.resolve(this.object);
        },
      },
      events: { record: () => undefined },
      connections: {
        connect: () => Promise.resolve({ kind: 'connected', client: {} as BrokerClient }),
        reportFailure: () => undefined,
      },
      settings: {
        operationTimeoutMs: timeoutMs,
        maxPollIntervalMs: 60_000,
        retry: { initialMs: 1000, maxMs: 300_000 },
      },
      signal: new AbortController().signal,
    } as unknown as OperationTask<BrokeredObject>;
    this.object = {
      metadata: { name: 'db', namespace: 'ns', uid: 'u', generation: 2, deletionTimestamp: 'now' },
      spec: {},
      status: {
        asyncOpInProgress: true,
        currentOperation: 'Provision',
        lastOperation: 'op',
        inProgressProperties: {},
        observedGeneration: 2,
        operationDeadline: operationDeadline(this.task, null),
      },
    };
  }

  /** @returns milliseconds until the next run; undefined for none */
  async delete(): Promise<number | undefined> {
    const step = await deleteAtBroker(this.task, this.object);
    return step.kind === 'stop' ? step.requeueAfterMs : undefined;
  }
}

describe('a DELETE of what the broker is still making, answered with ConcurrencyError', () => {
  it('waits for the end of that, by polls', async () => {
    const world = new World();
    expect(await world.delete()).toBeGreaterThanOrEqual(1000);
    expect(world.object.status).toMatchObject({ asyncOpInProgress: true, currentOperation: 'Provision' });
  });

  it('is repeated with growing pauses when the time of that is up', async () => {
    const world = new World();
    await world.delete();
    world.nowMs += timeoutMs + 1;
    expect(await world.delete()).toBeGreaterThan(0);
    expect(world.object.status).toMatchObject({
      asyncOpInProgress: false,
      currentOperation: 'Deprovision',
      attempts: 2,
      inProgressProperties: {},
    });
    expect(Date.parse(world.object.status?.nextAttemptTime ?? '')).toBeGreaterThan(world.nowMs);
  });

  it('asks once each time how that goes, since nobody polls it any more, and keeps its Retry-After', async () => {
    const world = new World();
    await world.delete();
    expect(world.polled).toEqual([]);
    world.nowMs += timeoutMs + 1;
    for (const asked of [1, 2, 3]) {
      expect(await world.delete()).toBeGreaterThanOrEqual(900_000);
      expect(world.polled).toEqual(Array(asked).fill('op'));
    }
  });

  it('asks nothing when it is the first request since what is there was confirmed', async () => {
    const world = new World();
    world.object = { ...world.object, status: { observedGeneration: 2, externalProperties: {} } };
    await world.delete();
    expect(world.polled).toEqual([]);
    await world.delete();
    expect(world.polled).toEqual(['']);
  });
});
