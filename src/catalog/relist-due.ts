import { isConditionTrue } from '../api/conditions.ts';
import type { AnyBroker } from '../brokers/broker-settings.ts';
import { parseGoDurationMs } from '../base/go-duration.ts';
import type { RelistRequest } from './relist-requests.ts';

export interface RelistFacts {
  readonly broker: AnyBroker;
  /** Interval of brokers that name none. */
  readonly defaultIntervalMs: number;
  /** Until the end of the back-off that the status tells, milliseconds; 0 when there is none. */
  readonly backoffMs: number;
  /** Since the last fetch that the status tells, milliseconds; undefined when it tells none. */
  readonly recordedAgoMs: number | undefined;
  /** When this process last fetched the catalog with success, by the stopwatch; undefined when it has not. */
  readonly lastFetchMs: number | undefined;
  readonly lastAttemptMs: number | undefined;
  readonly request: RelistRequest | undefined;
  /** However short a relistDuration is, milliseconds. */
  readonly minIntervalMs: number;
  /** What the last attempt wrote, for `restMs`. */
  readonly lastWrites: number;
  /** Requests of our own are served at most this often per broker. */
  readonly minRequestIntervalMs: number;
  /** By the stopwatch. */
  readonly nowMs: number;
}

/** `waitMs` absent: not before something changes. */
export type RelistDue = { readonly due: true } | { readonly due: false; readonly waitMs?: number };

/** A catalog that changed more than this is one that may do so each time, classes and plans. */
const manyWrites = 100;
const restPerWriteMs = 50;
const minRestMs = 60_000;
/** For whoever asks by hand. */
const maxRestByHandMs = 5_000;

/**
 * Whether the catalog of a broker is to be fetched now. A spec that was not carried out yet, which includes a bump
 * of relistRequests, and a broker that is not Ready are due at once, or when their back-off ends; a Ready one by its
 * timer, unless it is to be relisted by hand only. A catalog that is another one each time rests after each fetch for
 * as long as its writes were work for the API server.
 */
export function relistDue(facts: RelistFacts): RelistDue {
  const { broker, request } = facts;
  const { reconciledGeneration, conditions } = broker.status ?? {};
  const isSettled =
    reconciledGeneration === broker.metadata.generation && isConditionTrue(conditions, 'Ready');
  const waits = isSettled
    ? [intervalWaitMs(facts), request === undefined ? undefined : requestWaitMs(facts)]
    : [facts.backoffMs, request?.isUrgent ? requestWaitMs(facts) : undefined];
  const known = waits.filter((wait) => wait !== undefined);
  if (known.length === 0) return { due: false };
  const shortest = Math.max(Math.min(...known), restWaitMs(facts, isSettled));
  return shortest <= 0 ? { due: true } : { due: false, waitMs: shortest };
}

function intervalWaitMs(facts: RelistFacts): number | undefined {
  const { broker, defaultIntervalMs, minIntervalMs, lastFetchMs, recordedAgoMs, nowMs } = facts;
  if (broker.spec.relistBehavior === 'Manual') return undefined;
  const wantedMs = parseGoDurationMs(broker.spec.relistDuration ?? '') || defaultIntervalMs;
  const agoMs = Math.min(
    lastFetchMs === undefined ? Number.POSITIVE_INFINITY : nowMs - lastFetchMs,
    // A time in the future comes from a clock that was wrong; it must not put the relist off for years.
    Math.max(0, recordedAgoMs ?? Number.POSITIVE_INFINITY),
  );
  return Math.max(wantedMs, minIntervalMs) - agoMs;
}

/** @returns below zero, however much, when nothing has to rest */
function restWaitMs({ lastWrites, lastAttemptMs, nowMs }: RelistFacts, isSettled: boolean): number {
  if (lastAttemptMs === undefined || lastWrites <= manyWrites) return Number.NEGATIVE_INFINITY;
  const restMs = Math.max(minRestMs, lastWrites * restPerWriteMs);
  return lastAttemptMs + (isSettled ? restMs : Math.min(restMs, maxRestByHandMs)) - nowMs;
}

function requestWaitMs({ lastAttemptMs, minRequestIntervalMs, nowMs }: RelistFacts): number {
  return lastAttemptMs === undefined ? 0 : lastAttemptMs + minRequestIntervalMs - nowMs;
}
