import type { ServiceInstance, ServiceInstanceStatus } from '../api/generated/service-instance.ts';
import { serviceInstances } from '../api/kinds.ts';
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

export interface OperationSettings {
  /** Back-off between attempts of one operation. */
  readonly retry: BackoffOptions;
  /** Longest pause between two polls of an asynchronous operation, milliseconds. */
  readonly maxPollIntervalMs: number;
  /** An asynchronous operation that takes longer counts as failed, milliseconds. A plan can shorten it. */
  readonly operationTimeoutMs: number;
}

export interface InstanceDeps {
  readonly client: KubeClient;
  readonly stores: Stores;
  readonly connections: BrokerConnections;
  /** The `clusterid` of OSB contexts. */
  readonly clusterId: Pick<ClusterId, 'get'>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly settings: OperationSettings;
  /** A fresh UUID: ids should not be used again at a broker (OSB, Provisioning). */
  readonly newId: () => string;
}

/** What every step of one reconcile shares. */
export interface InstanceTask extends InstanceDeps {
  readonly signal: AbortSignal;
}

export type StatusChanges = {
  readonly [K in keyof ServiceInstanceStatus]?: ServiceInstanceStatus[K] | undefined;
};

/** Writes the changes together with the conditions of the verdict: one write, none when nothing differs. */
export async function saveInstance(
  task: InstanceTask,
  instance: ServiceInstance,
  verdict: Verdict,
  changes: StatusChanges = {},
  guard: StatusGuard = 'resourceVersion',
): Promise<ServiceInstance> {
  const status = instance.status ?? {};
  const now = timestamp(task.clock.now());
  const next = changed<ServiceInstanceStatus>(status, {
    ...changes,
    ...statusOf(verdict, status, instance.metadata.generation ?? 0, now),
  });
  const { store } = task.stores.serviceInstances;
  return writeStatus(task.client, serviceInstances, instance, next, store, task.signal, guard);
}

export function instanceEvent(
  task: InstanceTask,
  instance: ServiceInstance,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): void {
  const { group, version, kind } = serviceInstances;
  task.events.record({ ...instance, apiVersion: `${group}/${version}`, kind }, type, reason, message);
}

/** The id in use at the broker: `spec.externalID` for the first attempt, a fresh one after orphan mitigation. */
export function instanceIdOf(instance: ServiceInstance): string {
  return instance.status?.instanceID ?? instance.spec.externalID ?? '';
}

/** Stores what a broker's answer came to and tells it as an event. Not bound to the resourceVersion: it happened. */
export async function settle(
  task: InstanceTask,
  instance: ServiceInstance,
  judgement: {
    readonly verdict: Verdict;
    readonly changes: StatusChanges;
    readonly event: 'Normal' | 'Warning';
  },
): Promise<ServiceInstance> {
  const { verdict, changes, event } = judgement;
  const settled = await saveInstance(task, instance, verdict, changes, 'uid');
  instanceEvent(task, instance, event, verdict.reason, verdict.message);
  return settled;
}
