import { EventBudget } from '../../../src/kube/event-budget.ts';

let nowMs: number;
let budget: EventBudget;

beforeEach(() => {
  nowMs = 1_000_000;
  budget = new EventBudget({ elapsedMs: () => nowMs });
});

function takeMany(object: string, times: number): number {
  return Array.from({ length: times }, () => budget.take(object)).filter(Boolean).length;
}

it('allows 25 at once for each object', () => {
  expect(takeMany('a', 100)).toBe(25);
  expect(takeMany('b', 100)).toBe(25);
});

it.each([
  ['299 s', 299_000, 0],
  ['5 min', 300_000, 1],
  ['16 min', 960_000, 3],
  ['a day', 86_400_000, 25],
])('after %s it has so many again', (_name, waitMs, expected) => {
  takeMany('a', 25);
  nowMs += waitMs;
  expect(takeMany('a', 100)).toBe(expected);
});

it('gains in small steps as much as in large ones', () => {
  takeMany('a', 25);
  let taken = 0;
  for (let minute = 0; minute < 60; minute++) {
    nowMs += 60_000;
    taken += takeMany('a', 1);
  }
  expect(taken).toBe(12);
});

it('remembers a bounded number of objects', () => {
  takeMany('first', 25);
  for (let object = 0; object < 1_500; object++) budget.take(`object-${object}`);
  expect(takeMany('first', 100)).toBe(25);
  expect(takeMany('object-1499', 100)).toBe(24);
});
