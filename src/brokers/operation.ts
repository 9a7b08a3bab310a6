import type { BackoffOptions } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { NextAttempt } from '../control/attempts.ts';
import type { Stores } from '../control/stores.ts';
import type { Verdict } from '../control/verdict.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { Failure } from '../osb/outcome-types.ts';
import type { BrokerConnections } from './broker-connections.ts';
import type { ClusterId } from './cluster-id.ts';

export interface OperationSettings {
  /** Back-off between attempts of one operation. */
  readonly retry: BackoffOptions;
  /** Longest pause between two polls of an asynchronous operation, milliseconds. */
  readonly maxPollIntervalMs: number;
  /** An asynchronous operation that takes longer counts as failed, milliseconds. A plan can shorten it. */
  readonly operationTimeoutMs: number;
}

/** What the reconcilers of instances and of bindings both need. */
export interface OperationDeps {
  readonly client: KubeClient;
  readonly stores: Stores;
  readonly connections: BrokerConnections;
  /** The `clusterid` of OSB contexts. */
  readonly clusterId: Pick<ClusterId, 'get'>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly settings: OperationSettings;
  /** A fresh UUID: ids should not be used again at a broker (OSB, Provisioning and Binding). */
  readonly newId: () => string;
}

/** What every step of one reconcile shares. */
export interface OperationTask extends OperationDeps {
  readonly signal: AbortSignal;
}

/** Fields of a status; `undefined` removes one. */
export type ChangesOf<S> = { readonly [K in keyof S]?: S[K] | undefined };

/** What becomes of a status after an answer of the broker. */
export interface JudgementOf<S> {
  readonly verdict: Verdict;
  readonly changes: ChangesOf<S>;
  /** A Warning event goes with failures, a Normal one with successes. */
  readonly event: 'Normal' | 'Warning';
}

/** An asynchronous operation is over, whatever its result. */
export const pollingEnded = {
  asyncOpInProgress: false,
  lastOperation: undefined,
  lastOperationDescription: undefined,
  operationDeadline: undefined,
} as const;

/** Nothing is in flight any more, and nothing is on record as asked for. */
export const operationEnded = {
  ...pollingEnded,
  currentOperation: '',
  operationStartTime: undefined,
  inProgressProperties: undefined,
} as const;

export const attemptsEnded = { attempts: undefined, nextAttemptTime: undefined } as const;

/** The changes for a DELETE that will be sent again. */
export function deletionRetried({ attempts, nextAttemptTime }: NextAttempt) {
  return { ...pollingEnded, attempts, nextAttemptTime } as const;
}

/** A retryable failure of a creation after which the broker may nevertheless hold the thing. */
export function mayExist(failure: Failure): boolean {
  return hasSuccessStatus(failure) || failure.reason === 'ConcurrencyError';
}

/** A retryable failure of an update after which the broker may nevertheless have carried it out. */
export function mayBeDone(failure: Failure): boolean {
  return hasSuccessStatus(failure) || failure.reason === 'Timeout' || failure.reason === 'ConnectionReset';
}

function hasSuccessStatus({ status = 0 }: Failure): boolean {
  return status >= 200 && status < 300;
}

const catalogFetchMs = 2000;

/**
 * How long the next attempt has to wait at least, milliseconds. After MaintenanceInfoConflict the catalog is fetched
 * (OSB, Error Codes) before the request is made again with the version that it then has.
 */
export function pauseAfter({ reason, retryAfterMs = 0 }: Failure): number {
  return Math.max(retryAfterMs, reason === 'MaintenanceInfoConflict' ? catalogFetchMs : 0);
}
