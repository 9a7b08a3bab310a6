import { silentLogger } from '../../../src/base/logger.ts';
import { LeaderElection } from '../../../src/control/leader.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { EventRecorder } from '../../../src/kube/events.ts';
import type { EventObject } from '../../../src/kube/event-object.ts';
import { events } from '../../../src/kube/resources.ts';
import { freshNamespace, sharedControlPlane } from '../../support/cluster.ts';
import { waitFor } from '../../support/wait-for.ts';
import { createConfigMap, realClient } from './real-client.ts';

let client: KubeClient;
let namespace: string;

beforeAll(async () => {
  const { kubeconfig } = await sharedControlPlane();
  client = await realClient(kubeconfig);
  namespace = await freshNamespace('events');
});

afterAll(async () => {
  await client.close();
});

it('events are what kubectl describe shows, with a count', async () => {
  const object = await createConfigMap(client, namespace, 'described');
  const recorder = new EventRecorder({
    client,
    component: 'bindery-controller',
    instance: 'pod-1',
    logger: silentLogger,
    repeatIntervalMs: 50,
  });
  for (let repetition = 0; repetition < 7; repetition++) {
    recorder.record(object, 'Warning', 'ProvisionCallFailed', 'the broker said no');
  }
  const counted = async (): Promise<EventObject | undefined> => {
    const query = { namespace, fieldSelector: 'involvedObject.name=described,reason=ProvisionCallFailed' };
    const { items } = await client.list<EventObject>(events, query);
    return items.find(({ count }) => count === 7);
  };
  await waitFor(counted);
  await recorder.stop();

  const { kubectl } = await sharedControlPlane();
  const { stdout } = await kubectl(['-n', namespace, 'describe', 'configmap', 'described']);
  expect(stdout).toMatch(
    /Warning\s+ProvisionCallFailed\s+\S+ \(x7 over \S+\)\s+bindery-controller\s+the broker said no/,
  );
});

it('one leader at a time on a real Lease, passed on at once by the one that stops', async () => {
  const leaders: string[] = [];
  const candidates = ['first', 'second', 'third'].map((identity) => {
    const stop = new AbortController();
    const election = new LeaderElection({
      client,
      namespace,
      name: 'lease',
      identity,
      logger: silentLogger,
      retryPeriodMs: 100,
    });
    const finished = election.run(stop.signal, async (signal) => {
      leaders.push(identity);
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    return { identity, stop, finished, election };
  });
  try {
    for (let turn = 1; turn <= 3; turn++) {
      await waitFor(() => leaders.length === turn);
      const leading = candidates.filter(({ election }) => election.isLeading);
      expect(leading.map(({ identity }) => identity)).toEqual([leaders[turn - 1]]);
      leading[0]?.stop.abort();
      await leading[0]?.finished;
    }
  } finally {
    candidates.forEach(({ stop }) => stop.abort());
    await Promise.all(candidates.map(({ finished }) => finished));
  }
  expect(leaders.sort()).toEqual(['first', 'second', 'third']);
});
