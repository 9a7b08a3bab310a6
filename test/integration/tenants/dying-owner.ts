import type { KubeObject } from '../../../src/kube/objects.ts';
import { replicaSets } from '../../../src/kube/resources.ts';
import type { ServiceWorld } from '../../support/world/service-world.ts';

export type OwnerReference = NonNullable<KubeObject['metadata']['ownerReferences']>[number];

/**
 * A reference to a ReplicaSet that is there and does nothing any more, since it is being deleted and never gone: it lets
 * Pods of its name be, and so does the garbage collector.
 */
export async function dyingOwner({ client, namespace }: ServiceWorld): Promise<OwnerReference> {
  const labels = { app: 'dying' };
  const made = await client.create<KubeObject>(replicaSets, {
    metadata: { namespace, name: 'dying', finalizers: ['example.com/never'] },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'main', image: 'registry.example.com/app:1' }] },
      },
    },
  } as KubeObject);
  await client.delete(replicaSets, { namespace, name: 'dying' }, { propagationPolicy: 'Background' });
  const { name, uid = '' } = made.metadata;
  return { apiVersion: 'apps/v1', kind: replicaSets.kind, name, uid, controller: true };
}
