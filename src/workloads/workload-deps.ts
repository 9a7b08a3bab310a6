import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Stopwatch } from '../base/stopwatch.ts';
import type { Store } from '../control/store.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { Stores } from '../model/stores.ts';
import type { RawWorkload, Workload } from './workload.ts';

export interface WorkloadDeps {
  readonly client: KubeClient;
  readonly stores: Stores;
  /** Each with an index `namespace`. */
  readonly workloads: readonly { readonly store: Pick<Store<Workload, RawWorkload>, 'byIndex'> }[];
  readonly events: Pick<EventRecorder, 'record'>;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly stopwatch: Stopwatch;
  /** Bindery's own. */
  readonly namespace: string;
  /** Services of a namespace beyond which no new ones are made for Pods and Jobs. */
  readonly maxRequestedServices: number;
}
