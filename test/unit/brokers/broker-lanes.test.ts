import { array, assert, constantFrom, property, tuple } from 'fast-check';
import { BrokerLanes, type LaneUser } from '../../../src/brokers/broker-lanes.ts';
import type { BrokerRef } from '../../../src/brokers/broker-ref.ts';

const slow: BrokerRef = { kind: 'ClusterServiceBroker', name: 'slow' };
const other: BrokerRef = { kind: 'ClusterServiceBroker', name: 'other' };

let nowMs: number;
let lanes: BrokerLanes;
let woken: string[];

beforeEach(() => {
  nowMs = 0;
  woken = [];
  lanes = new BrokerLanes({ stopwatch: { elapsedMs: () => nowMs }, perBroker: 4 });
});

/** An object with the id "namespace/name". */
function user(id: string): LaneUser {
  return { id, namespace: id.slice(0, id.indexOf('/')), wake: () => woken.push(id) };
}

/** A run of each that asks and goes on, or is over because it has to wait. Gives those that have a lane. */
function ask(ref: BrokerRef, ...ids: readonly string[]): readonly string[] {
  return ids.filter((id) => {
    if (lanes.enter(ref, user(id)) === undefined) return true;
    lanes.leave(id);
    return false;
  });
}

it('gives a namespace three quarters of the lanes of a broker, and the rest to others', () => {
  expect(ask(slow, 'a/1', 'a/2', 'a/3', 'a/4')).toEqual(['a/1', 'a/2', 'a/3']);
  expect(ask(slow, 'b/1', 'c/1')).toEqual(['b/1']);
  expect(lanes.waiting).toBe(2);
});

it('has lanes for every broker, whatever the others do', () => {
  ask(slow, 'a/1', 'a/2', 'a/3', 'b/1', 'b/2');
  expect(ask(other, 'a/5', 'b/5')).toEqual(['a/5', 'b/5']);
});

it('a namespace takes turns with the others, and its objects come in their order', () => {
  ask(slow, 'a/1', 'a/2', 'b/1', 'b/2');
  ask(slow, 'a/3', 'a/4', 'a/5', 'b/3', 'c/1');
  const order: string[] = [];
  for (const id of ['a/1', 'a/2', 'b/1', 'b/2']) lanes.leave(id);
  order.push(...woken.splice(0));
  expect(ask(slow, ...order)).toEqual(order);
  for (const id of order) lanes.leave(id);
  expect([...order, ...woken]).toEqual(['a/3', 'b/3', 'c/1', 'a/4', 'a/5']);
});

it('who was woken has its lane when it comes, and whoever comes before it waits', () => {
  ask(slow, 'a/1', 'a/2', 'b/1', 'b/2', 'c/1');
  lanes.leave('a/1');
  expect(woken).toEqual(['c/1']);
  expect(ask(slow, 'd/1')).toEqual([]);
  expect(ask(slow, 'c/1')).toEqual(['c/1']);
});

it('who was woken during a run that had asked in vain keeps the lane for the next run', () => {
  ask(slow, 'a/1', 'a/2', 'b/1', 'b/2');
  expect(lanes.enter(slow, user('c/1'))).toBeDefined();
  lanes.leave('a/1');
  lanes.leave('c/1');
  expect(woken).toEqual(['c/1']);
  expect(ask(slow, 'c/1')).toEqual(['c/1']);
});

it('what does not want its lane any more, or is gone, is in nobody’s way', () => {
  ask(slow, 'a/1', 'a/2', 'b/1', 'b/2', 'c/1', 'd/1');
  // Runs that do not ask.
  lanes.leave('c/1');
  lanes.leave('a/1');
  expect(woken).toEqual(['d/1']);
  lanes.leave('d/1');
  expect(ask(slow, 'e/1')).toEqual(['e/1']);
});

it('tells for how long somebody has waited, and for how long nobody has gone', () => {
  ask(slow, 'a/1', 'a/2', 'b/1', 'b/2', 'd/1');
  nowMs = 1_000;
  expect(lanes.enter(slow, user('c/1'))).toEqual({ waitedMs: 0, stillMs: 0 });
  lanes.leave('c/1');
  nowMs = 5_000;
  lanes.leave('a/1');
  nowMs = 8_000;
  expect(lanes.enter(slow, user('c/1'))).toEqual({ waitedMs: 7_000, stillMs: 3_000 });
});

it('an object that asks for another broker gives back what it had', () => {
  ask(slow, 'a/1', 'a/2', 'b/1', 'b/2', 'c/1');
  expect(ask(other, 'a/1')).toEqual(['a/1']);
  expect(woken).toEqual(['c/1']);
});

it('bounds what a namespace has at all brokers together, and gives it back in the same way', () => {
  const brokers = Array.from({ length: 40 }, (_, index) => ({ ...slow, name: `b-${index}` }));
  const ids = brokers.flatMap((_, index) => [`a/${index}-1`, `a/${index}-2`]);
  const held = brokers.flatMap((ref, index) => ask(ref, `a/${index}-1`, `a/${index}-2`));
  expect(held).toEqual(ids.slice(0, 64));
  expect(ask(brokers[39] ?? slow, 'b/1')).toEqual(['b/1']);
  lanes.leave('a/0-1');
  expect(woken).toEqual(['a/32-1']);
});

it('cluster-wide brokers that are all slow keep none from its catalog', () => {
  const catalogs = Array.from({ length: 200 }, (_, index) => `/b-${index}`);
  expect(catalogs.flatMap((id) => ask({ ...slow, name: id }, id))).toEqual(catalogs);
});

it('wakes everybody when it is reset, and begins anew', () => {
  ask(slow, 'a/1', 'a/2', 'b/1', 'b/2', 'c/1');
  lanes.reset();
  expect(woken).toContain('c/1');
  expect(ask(slow, 'c/1', 'c/2', 'c/3', 'd/1')).toHaveLength(4);
});

it('whatever happens, no bound is exceeded, and nobody waits where there is room', () => {
  const ids = ['a/1', 'a/2', 'a/3', 'a/4', 'a/5', 'b/1', 'b/2', 'c/1'];
  const step = tuple(constantFrom(...ids), constantFrom('ask', 'end'), constantFrom(slow, other));
  assert(
    property(array(step, { maxLength: 60 }), (steps) => {
      lanes = new BrokerLanes({ stopwatch: { elapsedMs: () => nowMs }, perBroker: 4 });
      woken = [];
      const held = new Map<string, BrokerRef>();
      const wanted = new Map<string, BrokerRef>();
      const run = (id: string, ref: BrokerRef): void => {
        held.delete(id);
        if (ask(ref, id).length === 1) held.set(id, ref);
        else wanted.set(id, ref);
      };
      for (const [id, what, ref] of steps) {
        wanted.delete(id);
        if (what === 'ask') run(id, ref);
        else {
          held.delete(id);
          lanes.leave(id);
        }
        for (const next of woken.splice(0)) {
          const at = wanted.get(next);
          wanted.delete(next);
          if (at !== undefined) run(next, at);
        }
        for (const at of [slow, other]) {
          const users = [...held].filter(([, where]) => where === at).map(([user]) => user);
          const counts = Map.groupBy(users, (user) => user.slice(0, 1));
          expect(users.length).toBeLessThanOrEqual(4);
          for (const of of counts.values()) expect(of.length).toBeLessThanOrEqual(3);
          for (const [waiting, where] of wanted) {
            if (where !== at) continue;
            expect(users.length === 4 || (counts.get(waiting.slice(0, 1)) ?? []).length === 3).toBe(true);
          }
        }
      }
    }),
  );
});
