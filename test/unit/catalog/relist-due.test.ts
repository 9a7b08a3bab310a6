import type { AnyBroker } from '../../../src/brokers/broker-settings.ts';
import { relistDue, type RelistDue, type RelistFacts } from '../../../src/catalog/relist-due.ts';

const hourMs = 3_600_000;
const nowMs = Date.parse('2026-03-01T12:00:00Z');
const ago = (ms: number): string => new Date(nowMs - ms).toISOString();

type Status = NonNullable<AnyBroker['status']>;
interface Case {
  readonly spec?: Partial<AnyBroker['spec']>;
  readonly status?: Partial<Status>;
  readonly generation?: number;
  readonly facts?: Partial<RelistFacts>;
}

const settled: Status = {
  conditions: [
    { type: 'Ready', status: 'True', reason: 'FetchedCatalog', message: '', lastTransitionTime: '' },
  ],
  observedGeneration: 3,
  reconciledGeneration: 3,
  lastCatalogRetrievalTime: ago(hourMs),
};
const failing: Status = {
  ...settled,
  conditions: [{ type: 'Ready', status: 'False', reason: 'Error', message: '', lastTransitionTime: '' }],
  nextAttemptTime: ago(-5_000),
};

describe('whether a catalog is to be fetched', () => {
  const now: RelistDue = { due: true };
  const after = (waitMs: number): RelistDue => ({ due: false, waitMs });
  const never: RelistDue = { due: false };

  const cases: readonly [string, Case, RelistDue][] = [
    ['a broker without any status', { status: {} }, now],
    ['a broker with the default status', { status: { observedGeneration: -1 } }, now],
    ['a spec that changed', { generation: 4 }, now],
    ['a spec that changed while it failed', { generation: 4, status: failing }, now],
    ['a Ready broker within its interval', { spec: { relistDuration: '3h' } }, after(2 * hourMs)],
    ['a Ready broker after its interval', { spec: { relistDuration: '30m' } }, now],
    ['a Ready broker exactly at its interval', { spec: { relistDuration: '1h' } }, now],
    ['the interval of the controller', {}, after(23 * hourMs)],
    ['a duration that can not be read', { spec: { relistDuration: 'soon' } }, after(23 * hourMs)],
    ['a duration of zero', { spec: { relistDuration: '0s' } }, after(23 * hourMs)],
    ['an empty relistBehavior', { spec: { relistBehavior: '', relistDuration: '3h' } }, after(2 * hourMs)],
    ['a Ready broker that is relisted by hand', { spec: { relistBehavior: 'Manual' } }, never],
    [
      'a failing broker that is relisted by hand',
      { spec: { relistBehavior: 'Manual' }, status: failing },
      after(5_000),
    ],
    ['a failing broker in its back-off', { status: failing }, after(5_000)],
    ['a failing broker after its back-off', { status: { ...failing, nextAttemptTime: ago(1) } }, now],
    ['a failing broker without any', { status: { ...failing, nextAttemptTime: null } }, now],
    [
      'a fetch of this process that the status does not tell',
      { spec: { relistDuration: '1h' }, facts: { lastFetchMs: nowMs - 1_000 } },
      after(hourMs - 1_000),
    ],
    [
      'a fetch in the future, by a clock that was wrong',
      {
        spec: { relistDuration: '1h' },
        status: { ...settled, lastCatalogRetrievalTime: ago(-100 * hourMs) },
      },
      after(hourMs),
    ],
    [
      'a very short duration',
      { spec: { relistDuration: '1ns' }, facts: { lastFetchMs: nowMs } },
      after(60_000),
    ],
    [
      'a catalog that had much to write rests',
      {
        spec: { relistDuration: '1ns' },
        facts: { lastFetchMs: nowMs, lastAttemptMs: nowMs, lastWrites: 20_000 },
      },
      after(1_000_000),
    ],
    [
      'a request to a catalog that had much to write waits for a minute at least',
      { facts: { request: { isUrgent: true }, lastAttemptMs: nowMs - 20_000, lastWrites: 400 } },
      after(40_000),
    ],
    [
      'a spec that changed, whose catalog had much to write, waits for seconds',
      { generation: 4, facts: { lastAttemptMs: nowMs - 1_000, lastWrites: 20_000 } },
      after(4_000),
    ],
    [
      'a spec that changed, whose catalog had little to write, does not wait',
      { generation: 4, facts: { lastAttemptMs: nowMs - 1_000, lastWrites: 100 } },
      now,
    ],
    [
      'a catalog with much to write that is relisted by hand only',
      {
        spec: { relistBehavior: 'Manual' },
        facts: { lastAttemptMs: nowMs - 1_000, lastWrites: 20_000 },
      },
      never,
    ],
    ['a request', { facts: { request: { isUrgent: false } } }, now],
    [
      'a request to a broker that is relisted by hand',
      { spec: { relistBehavior: 'Manual' }, facts: { request: { isUrgent: false } } },
      now,
    ],
    [
      'a request right after an attempt',
      { facts: { request: { isUrgent: false }, lastAttemptMs: nowMs - 4_000 } },
      after(6_000),
    ],
    ['a request in the back-off', { status: failing, facts: { request: { isUrgent: false } } }, after(5_000)],
    ['an urgent request in the back-off', { status: failing, facts: { request: { isUrgent: true } } }, now],
    [
      'an urgent request right after an attempt',
      {
        status: { ...failing, nextAttemptTime: ago(-60_000) },
        facts: { request: { isUrgent: true }, lastAttemptMs: nowMs - 1_000 },
      },
      after(9_000),
    ],
  ];

  it.each(cases)('%s', (_name, { spec, status = settled, generation = 3, facts }, expected) => {
    const broker = {
      metadata: { name: 'b', generation },
      spec: { url: 'http://b', ...spec },
      status,
    } as AnyBroker;
    const untilMs = (time: string | null | undefined): number =>
      time ? Date.parse(time) - nowMs : Number.NaN;
    const isCurrent = status.observedGeneration === generation;
    const retrievalMs = untilMs(status.lastCatalogRetrievalTime);
    expect(
      relistDue({
        broker,
        backoffMs: isCurrent ? Math.max(0, untilMs(status.nextAttemptTime) || 0) : 0,
        recordedAgoMs: Number.isNaN(retrievalMs) ? undefined : -retrievalMs,
        defaultIntervalMs: 24 * hourMs,
        lastFetchMs: undefined,
        lastAttemptMs: undefined,
        request: undefined,
        minRequestIntervalMs: 10_000,
        minIntervalMs: 60_000,
        lastWrites: 0,
        nowMs,
        ...facts,
      }),
    ).toEqual(expected);
  });
});
