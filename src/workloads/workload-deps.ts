import type { Logger } from '../base/logger.ts';
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
  /** Bindery's own. */
  readonly namespace: string;
}
