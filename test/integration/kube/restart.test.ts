import { silentLogger } from '../../../src/base/logger.ts';
import { Informer } from '../../../src/control/informer.ts';
import { LeaderElection } from '../../../src/control/leader.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { isGone } from '../../../src/kube/errors.ts';
import type { ListWatchObservation } from '../../../src/kube/list-watch.ts';
import { configMaps } from '../../../src/kube/resources.ts';
import { startControlPlane, type ControlPlane } from '../../cluster/control-plane.ts';
import { waitFor } from '../../support/wait-for.ts';
import { createConfigMap, realClient, type ConfigMap } from './real-client.ts';

let plane: ControlPlane;
let client: KubeClient;

beforeAll(async () => {
  plane = await startControlPlane();
  client = await realClient(plane.kubeconfig);
}, 900_000);

afterAll(async () => {
  await client?.close();
  await plane?.stop();
});

it.each([true, false])(
  'stores are complete and the leader leads again after a restart of the API server (graceful: %s)',
  async (graceful) => {
    const namespace = 'default';
    const stop = new AbortController();
    const observations: ListWatchObservation['what'][] = [];
    const informer = new Informer<ConfigMap>({
      client,
      resource: configMaps,
      namespace,
      logger: silentLogger,
      observe: ({ what }) => observations.push(what),
    });
    const election = new LeaderElection({
      client,
      namespace,
      name: `restart-${graceful}`,
      identity: 'the-only-one',
      logger: silentLogger,
    });
    const leading = Promise.withResolvers<void>();
    const running = [
      informer.start(stop.signal),
      election.run(stop.signal, async (signal) => {
        leading.resolve();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      }),
    ];
    try {
      await informer.synced;
      await leading.promise;
      const before = `before-${graceful}`;
      await createConfigMap(client, namespace, before);
      await waitFor(() => informer.store.get(`${namespace}/${before}`));

      await plane.restartApiServer({ graceful });
      const after = `after-${graceful}`;
      await waitFor(() => createConfigMap(client, namespace, after));
      await client.delete(configMaps, { namespace, name: before });

      await waitFor(() => informer.store.get(`${namespace}/${after}`), { timeoutMs: 40_000 });
      await waitFor(() => informer.store.get(`${namespace}/${before}`) === undefined, { timeoutMs: 40_000 });
      await waitFor(() => election.isLeading, { timeoutMs: 40_000 });
      expect(observations).toContain('failure');
    } finally {
      stop.abort();
      await Promise.all(running);
    }
    const lease = await plane.kubectl([
      'get',
      'lease',
      `restart-${graceful}`,
      '-o',
      'jsonpath={.spec.holderIdentity}',
    ]);
    expect(lease).toMatchObject({ code: 0, stdout: '' });
  },
  120_000,
);

it('a version from before the restart is gone, for watches too', async () => {
  await createConfigMap(client, 'default', 'gone');
  await plane.restartApiServer();
  const watchFrom = async (resourceVersion: string): Promise<string> => {
    const { signal } = new AbortController();
    const watch = client.watch(configMaps, { resourceVersion, timeoutSeconds: 5 }, { signal });
    for await (const event of watch) return event.type;
    return 'the watch ended';
  };
  await waitFor(() => client.list(configMaps));
  await expect(watchFrom('1').catch(isGone)).resolves.toBe(true);
}, 120_000);
