import type { ServiceBinding, ServiceBindingStatus } from '../api/generated/service-binding.ts';
import { serviceBindings } from '../api/kinds.ts';
import type { BackoffOptions } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { BrokerConnections } from '../brokers/broker-connections.ts';
import type { ClusterId } from '../brokers/cluster-id.ts';
import { changed, timestamp } from '../control/attempts.ts';
import { writeStatus, type StatusGuard } from '../control/status-writer.ts';
import type { Stores } from '../control/stores.ts';
import { statusOf, type Verdict } from '../control/verdict.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/events.ts';

export interface BindingDeps {
  readonly client: KubeClient;
  readonly stores: Stores;
  readonly connections: BrokerConnections;
  /** The `clusterid` of OSB contexts. */
  readonly clusterId: Pick<ClusterId, 'get'>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly settings: {
    /** Back-off between attempts of one operation. */
    readonly retry: BackoffOptions;
    /** Longest pause between two polls of an asynchronous operation, milliseconds. */
    readonly maxPollIntervalMs: number;
    /** An asynchronous operation that takes longer counts as failed, milliseconds. */
    readonly operationTimeoutMs: number;
  };
  /** A fresh UUID: ids should not be used again at a broker (OSB, Binding). */
  readonly newId: () => string;
}

/** What every step of one reconcile shares. */
export interface BindingTask extends BindingDeps {
  readonly signal: AbortSignal;
}

export type StatusChanges = {
  readonly [K in keyof ServiceBindingStatus]?: ServiceBindingStatus[K] | undefined;
};

/** What becomes of the status after an answer of the broker. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly changes: StatusChanges;
  readonly event: 'Normal' | 'Warning';
}

/** Writes the changes together with the conditions of the verdict: one write, none when nothing differs. */
export async function saveBinding(
  task: BindingTask,
  binding: ServiceBinding,
  verdict: Verdict,
  changes: StatusChanges = {},
  guard: StatusGuard = 'resourceVersion',
): Promise<ServiceBinding> {
  const status = binding.status ?? {};
  const now = timestamp(task.clock.now());
  const next = changed<ServiceBindingStatus>(status, {
    ...changes,
    ...statusOf(verdict, status, binding.metadata.generation ?? 0, now),
  });
  const { store } = task.stores.serviceBindings;
  return writeStatus(task.client, serviceBindings, binding, next, store, task.signal, guard);
}

/** Stores what a broker's answer came to and tells it as an event. Not bound to the resourceVersion: it happened. */
export async function settle(
  task: BindingTask,
  binding: ServiceBinding,
  judgement: Judgement,
): Promise<ServiceBinding> {
  const settled = await saveBinding(task, binding, judgement.verdict, judgement.changes, 'uid');
  bindingEvent(task, binding, judgement.event, judgement.verdict.reason, judgement.verdict.message);
  return settled;
}

export function bindingEvent(
  task: BindingTask,
  binding: ServiceBinding,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): void {
  const { group, version, kind } = serviceBindings;
  task.events.record({ ...binding, apiVersion: `${group}/${version}`, kind }, type, reason, message);
}

/** The id in use at the broker: `spec.externalID` for the first attempt, a fresh one after orphan mitigation. */
export function bindingIdOf(binding: ServiceBinding): string {
  return binding.status?.bindingID ?? binding.spec.externalID ?? '';
}

/** The Secret of a binding: named in the spec, else like the binding (Service Catalog's default). */
export function secretNameOf(binding: ServiceBinding): string {
  return binding.spec.secretName ?? binding.metadata.name;
}
