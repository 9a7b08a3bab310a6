import { BrokerLanes } from '../../../src/brokers/broker-lanes.ts';
import type { BrokerRef } from '../../../src/brokers/broker-ref.ts';
import { serviceInstances } from '../../../src/api/kinds.ts';
import type { OperationTask } from '../../../src/operations/kind.ts';
import type { BrokeredObject } from '../../../src/operations/operation-status.ts';
import { leaveLane, waitForLane } from '../../../src/operations/wait-for-lane.ts';

const ref: BrokerRef = { kind: 'ClusterServiceBroker', name: 'slow' };
const told = [expect.objectContaining({ type: 'Ready', status: 'False', reason: 'WaitingForBroker' })];
const goesOn = { kind: 'continue' };

let nowMs: number;
let lanes: BrokerLanes;
let woken: number;
/** What was written into the status. */
let saved: object[];

beforeEach(() => {
  nowMs = 0;
  woken = 0;
  saved = [];
  lanes = new BrokerLanes({ stopwatch: { elapsedMs: () => nowMs }, perBroker: 1 });
  lanes.enter(ref, { id: 'somebody', namespace: 'other', wake: () => undefined });
});

const waiting = (status: BrokeredObject['status'] = {}, metadata: object = {}): BrokeredObject => ({
  metadata: { name: 'db', namespace: 'ns', generation: 2, ...metadata },
  spec: {},
  status,
});

/** One run of the reconciler of an instance. */
async function run(object: BrokeredObject): Promise<unknown> {
  const kind = {
    noun: 'Instance',
    resource: serviceInstances,
    storeOf: () => ({ put: () => undefined }),
    brokerOf: () => ref,
    generationOf: () => 2,
  };
  const task = {
    kind,
    connections: { lanes },
    turn: { again: () => woken++ },
    clock: { now: () => 0 },
    client: {
      replace: (_resource: object, { status }: { status: object }) => {
        saved.push(status);
        return Promise.resolve(object);
      },
    },
  } as unknown as OperationTask<BrokeredObject>;
  try {
    return await waitForLane(task, object);
  } finally {
    leaveLane({ lanes }, task.kind, 'ns/db');
  }
}

it('ends the run without a write, and has another one made when there is a lane', async () => {
  expect(await run(waiting())).toEqual({ kind: 'stop', requeueAfterMs: 5_000 });
  expect(saved).toEqual([]);
  lanes.leave('somebody');
  expect(woken).toBe(1);
  expect(await run(waiting())).toMatchObject(goesOn);
});

it('tells whoever has waited for five seconds, and keeps what is recorded of this generation', async () => {
  const object = waiting({ observedGeneration: 2, attempts: 3, nextAttemptTime: '2026-01-01T00:00:00Z' });
  await run(object);
  nowMs = 5_000;
  await run(object);
  const recorded = { attempts: 3, nextAttemptTime: '2026-01-01T00:00:00Z' };
  const conditions = expect.arrayContaining(told) as object;
  expect(saved).toEqual([expect.objectContaining({ ...recorded, conditions })]);
});

it('says nothing in a line that moves, until it has waited for a minute', async () => {
  const before = Array.from({ length: 20 }, (_, number) => `before-${number}`);
  const ask = (id: string): unknown => lanes.enter(ref, { id, namespace: 'ns', wake: () => undefined });
  before.forEach(ask);
  lanes.leave('somebody');
  for (const id of before.slice(0, 15)) {
    ask(id);
    await run(waiting());
    expect(saved).toEqual([]);
    nowMs += 4_000;
    lanes.leave(id);
  }
  await run(waiting());
  expect(saved).toHaveLength(1);
});

it('forgets the attempts that were made for another spec', async () => {
  const object = waiting(
    { observedGeneration: 1, attempts: 3 },
    { deletionTimestamp: '2026-01-01T00:00:00Z' },
  );
  await run(object);
  nowMs = 5_000;
  await run(object);
  expect(saved).toEqual([expect.objectContaining({ conditions: expect.arrayContaining(told) as object })]);
  expect(saved[0]).not.toHaveProperty('attempts');
});

it.each<[string, BrokeredObject['status']]>([
  ['the broker is working on', { asyncOpInProgress: true, observedGeneration: 2 }],
  ['is being cleaned up', { orphanMitigationInProgress: true, observedGeneration: 2 }],
  ['is settled', { reconciledGeneration: 2, observedGeneration: 2 }],
])('says nothing new of what %s', async (_what, status) => {
  await run(waiting(status));
  nowMs = 60_000;
  expect(await run(waiting(status))).toEqual({ kind: 'stop', requeueAfterMs: 60_000 });
  expect(saved).toEqual([]);
});

it('is in the way of nobody who will not speak to a broker', async () => {
  const task = { kind: { brokerOf: () => undefined } } as unknown as OperationTask<BrokeredObject>;
  const object = waiting();
  expect(await waitForLane(task, object)).toEqual({ kind: 'continue', object });
});
