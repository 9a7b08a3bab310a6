import { waitFor } from '../support/wait-for.ts';
import { registerBroker, startBroker, type RunningBroker } from './support/broker.ts';
import { container, namespace, pod, secret, workload } from './support/objects.ts';
import { whilePodsAreCreated } from './support/pod-stream.ts';
import { describeInCluster, itOnOwnNode } from './support/prepared.ts';
import { seconds, tell } from './support/tell.ts';
import { startWorld, type World } from './support/world.ts';

const system = 'bindery-system';
const ns = 'steady';
const asynchronousMs = 4_000;
const stay = 'setInterval(() => undefined, 1000);';
const annotations = { 'bind.servicecatalog.k8s.io/creds': 'secret/creds' };

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
    readonly status: {
      readonly phase: string;
      readonly containerStatuses?: readonly { readonly containerID?: string }[];
    };
  }[];
}

interface Instance {
  readonly status?: {
    readonly currentOperation?: string;
    readonly asyncOpInProgress?: boolean;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

describeInCluster('Bindery in a cluster that is being worked on', () => {
  let world: World;
  let broker: RunningBroker;

  beforeAll(async () => {
    world = await startWorld();
    [, broker] = await Promise.all([world.install(), startBroker(world, asynchronousMs)]);
    await world.create(namespace(ns));
    await world.apply(secret(ns, 'creds', { type: 'postgresql', username: 'alice' }));
    await registerBroker(world, broker);
  });
  afterAll(async () => world?.stop());

  const rolledOut = async (role: string): Promise<void> => {
    const target = `deployment/bindery-${role}`;
    await world.kubectl(['rollout', 'status', '-n', system, target, '--timeout=90s']);
  };
  const allPodsOf = async (role: string): Promise<PodList['items']> => {
    const selector = `app.kubernetes.io/component=${role}`;
    return (await world.get<PodList>(['pods', '-n', system, '-l', selector])).items;
  };
  const podsOf = async (role: string): Promise<PodList['items']> =>
    (await allPodsOf(role)).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  /** Also waits for those that are being deleted. */
  const onlySoMany = async (role: string, count: number): Promise<void> => {
    const isSo = async (): Promise<boolean> => (await allPodsOf(role)).length === count;
    await waitFor(isSo, { timeoutMs: 90_000, intervalMs: 200, describe: `${count} Pods of the ${role}` });
  };
  const instance = (name: string): object => ({
    apiVersion: 'servicecatalog.k8s.io/v1beta1',
    kind: 'ServiceInstance',
    metadata: { namespace: ns, name },
    spec: { clusterServiceClassExternalName: 'postgresql', clusterServicePlanExternalName: 'large' },
  });

  it.each(['webhook', 'controller'])(
    'refuses no annotated Pod while the %s is restarted replica by replica',
    async (role) => {
      const result = await whilePodsAreCreated(world.access.kubeconfig, ns, async () => {
        await world.kubectl(['rollout', 'restart', '-n', system, `deployment/bindery-${role}`]);
        await rolledOut(role);
        // The old replicas are still going when the new ones are all there.
        await onlySoMany(role, 2);
      });
      tell(`restart of the ${role}: ${result.injected} Pods injected, ${result.refused.length} refused`);
      expect(result.refused).toEqual([]);
      expect(result.injected).toBeGreaterThan(20);
    },
  );

  itOnOwnNode(
    'refuses no annotated Pod while the node of the webhook is drained, and waits until it may go on',
    'the node is drained, and others use it',
    async () => {
      const before = (await podsOf('webhook')).map(({ metadata }) => metadata.name);
      const left = async (): Promise<number> =>
        (await podsOf('webhook')).filter(({ metadata }) => before.includes(metadata.name)).length;
      const result = await whilePodsAreCreated(world.access.kubeconfig, ns, async () => {
        const selector = '--pod-selector=app.kubernetes.io/component=webhook';
        const draining = world.tryKubectl(['drain', 'node', selector, '--timeout=120s']);
        // One goes. There is no other node, so its successor can not start, and the other one has to stay.
        const isWaiting = async (): Promise<boolean> =>
          (await podsOf('webhook')).some(({ status }) => status.phase === 'Pending');
        await waitFor(isWaiting, { timeoutMs: 60_000, intervalMs: 200 });
        expect(await left()).toBe(1);
        // As if another node had joined.
        await world.kubectl(['uncordon', 'node']);
        const { code, stderr } = await draining;
        expect(stderr).toContain('disruption budget');
        expect(code).toBe(0);
        await rolledOut('webhook');
      });
      tell(`drain: ${result.injected} Pods injected, ${result.refused.length} refused`);
      expect(await left()).toBe(0);
      expect(result.refused).toEqual([]);
      expect(result.injected).toBeGreaterThan(20);
    },
  );

  const cannotKill = 'only the machine below can kill a container';
  const killed =
    'finishes a provision whose controller was killed in the middle of it, with one instance at the broker';
  itOnOwnNode(killed, cannotKill, async () => {
    await world.apply(instance('orders'));
    await waitFor(
      async () =>
        (await world.get<Instance>(['serviceinstance', '-n', ns, 'orders'])).status?.asyncOpInProgress,
      { timeoutMs: 60_000 },
    );
    const lease = ['lease', '-n', system, 'bindery-controller'];
    const holder = await world.kubectl(['get', ...lease, '-o', 'jsonpath={.spec.holderIdentity}']);
    const leader = (await podsOf('controller')).find(({ metadata }) => holder.startsWith(metadata.name));
    const startedAt = performance.now();
    await world.node().killContainer(leader?.status.containerStatuses?.[0]?.containerID ?? '');
    await world.kubectl([
      'wait',
      '-n',
      ns,
      '--for=condition=Ready',
      'serviceinstance/orders',
      '--timeout=90s',
    ]);
    tell(`leader killed: its instance was Ready ${seconds(startedAt)} s later`);
    expect(await world.kubectl(['get', ...lease, '-o', 'jsonpath={.spec.holderIdentity}'])).not.toBe(holder);
    const ids = (await broker.requests()).flatMap(
      (line) => /^PUT (\S+\/service_instances\/[^/ ]+) /.exec(line)?.[1] ?? [],
    );
    expect(new Set(ids).size).toBe(1);
    await world.kubectl(['delete', '-n', ns, 'serviceinstance/orders', '--timeout=90s']);
    expect(await broker.requests()).toContainEqual(expect.stringMatching(/^DELETE .*service_instances/));
  });

  it('lets other Pods start while no webhook runs, refuses annotated ones, and heals when it is back', async () => {
    await world.kubectl(['scale', '-n', system, 'deployment/bindery-webhook', '--replicas=0']);
    // Until then the API server may still use a connection to a replica that is going.
    await onlySoMany('webhook', 0);
    const asking = pod(ns, 'asking', { annotations, spec: { containers: [container('main', stay)] } });
    const plain = pod(ns, 'plain', { spec: { containers: [container('main', stay)] } });
    await expect(world.apply(asking)).rejects.toThrow('pods.bind.servicecatalog.k8s.io');
    await world.apply(plain);
    await world.kubectl(['wait', '-n', ns, '--for=condition=Ready', 'pod/plain', '--timeout=90s']);
    // Deletion of our own kinds never depends on the webhook.
    await world.kubectl(['delete', 'clusterservicebroker/postgres', '--timeout=90s']);

    await world.kubectl(['scale', '-n', system, 'deployment/bindery-webhook', '--replicas=2']);
    await rolledOut('webhook');
    await waitFor(async () => world.apply(asking).then(() => true), { timeoutMs: 60_000 });
    await world.kubectl(['wait', '-n', ns, '--for=condition=Ready', 'pod/asking', '--timeout=90s']);
  });

  const allKilled = 'recovers when all replicas are killed at once, with the authority that it had';
  itOnOwnNode(allKilled, cannotKill, async () => {
    const authority = [
      'get',
      'secret',
      '-n',
      system,
      'bindery-webhook-ca',
      '-o',
      'jsonpath={.data.ca\\.crt}',
    ];
    const before = await world.kubectl(authority);
    await world.apply(
      workload('Deployment', ns, 'app', { annotations, spec: { containers: [container('main', stay)] } }),
    );
    const all = [...(await podsOf('webhook')), ...(await podsOf('controller'))];
    await Promise.all(
      all.map(async ({ status }) =>
        world.node().killContainer(status.containerStatuses?.[0]?.containerID ?? ''),
      ),
    );
    await world.kubectl(['delete', 'pods', '-n', ns, '--all', '--wait=false']);
    await world.kubectl(['rollout', 'status', '-n', ns, 'deployment/app', '--timeout=90s']);
    for (const role of ['webhook', 'controller']) await rolledOut(role);
    expect(await world.kubectl(authority)).toBe(before);
  });
});
