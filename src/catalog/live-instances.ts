import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { serviceInstances } from '../api/kinds.ts';
import { LiveList } from '../control/live-list.ts';
import type { KubeClient } from '../kube/client.ts';
import { useOf, type InstanceUse } from './instance-use.ts';

/** How soon it is looked again when only the API server knew of an instance: the watch is behind, and wakes nobody. */
export const lookAgainMs = 60_000;

/**
 * The instances to be read before something is deleted because none uses it. Many plans leave a catalog at once and share
 * a read.
 */
export class LiveInstances extends LiveList<ServiceInstance, InstanceUse> {
  constructor(client: Pick<KubeClient, 'list'>) {
    super(client, serviceInstances, useOf);
  }
}
