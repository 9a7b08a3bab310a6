import { isConditionTrue } from '../api/conditions.ts';
import type { AnyBroker } from '../brokers/broker-settings.ts';
import { waitMs } from '../control/attempts.ts';
import { parseGoDurationMs } from './go-duration.ts';
import type { RelistRequest } from './relist-requests.ts';

export interface RelistFacts {
  readonly broker: AnyBroker;
  /** Interval of brokers that name none. */
  readonly defaultIntervalMs: number;
  /** When this process last fetched the catalog with success; undefined when it has not. */
  readonly lastFetchMs: number | undefined;
  readonly lastAttemptMs: number | undefined;
  readonly request: RelistRequest | undefined;
  /** Requests of our own are served at most this often per broker. */
  readonly minRequestIntervalMs: number;
  readonly nowMs: number;
}

/** `waitMs` absent: not before something changes. */
export type RelistDue = { readonly due: true } | { readonly due: false; readonly waitMs?: number };

/** However short a relistDuration is. */
const minIntervalMs = 1_000;

/**
 * Whether the catalog of a broker is to be fetched now. A spec that was not carried out yet, which includes a bump
 * of relistRequests, and a broker that is not Ready are due at once, or when their back-off ends; a Ready one by its
 * timer, unless it is to be relisted by hand only.
 */
export function relistDue(facts: RelistFacts): RelistDue {
  const { broker, request } = facts;
  const { reconciledGeneration, conditions } = broker.status ?? {};
  const isSettled =
    reconciledGeneration === broker.metadata.generation && isConditionTrue(conditions, 'Ready');
  const waits = isSettled
    ? [intervalWaitMs(facts), request === undefined ? undefined : requestWaitMs(facts)]
    : [backoffWaitMs(facts), request?.isUrgent ? requestWaitMs(facts) : undefined];
  const known = waits.filter((wait) => wait !== undefined);
  if (known.length === 0) return { due: false };
  const shortest = Math.min(...known);
  return shortest <= 0 ? { due: true } : { due: false, waitMs: shortest };
}

function backoffWaitMs({ broker, nowMs }: RelistFacts): number {
  return waitMs(broker.status ?? {}, broker.metadata.generation, { now: () => nowMs });
}

function intervalWaitMs({ broker, defaultIntervalMs, lastFetchMs, nowMs }: RelistFacts): number | undefined {
  if (broker.spec.relistBehavior === 'Manual') return undefined;
  const wantedMs = parseGoDurationMs(broker.spec.relistDuration ?? '') || defaultIntervalMs;
  const recordedMs = Date.parse(broker.status?.lastCatalogRetrievalTime ?? '') || 0;
  const lastMs = Math.max(lastFetchMs ?? 0, recordedMs);
  // A time in the future comes from a clock that was wrong; it must not put the relist off for years.
  return Math.min(lastMs, nowMs) + Math.max(wantedMs, minIntervalMs) - nowMs;
}

function requestWaitMs({ lastAttemptMs, minRequestIntervalMs, nowMs }: RelistFacts): number {
  return lastAttemptMs === undefined ? 0 : lastAttemptMs + minRequestIntervalMs - nowMs;
}
