import { statusOf, type Verdict } from '../../../src/model/verdict.ts';

const now = '2026-01-02T03:04:05Z';
const before = '2026-01-01T00:00:00Z';
const readyTrue = {
  type: 'Ready',
  status: 'True',
  reason: 'Was',
  message: 'was fine',
  lastTransitionTime: before,
} as const;
const readyFalse = { ...readyTrue, status: 'False' } as const;

/** `Ready=True Reconciling=True`, in the order of the list. */
function told(verdict: Verdict, conditions: readonly (typeof readyTrue | typeof readyFalse)[] = []): string {
  return statusOf(verdict, { conditions }, 7, now)
    .conditions.map(({ type, status, reason }) => `${type}=${status}:${reason}`)
    .join(' ');
}

const said = { reason: 'R', message: 'm' };

describe('conditions of a verdict', () => {
  it.each<[string, Verdict, string]>([
    ['ready', { kind: 'ready', ...said }, 'Ready=True:R'],
    ['working', { kind: 'working', ...said }, 'Reconciling=True:R Ready=False:R'],
    [
      'retrying',
      { kind: 'retrying', ...said, nextAttemptTime: now },
      'Reconciling=True:Backoff Ready=False:R',
    ],
    [
      'stalled',
      { kind: 'stalled', ...said, failedReason: 'F' },
      'Stalled=True:R Ready=False:R Failed=True:F',
    ],
    ['cleaning', { kind: 'cleaning', ...said }, 'Reconciling=True:R OrphanMitigation=True:R Ready=False:R'],
    [
      'cleaning for good',
      { kind: 'cleaning', ...said, failedReason: 'F' },
      'Reconciling=True:R OrphanMitigation=True:R Ready=False:R Failed=True:F',
    ],
    [
      'held back, P38',
      { kind: 'held-back', ...said, cause: 'c' },
      'Stalled=True:R OrphanMitigation=False:R Ready=False:R',
    ],
    ['deleting', { kind: 'deleting', ...said }, 'Reconciling=True:R Ready=False:R'],
  ])('of a new object: %s', (_name, verdict, expected) => {
    expect(told(verdict)).toBe(expected);
  });

  it.each<[string, Verdict, string]>([
    ['updating', { kind: 'working', ...said, usable: true }, 'Reconciling=True:R Ready=True:Was'],
    [
      'a failed update that is tried again',
      { kind: 'retrying', ...said, usable: true, nextAttemptTime: now },
      'Reconciling=True:Backoff Ready=True:Was',
    ],
    [
      'a refused update',
      { kind: 'stalled', ...said, usable: true, failedReason: 'F' },
      'Stalled=True:R Ready=True:Was Failed=True:F',
    ],
  ])('Ready stays True while what is there keeps working: %s', (_name, verdict, expected) => {
    expect(told(verdict, [readyTrue])).toBe(expected);
  });

  it('does not call usable what never was ready', () => {
    expect(told({ kind: 'working', ...said, usable: true }, [readyFalse])).toBe(
      'Reconciling=True:R Ready=False:R',
    );
  });

  it('speaks of the generation in every condition, and of the last one in lastConditionState', () => {
    const status = statusOf(
      { kind: 'stalled', ...said, failedReason: 'F' },
      { conditions: [readyTrue] },
      7,
      now,
    );
    expect(status.conditions.map(({ observedGeneration }) => observedGeneration)).toEqual([7, 7, 7]);
    expect(status.observedGeneration).toBe(7);
    expect(status.lastConditionState).toBe('Failed');
  });

  it.each<[string, Verdict, string]>([
    ['goes on', { kind: 'deleting', ...said }, 'Reconciling=True:R Ready=False:R'],
    [
      'is refused by the broker',
      { kind: 'deleting', ...said, isRefused: true },
      'Reconciling=True:R Ready=Unknown:R',
    ],
  ])(
    'of what was ready, and whose deletion %s, are not Ready; the last one says why',
    (_name, verdict, expected) => {
      const failed = { ...readyTrue, type: 'Failed' } as const;
      expect(told(verdict, [readyTrue])).toBe(expected);
      const status = statusOf(verdict, { conditions: [readyTrue, failed] }, 7, now);
      expect(status.conditions.at(-1)?.type).toBe('Ready');
      expect(status.lastConditionState).toBe('R');
    },
  );

  it('moves lastTransitionTime only when the status changes', () => {
    const [kept] = statusOf({ kind: 'ready', ...said }, { conditions: [readyTrue] }, 7, now).conditions;
    const [moved] = statusOf({ kind: 'ready', ...said }, { conditions: [readyFalse] }, 7, now).conditions;
    expect([kept?.lastTransitionTime, moved?.lastTransitionTime]).toEqual([before, now]);
  });

  it('keeps the first cause of an orphan mitigation, and forgets it when that is over', () => {
    const first = statusOf({ kind: 'cleaning', reason: 'First', message: 'cause' }, {}, 1, now);
    const again = statusOf(
      { kind: 'cleaning', reason: 'Again', message: 'the DELETE failed' },
      first,
      1,
      now,
    );
    expect(again.conditions.find(({ type }) => type === 'OrphanMitigation')?.message).toBe('cause');
    const after = statusOf({ kind: 'retrying', ...said, nextAttemptTime: now }, again, 1, now);
    expect(after.conditions.map(({ type }) => type)).toEqual(['Reconciling', 'Ready']);
  });
});
