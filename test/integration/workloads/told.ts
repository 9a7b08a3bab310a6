import type { KubeObject } from '../../../src/kube/objects.ts';
import { events } from '../../../src/kube/resources.ts';
import type { ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';

interface Told extends KubeObject {
  readonly involvedObject: { readonly kind?: string; readonly name: string };
  readonly reason: string;
  readonly message: string;
  readonly count: number;
}

type World = Pick<ServiceWorld, 'client' | 'namespace'>;

/** What is told on a workload, as "Reason: message". */
export async function toldOn({ client, namespace }: World, workload: string): Promise<readonly string[]> {
  const { items } = await client.list<Told>(events, { namespace });
  return items
    .filter(({ involvedObject: { kind, name } }) => kind !== 'Pod' && name === workload)
    .filter(({ reason }) => ours.includes(reason))
    .map(({ reason, message }) => `${reason}: ${message}`);
}

/** Others write Events as well: the controllers of Kubernetes about their Pods. */
const ours: readonly string[] = ['Requested', 'Provisioning', 'Bound', 'Blocked', 'Kept'];

export async function isToldOn(world: World, workload: string, what: RegExp): Promise<void> {
  await waitFor(async () => (await toldOn(world, workload)).some((line) => what.test(line)), {
    timeoutMs: 45_000,
    describe: async () =>
      `${workload} is told ${what.source}: ${JSON.stringify(await toldOn(world, workload))}`,
  });
}
