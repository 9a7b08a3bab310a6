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

/** What is told on a workload about its services, as "Reason: message". */
export async function toldOn(world: World, workload: string): Promise<readonly string[]> {
  return told(world, ofServices, ({ kind, name }) => kind !== 'Pod' && name === workload);
}

/** Others write Events as well: the controllers of Kubernetes about their Pods. */
export const ofServices: readonly string[] = ['Requested', 'Provisioning', 'Bound', 'Blocked', 'Kept'];
/** What became of them in Pods. */
const ofPods: readonly string[] = ['Injected', 'NotInjected', 'KeyMissing', 'PresetLeftOut'];

async function told(
  { client, namespace }: World,
  reasons: readonly string[],
  isMeant: (object: Told['involvedObject']) => boolean,
): Promise<readonly string[]> {
  const { items } = await client.list<Told>(events, { namespace });
  return items
    .filter(({ involvedObject, reason }) => isMeant(involvedObject) && reasons.includes(reason))
    .map(({ reason, message }) => `${reason}: ${message}`);
}

export async function isToldOn(world: World, workload: string, what: RegExp): Promise<void> {
  await isTold(workload, what, async () => [
    ...(await toldOn(world, workload)),
    ...(await told(world, ofPods, ({ kind, name }) => kind !== 'Pod' && name === workload)),
  ]);
}

/** On a Pod that nothing stands behind. */
export async function isToldOnPod(world: World, pod: string, what: RegExp): Promise<void> {
  await isTold(pod, what, async () =>
    told(world, [...ofServices, ...ofPods], ({ kind, name }) => kind === 'Pod' && name === pod),
  );
}

async function isTold(who: string, what: RegExp, lines: () => Promise<readonly string[]>): Promise<void> {
  await waitFor(async () => (await lines()).some((line) => what.test(line)), {
    timeoutMs: 45_000,
    describe: async () => `${who} is told ${what.source}: ${JSON.stringify(await lines())}`,
  });
}
