import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { BackoffOptions } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Stopwatch } from '../base/stopwatch.ts';
import type { BrokerConnections } from '../brokers/broker-connections.ts';
import type { ChecksumKey } from '../brokers/checksum-key.ts';
import type { ClusterId } from '../brokers/cluster-id.ts';
import type { KeptTimes } from '../control/kept-times.ts';
import type { RetainedServices } from './retained-services.ts';
import type { ParameterSchemas } from '../model/parameter-schemas.ts';
import type { Rooms } from '../model/rooms.ts';
import type { Stores } from '../model/stores.ts';
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

/** What the reconcilers of instances and of bindings both need. */
export interface OperationDeps {
  readonly client: KubeClient;
  readonly stores: Stores;
  readonly connections: BrokerConnections;
  /** The `clusterid` of OSB contexts, and what objects call this cluster. */
  readonly clusterId: Pick<ClusterId, 'get' | 'mark'>;
  /** For checksums of parameters in a status. */
  readonly checksumKey: Pick<ChecksumKey, 'get'>;
  /** What plans say of parameters. */
  readonly schemas: Pick<ParameterSchemas, 'find'>;
  /** Who may have new services of a plan. */
  readonly rooms: Pick<Rooms, 'enter'>;
  /** Services that stayed when their objects went. */
  readonly retained: Pick<RetainedServices, 'add' | 'namespaceOf'>;
  /** Which Pods have the Secret of a binding, as far as is known; for what people are told. */
  readonly readersOf?: ((binding: ServiceBinding) => readonly string[]) | undefined;
  /** Something was let go without its broker. */
  readonly observePurge?: ((kind: string) => void) | undefined;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly logger: Logger;
  /** For what is written. */
  readonly clock: Clock;
  /** For what is waited for in this process, … */
  readonly stopwatch: Stopwatch;
  /** … and for times that an object keeps. */
  readonly times: KeptTimes;
  readonly settings: OperationSettings;
  /** A fresh UUID: ids should not be used again at a broker (OSB, Provisioning and Binding). */
  readonly newId: () => string;
}
