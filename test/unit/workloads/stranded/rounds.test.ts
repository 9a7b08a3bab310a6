import { Rounds } from '../../../../src/workloads/stranded/rounds.ts';

let nowMs: number;
let rounds: Rounds;
beforeEach(() => {
  nowMs = 0;
  rounds = new Rounds({ elapsedMs: () => nowMs });
});

const alone = (): readonly string[] => [];

it('lets all Pods that were there be replaced at once', () => {
  const all = Array.from({ length: 1_000 }, (_, at) => `p${at}`);
  expect(all.map((pod) => rounds.enter('app', pod, () => all))).toEqual(all.map(() => 0));
});

it('lets those that were made in their place wait, longer each time, and then for good', () => {
  const waits: (number | undefined)[] = [];
  for (let at = 0; at < 6; at++) {
    const waitMs = rounds.enter('app', `p${at}`, alone);
    waits.push(waitMs);
    nowMs += waitMs ?? 0;
    if (waitMs !== undefined) expect(rounds.enter('app', `p${at}`, alone)).toBe(0);
  }
  expect(waits).toEqual([0, 10_000, 20_000, 40_000, 80_000, undefined]);
  expect(rounds.enter('another', 'p', alone)).toBe(0);
});

it('begins anew when nothing was replaced for an hour', () => {
  for (let at = 0; at < 5; at++) {
    nowMs += rounds.enter('app', `p${at}`, alone) ?? 0;
    rounds.enter('app', `p${at}`, alone);
  }
  expect(rounds.enter('app', 'last', alone)).toBeUndefined();
  nowMs += 3_600_000;
  expect(rounds.enter('app', 'last', alone)).toBe(0);
});
