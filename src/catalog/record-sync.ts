import type { SkippedCatalogItem } from '../api/generated/shared-types.ts';
import { parseGoDurationMs } from '../base/go-duration.ts';
import { brokerKey } from '../brokers/broker-ref.ts';
import type { AnyBroker } from '../brokers/broker-settings.ts';
import { nextAttempt, slotOf } from '../control/attempts.ts';
import { mergeDiff } from '../control/merge-diff.ts';
import { goOn, stopFor, type Step } from '../control/steps.ts';
import { syncRequestOf } from '../model/sync-request.ts';
import type { Verdict } from '../model/verdict.ts';
import type { CircuitState } from '../osb/options.ts';
import {
  minRelistIntervalMs,
  napMs,
  nextStatus,
  saveStatus,
  type BrokerStatus,
  type BrokerTask,
  type StatusChanges,
} from './broker-task.ts';
import { describeSkipped, maxSkippedItems } from './skipped-item.ts';
import type { SyncOutcome } from './sync-catalog.ts';

/** What is missing in this cluster is looked for at least this often. */
const maxLocalRetryMs = 60_000;
const maxETagLength = 4096;
const fetchedMessage = 'Successfully fetched catalog entries from broker.';

/** Tells the outcome in the broker's status. */
export async function recordSync(
  task: BrokerTask,
  broker: AnyBroker,
  outcome: Exclude<SyncOutcome, { kind: 'overtaken' }>,
): Promise<Step<AnyBroker>> {
  task.relists.attempted(brokerKey(task.ref), outcome.kind !== 'failed', writesOf(outcome));
  return outcome.kind === 'failed'
    ? recordFailure(task, broker, outcome)
    : goOn(await recordSuccess(task, broker, outcome));
}

function writesOf(outcome: SyncOutcome): number {
  return 'writes' in outcome ? (outcome.writes ?? 0) : 0;
}

/** A relist that found nothing new writes nothing: the time of the fetch is told only together with news. */
async function recordSuccess(
  task: BrokerTask,
  broker: AnyBroker,
  outcome: Extract<SyncOutcome, { kind: 'synced' | 'unchanged' }>,
): Promise<AnyBroker> {
  const items = outcome.kind === 'synced' ? outcome.skippedItems : (broker.status?.skippedItems ?? []);
  const classCount = outcome.kind === 'synced' ? outcome.classCount : broker.status?.serviceClassCount;
  const message = [
    fetchedMessage,
    ...(classCount === 0 ? [nothingOffered(broker, items)] : []),
    ...(items.length === 0 ? [] : [describeSkipped(items)]),
    ...longerInterval(broker, minRelistIntervalMs(task)),
  ].join(' ');
  const status = nextStatus(
    task,
    broker,
    { kind: 'ready', reason: 'FetchedCatalog', message },
    {
      ...(outcome.kind === 'synced' ? catalogChanges(outcome) : {}),
      reconciledGeneration: broker.metadata.generation,
      lastRelistRequests: broker.spec.relistRequests,
      ...syncHandled(broker),
      operationStartTime: undefined,
      attempts: undefined,
      nextAttemptTime: undefined,
      circuit: 'Closed',
    },
  );
  const isNews = mergeDiff(broker.status ?? {}, status) !== undefined;
  if (!isNews) return broker;
  return saveStatus(task, broker, {
    ...status,
    lastCatalogRetrievalTime: task.times.plan(slotOf(broker, 'lastCatalogRetrievalTime'), 0),
  });
}

/** @param broker as it was before its catalog was fetched */
function syncHandled(broker: AnyBroker): StatusChanges {
  const request = syncRequestOf(broker);
  return request === undefined ? {} : { lastHandledSyncRequest: request };
}

/** What is done instead of what the spec asks for. */
function longerInterval({ spec }: AnyBroker, minMs: number): readonly string[] {
  // Without a number that can be read the controller's setting applies.
  const wantedMs = parseGoDurationMs(spec.relistDuration ?? '') || minMs;
  if (spec.relistBehavior === 'Manual' || wantedMs >= minMs) return [];
  return [`spec.relistDuration is less than ${minMs / 1000} s, the shortest time between two fetches.`];
}

/** A broker is Ready whatever its catalog holds; without this nobody would see why there is nothing to choose. */
function nothingOffered({ spec }: AnyBroker, items: readonly SkippedCatalogItem[]): string {
  if (items.length > 0) return 'No class is offered.';
  const { serviceClass, servicePlan } = spec.catalogRestrictions ?? {};
  return serviceClass?.length || servicePlan?.length
    ? 'No class is offered: nothing passes spec.catalogRestrictions.'
    : 'No class is offered: the catalog is empty.';
}

function catalogChanges(outcome: Extract<SyncOutcome, { kind: 'synced' }>): StatusChanges {
  const { classCount, planCount, skippedItems, etag } = outcome;
  return {
    serviceClassCount: classCount,
    servicePlanCount: planCount,
    skippedItems: skippedItems.length === 0 ? undefined : skippedItems.slice(0, maxSkippedItems),
    catalogETag: etag !== undefined && etag.length <= maxETagLength ? etag : undefined,
  };
}

/** Ready becomes False; the last good catalog stays. */
async function recordFailure(
  task: BrokerTask,
  broker: AnyBroker,
  outcome: Extract<SyncOutcome, { kind: 'failed' }>,
): Promise<Step<AnyBroker>> {
  const { times, settings } = task;
  const status: BrokerStatus = broker.status ?? {};
  const { retry } = settings;
  const backoff = outcome.isLocal ? { ...retry, maxMs: Math.min(retry.maxMs, maxLocalRetryMs) } : retry;
  const attempt = nextAttempt(broker, backoff, times, outcome.retryAfterMs);
  const slot = slotOf(broker, 'operationStartTime');
  const since = status.operationStartTime ?? times.plan(slot, 0);
  const failure = { reason: outcome.reason, message: outcome.message };
  const verdict: Verdict =
    -times.untilMs(slot, since) < settings.giveUpAfterMs
      ? { kind: 'retrying', ...failure, nextAttemptTime: attempt.nextAttemptTime }
      : {
          kind: 'stalled',
          reason: outcome.reason,
          message: `${outcome.message} It has failed since ${since}, and is still tried.`,
          failedReason: 'ErrorReconciliationRetryTimeout',
        };
  await saveStatus(
    task,
    broker,
    nextStatus(task, broker, verdict, {
      operationStartTime: since,
      attempts: attempt.attempts,
      nextAttemptTime: attempt.nextAttemptTime,
      ...syncHandled(broker),
      circuit: circuitWord(task.connections.circuitState(task.ref)),
    }),
  );
  return stopFor(napMs(task, attempt.delayMs));
}

const circuitWords = { closed: 'Closed', open: 'Open', 'half-open': 'HalfOpen' } as const;

function circuitWord(state: CircuitState | undefined): 'Closed' | 'Open' | 'HalfOpen' | undefined {
  return state === undefined ? undefined : circuitWords[state];
}
