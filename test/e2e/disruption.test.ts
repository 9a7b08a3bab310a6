import { waitFor } from '../support/wait-for.ts';
import { container, namespace, pod, secret, workload } from './support/objects.ts';
import { whilePodsAreCreated } from './support/pod-stream.ts';
import { describeOnNode } from './support/prepared.ts';
import { tell } from './support/tell.ts';
import { startWorld, type BrokerAccess, type World } from './support/world.ts';

const system = 'bindery-system';
const ns = 'steady';
const asynchronousMs = 4_000;
const stay = 'setInterval(() => undefined, 1000);';
const annotations = { 'bind.servicecatalog.k8s.io/creds': 'secret/creds' };

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
    readonly status: { readonly containerStatuses?: readonly { readonly containerID?: string }[] };
  }[];
}

interface Instance {
  readonly status?: {
    readonly currentOperation?: string;
    readonly asyncOpInProgress?: boolean;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

describeOnNode('Bindery in a cluster that is being worked on', () => {
  let world: World;
  let broker: BrokerAccess;

  beforeAll(async () => {
    world = await startWorld();
    [, broker] = await Promise.all([world.install(), world.startBroker(asynchronousMs)]);
    await world.apply(namespace(ns));
    await world.apply(
      secret(ns, 'creds', { type: 'postgresql', username: 'alice' }),
      secret(ns, 'broker', { username: broker.username, password: broker.password }),
      {
        apiVersion: 'servicecatalog.k8s.io/v1beta1',
        kind: 'ClusterServiceBroker',
        metadata: { name: 'postgres' },
        spec: {
          url: broker.url,
          authInfo: { basic: { secretRef: { namespace: ns, name: 'broker' } } },
        },
      },
    );
    await world.kubectl(['wait', '--for=condition=Ready', 'clusterservicebroker/postgres', '--timeout=20s']);
  }, 120_000);
  afterAll(async () => world?.stop(), 60_000);

  const rolledOut = async (role: string): Promise<void> => {
    const target = `deployment/bindery-${role}`;
    await world.kubectl(['rollout', 'status', '-n', system, target, '--timeout=55s']);
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
    await waitFor(isSo, { timeoutMs: 45_000, intervalMs: 200, describe: `${count} Pods of the ${role}` });
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
      const result = await whilePodsAreCreated(world.cluster.kubeconfig, ns, async () => {
        await world.kubectl(['rollout', 'restart', '-n', system, `deployment/bindery-${role}`]);
        await rolledOut(role);
        // The old replicas are still going when the new ones are all there.
        await onlySoMany(role, 2);
      });
      tell(`restart of the ${role}: ${result.injected} Pods injected, ${result.refused.length} refused`);
      expect(result.refused).toEqual([]);
      expect(result.injected).toBeGreaterThan(20);
    },
    90_000,
  );

  it('refuses no annotated Pod while a webhook Pod is evicted, and lets only one go at a time', async () => {
    const [first = '', second = ''] = (await podsOf('webhook')).map(({ metadata }) => metadata.name);
    const evict = async (name: string): Promise<string> => {
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { namespace: system, name } };
      const path = `/api/v1/namespaces/${system}/pods/${name}/eviction`;
      const input = JSON.stringify(eviction);
      const { code, stderr } = await world.cluster.kubectl(['create', '--raw', path, '-f', '-'], input);
      return code === 0 ? 'evicted' : stderr;
    };
    const result = await whilePodsAreCreated(world.cluster.kubeconfig, ns, async () => {
      expect(await evict(first)).toBe('evicted');
      expect(await evict(second)).toContain('disruption budget');
      await world.kubectl(['wait', '-n', system, '--for=delete', `pod/${first}`, '--timeout=50s']);
      await rolledOut('webhook');
    });
    expect(result.refused).toEqual([]);
    expect(result.injected).toBeGreaterThan(20);
  }, 90_000);

  it('finishes a provision whose controller was killed in the middle of it, with one instance at the broker', async () => {
    await world.apply(instance('orders'));
    await waitFor(
      async () =>
        (await world.get<Instance>(['serviceinstance', '-n', ns, 'orders'])).status?.asyncOpInProgress,
      { timeoutMs: 15_000 },
    );
    const lease = ['lease', '-n', system, 'bindery-controller'];
    const holder = await world.kubectl(['get', ...lease, '-o', 'jsonpath={.spec.holderIdentity}']);
    const leader = (await podsOf('controller')).find(({ metadata }) => holder.startsWith(metadata.name));
    const startedAt = performance.now();
    await world.cluster.killContainer(leader?.status.containerStatuses?.[0]?.containerID ?? '');
    await world.kubectl([
      'wait',
      '-n',
      ns,
      '--for=condition=Ready',
      'serviceinstance/orders',
      '--timeout=50s',
    ]);
    tell(
      `leader killed: its instance was Ready ${((performance.now() - startedAt) / 1000).toFixed(1)} s later`,
    );
    expect(await world.kubectl(['get', ...lease, '-o', 'jsonpath={.spec.holderIdentity}'])).not.toBe(holder);
    const ids = (await broker.requests()).flatMap(
      (line) => /^PUT (\S+\/service_instances\/[^/ ]+) /.exec(line)?.[1] ?? [],
    );
    expect(new Set(ids).size).toBe(1);
    await world.kubectl(['delete', '-n', ns, 'serviceinstance/orders', '--timeout=50s']);
    expect(await broker.requests()).toContainEqual(expect.stringMatching(/^DELETE .*service_instances/));
  }, 120_000);

  it('lets other Pods start while no webhook runs, refuses annotated ones, and heals when it is back', async () => {
    await world.kubectl(['scale', '-n', system, 'deployment/bindery-webhook', '--replicas=0']);
    // Until then the API server may still use a connection to a replica that is going.
    await onlySoMany('webhook', 0);
    const asking = pod(ns, 'asking', { annotations, spec: { containers: [container('main', stay)] } });
    const plain = pod(ns, 'plain', { spec: { containers: [container('main', stay)] } });
    await expect(world.apply(asking)).rejects.toThrow('pods.bind.servicecatalog.k8s.io');
    await world.apply(plain);
    await world.kubectl(['wait', '-n', ns, '--for=condition=Ready', 'pod/plain', '--timeout=20s']);
    // Deletion of our own kinds never depends on the webhook.
    await world.kubectl(['delete', 'clusterservicebroker/postgres', '--timeout=30s']);

    await world.kubectl(['scale', '-n', system, 'deployment/bindery-webhook', '--replicas=2']);
    await rolledOut('webhook');
    await waitFor(async () => world.apply(asking).then(() => true), { timeoutMs: 20_000 });
    await world.kubectl(['wait', '-n', ns, '--for=condition=Ready', 'pod/asking', '--timeout=20s']);
  }, 120_000);

  it('recovers when all replicas are killed at once, with the authority that it had', async () => {
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
        world.cluster.killContainer(status.containerStatuses?.[0]?.containerID ?? ''),
      ),
    );
    await world.kubectl(['delete', 'pods', '-n', ns, '--all', '--wait=false']);
    await world.kubectl(['rollout', 'status', '-n', ns, 'deployment/app', '--timeout=55s']);
    for (const role of ['webhook', 'controller']) await rolledOut(role);
    expect(await world.kubectl(authority)).toBe(before);
  }, 120_000);
});
