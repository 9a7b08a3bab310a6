import { findCondition } from '../api/conditions.ts';
import type { BackoffOptions } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Stopwatch } from '../base/stopwatch.ts';
import type { BrokerConnections } from '../brokers/broker-connections.ts';
import type { BrokerRef } from '../brokers/broker-ref.ts';
import type { AnyBroker } from '../brokers/broker-settings.ts';
import { changed, timestamp } from '../control/attempts.ts';
import type { Turn } from '../control/controller.ts';
import type { KeptTimes } from '../control/kept-times.ts';
import { writeStatus } from '../control/status-writer.ts';
import type { Stores } from '../model/stores.ts';
import { statusOf, type Verdict } from '../model/verdict.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { LiveInstances } from './live-instances.ts';
import type { RelistRequests } from './relist-requests.ts';
import type { CatalogScope, CatalogStores } from './scope.ts';

export interface CatalogSettings {
  /** Time between two fetches of the catalog of a broker that names none. */
  readonly relistIntervalMs: number;
  /** Back-off between attempts to fetch a catalog. */
  readonly retry: BackoffOptions;
  /** A broker that fails for longer is Failed; it is still tried. */
  readonly giveUpAfterMs: number;
  /** Shortest time between two fetches by the timer, whatever a broker's relistDuration is. Default 60,000. */
  readonly minRelistIntervalMs?: number | undefined;
  /** Shortest time between two fetches that nobody asked for by spec. Default 10,000. */
  readonly minRequestIntervalMs?: number | undefined;
  /** How often the Secrets of a failing broker are looked at during its back-off. Default 30,000. */
  readonly credentialCheckIntervalMs?: number | undefined;
  /** Plans of all ServiceBrokers of a namespace together. Default 10,000. */
  readonly maxNamespacePlans?: number | undefined;
  /** Brokers whose catalogs are fetched at the same time. */
  readonly brokerConcurrency: number;
  /** Classes and plans of one catalog that are written at the same time. */
  readonly writeConcurrency: number;
}

export interface CatalogDeps {
  readonly client: KubeClient;
  readonly stores: Stores;
  readonly connections: BrokerConnections;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly logger: Logger;
  /** For what is written. */
  readonly clock: Clock;
  /** For what is waited for in this process, … */
  readonly stopwatch: Stopwatch;
  /** … and for times that an object keeps. */
  readonly times: KeptTimes;
  readonly settings: CatalogSettings;
}

/** What every step of one reconcile of a broker shares. */
export interface BrokerTask extends CatalogDeps {
  readonly live: LiveInstances;
  readonly ref: BrokerRef;
  readonly scope: CatalogScope;
  readonly catalog: CatalogStores;
  readonly relists: RelistRequests;
  readonly signal: AbortSignal;
  readonly turn: Turn;
}

export type BrokerStatus = NonNullable<AnyBroker['status']>;
export type StatusChanges = { readonly [K in keyof BrokerStatus]?: BrokerStatus[K] | undefined };

/** The broker's status after the changes, with the conditions of the verdict. */
export function nextStatus(
  task: BrokerTask,
  broker: AnyBroker,
  verdict: Verdict,
  changes: StatusChanges = {},
): BrokerStatus {
  const status = broker.status ?? {};
  const now = timestamp(task.clock.now());
  return changed<BrokerStatus>(status, {
    ...changes,
    ...statusOf(verdict, status, broker.metadata.generation ?? 0, now),
  });
}

/** One write, none when nothing differs, and no event. */
export function writeBrokerStatus(
  { client, scope, catalog, signal }: BrokerTask,
  broker: AnyBroker,
  status: BrokerStatus,
): Promise<AnyBroker> {
  return writeStatus<BrokerStatus, AnyBroker>(client, scope.brokers, broker, status, catalog.brokers, signal);
}

/** The same, with an event when Ready says something new. */
export async function saveStatus(
  task: BrokerTask,
  broker: AnyBroker,
  status: BrokerStatus,
): Promise<AnyBroker> {
  const saved = await writeBrokerStatus(task, broker, status);
  const before = findCondition(broker.status?.conditions, 'Ready');
  const after = findCondition(saved.status?.conditions, 'Ready');
  if (after !== undefined && (before?.status !== after.status || before.message !== after.message)) {
    brokerEvent(task, saved, after.status === 'True' ? 'Normal' : 'Warning', after.reason, after.message);
  }
  return saved;
}

/** Said aloud, for whoever runs `kubectl describe`. */
export function brokerEvent(
  task: BrokerTask,
  broker: AnyBroker,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): void {
  const { group, version, kind } = task.scope.brokers;
  task.events.record({ ...broker, apiVersion: `${group}/${version}`, kind }, type, reason, message);
}

export function minRelistIntervalMs({ settings }: BrokerTask): number {
  return settings.minRelistIntervalMs ?? 60_000;
}

const defaultCredentialCheckIntervalMs = 30_000;

/** How long a failing broker is left alone, when its next attempt is due in `waitMs`: see `watchCredentials`. */
export function napMs({ settings }: BrokerTask, waitMs: number): number {
  return Math.min(waitMs, settings.credentialCheckIntervalMs ?? defaultCredentialCheckIntervalMs);
}
