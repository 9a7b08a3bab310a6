import { silentLogger } from '../../../src/base/logger.ts';
import { KubeClient } from '../../../src/kube/client.ts';
import { EventRecorder, type EventRecorderDeps } from '../../../src/kube/events.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { configMaps } from '../../../src/kube/resources.ts';
import { FakeApiServer } from '../../support/fake-api-server/fake-api-server.ts';
import type { StoredObject } from '../../support/fake-api-server/stored-object.ts';
import { waitFor } from '../../support/wait-for.ts';

let server: FakeApiServer;
let client: KubeClient;
let nowMs: number;
const recorders: EventRecorder[] = [];

beforeEach(async () => {
  server = await FakeApiServer.start();
  client = new KubeClient({ connection: server.connection() });
  nowMs = Date.parse('2026-03-04T05:06:07.890Z');
});

afterEach(async () => {
  await Promise.all(recorders.splice(0).map((recorder) => recorder.stop()));
  await client.close();
  await server.close();
});

function newRecorder(deps: Partial<EventRecorderDeps> = {}): EventRecorder {
  const recorder = new EventRecorder({
    client,
    component: 'bindery-controller',
    instance: 'pod-1',
    logger: silentLogger,
    clock: { now: () => nowMs },
    stopwatch: { elapsedMs: () => nowMs },
    repeatIntervalMs: 20,
    ...deps,
  });
  recorders.push(recorder);
  return recorder;
}

const instance = (name: string, namespace?: string): KubeObject => ({
  apiVersion: 'servicecatalog.k8s.io/v1beta1',
  kind: 'ServiceInstance',
  metadata: {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    uid: `uid-${name}`,
    resourceVersion: '7',
  },
});
const written = (): readonly StoredObject[] => server.storage.list('v1/events');
const requests = (method: string): number =>
  server.requests.filter((request) => request.method === method).length;

it('writes an event that kubectl and dashboards understand', async () => {
  newRecorder().record(instance('db', 'ns'), 'Warning', 'ProvisionCallFailed', 'the broker said no');
  const [event] = await waitFor(() => written().length > 0 && written());
  expect(event).toMatchObject({
    metadata: { namespace: 'ns', name: expect.stringMatching(/^db\.[0-9a-f]{16}$/) as string },
    involvedObject: {
      apiVersion: 'servicecatalog.k8s.io/v1beta1',
      kind: 'ServiceInstance',
      namespace: 'ns',
      name: 'db',
      uid: 'uid-db',
      resourceVersion: '7',
    },
    type: 'Warning',
    reason: 'ProvisionCallFailed',
    message: 'the broker said no',
    count: 1,
    firstTimestamp: '2026-03-04T05:06:07Z',
    lastTimestamp: '2026-03-04T05:06:07Z',
    source: { component: 'bindery-controller' },
    reportingComponent: 'bindery-controller',
    reportingInstance: 'pod-1',
  });
});

it('writes events of cluster-scoped objects to the namespace default', async () => {
  newRecorder().record(instance('broker'), 'Normal', 'Fetched', 'catalog fetched');
  const [event] = await waitFor(() => written().length > 0 && written());
  expect(event?.metadata.namespace).toBe('default');
});

it('counts repetitions in one event, and writes them together', async () => {
  const recorder = newRecorder({ repeatIntervalMs: 50 });
  for (let repetition = 0; repetition < 100; repetition++) {
    recorder.record(instance('db', 'ns'), 'Normal', 'Waiting', 'for the broker');
  }
  await waitFor(() => written()[0]?.['count'] === 100);
  expect(written()).toHaveLength(1);

  nowMs += 60_000;
  recorder.record(instance('db', 'ns'), 'Normal', 'Waiting', 'for the broker');
  await waitFor(() => written()[0]?.['count'] === 101);
  expect(written()[0]?.['lastTimestamp']).toBe('2026-03-04T05:07:07Z');
  expect(requests('PATCH')).toBeLessThanOrEqual(2);
});

it('has the annotations of the last repetition, which make no other event of it', async () => {
  const recorder = newRecorder({ repeatIntervalMs: 20 });
  const failed = (request: string): void =>
    recorder.record(instance('db', 'ns'), 'Warning', 'Failed', 'no', { request });
  failed('first');
  const annotated = (): unknown => written()[0]?.metadata['annotations'];
  await waitFor(() => written().length > 0);
  expect(annotated()).toEqual({ request: 'first' });
  failed('second');
  await waitFor(() => written()[0]?.['count'] === 2);
  expect(annotated()).toEqual({ request: 'second' });
  expect(written()).toHaveLength(1);
});

it('writes a new event for other words, another object, another incarnation, and after ten minutes', async () => {
  const recorder = newRecorder();
  recorder.record(instance('db', 'ns'), 'Normal', 'Waiting', 'for the broker');
  recorder.record(instance('db', 'ns'), 'Normal', 'Waiting', 'for the network');
  recorder.record(instance('other', 'ns'), 'Normal', 'Waiting', 'for the broker');
  const reborn = instance('db', 'ns');
  recorder.record(
    { ...reborn, metadata: { ...reborn.metadata, uid: 'reborn' } },
    'Normal',
    'Waiting',
    'for the broker',
  );
  nowMs += 600_000;
  recorder.record(instance('db', 'ns'), 'Normal', 'Waiting', 'for the broker');
  await waitFor(() => written().length === 5);
});

it('writes a new event when the server has forgotten the old one', async () => {
  const recorder = newRecorder();
  recorder.record(instance('db', 'ns'), 'Normal', 'Waiting', 'for the broker');
  const [old] = await waitFor(() => written().length > 0 && written());
  server.storage.delete({ collection: 'v1/events', namespace: 'ns', name: old!.metadata.name });
  recorder.record(instance('db', 'ns'), 'Normal', 'Waiting', 'for the broker');
  await waitFor(() => written().length === 1 && written()[0]?.['count'] === 2);
});

it('is content when a terminating namespace wants no events', async () => {
  server.terminatingNamespaces.add('ns');
  const recorder = newRecorder();
  recorder.record(instance('db', 'ns'), 'Normal', 'Deleting', 'bye');
  recorder.record(instance('db', 'elsewhere'), 'Normal', 'Deleting', 'bye');
  await waitFor(() => written().length === 1);
  expect(requests('POST')).toBe(2);
});

it('tries three times when the server has trouble, then drops the event and goes on', async () => {
  server.plan({ method: 'POST', times: 3, answer: { status: 500, body: {} } });
  const recorder = newRecorder();
  recorder.record(instance('unlucky', 'ns'), 'Normal', 'A', 'a');
  recorder.record(instance('lucky', 'ns'), 'Normal', 'B', 'b');
  await waitFor(() => written().length === 1);
  expect(written()[0]?.['reason']).toBe('B');
  expect(requests('POST')).toBe(4);
});

it('lets one object cause 25 different events at once, not more', async () => {
  const recorder = newRecorder();
  for (let event = 0; event < 40; event++)
    recorder.record(instance('db', 'ns'), 'Normal', 'R', `text ${event}`);
  recorder.record(instance('quiet', 'ns'), 'Normal', 'R', 'last');
  await waitFor(() => written().some((event) => event['message'] === 'last'));
  expect(written()).toHaveLength(26);
});

it('keeps nobody waiting for the flood of another namespace, and loses nothing of theirs', async () => {
  const recorder = newRecorder({ repeatIntervalMs: 1 });
  const flood = (): void => {
    for (let object = 0; object < 3_000; object++)
      recorder.record(instance(`noisy-${object}`, 'noisy'), 'Normal', 'R', `text ${object}`);
  };
  const told = (): StoredObject | undefined =>
    written().find(({ metadata }) => metadata.namespace === 'quiet');
  flood();
  recorder.record(instance('db', 'quiet'), 'Normal', 'R', 'm');
  flood();
  await waitFor(() => told() !== undefined);
  expect(written().length).toBeLessThan(20);
  flood();
  recorder.record(instance('db', 'quiet'), 'Normal', 'R', 'm');
  await waitFor(() => told()?.['count'] === 2);
  expect(written().length).toBeLessThan(100);
});

it('writes what waits when it is stopped, and nothing after', async () => {
  const recorder = newRecorder({ repeatIntervalMs: 60_000 });
  recorder.record(instance('db', 'ns'), 'Normal', 'Waiting', 'for the broker');
  await waitFor(() => written().length === 1);
  recorder.record(instance('db', 'ns'), 'Normal', 'Waiting', 'for the broker');
  recorder.record(instance('new', 'ns'), 'Normal', 'Started', 'now');
  await recorder.stop();
  recorder.record(instance('late', 'ns'), 'Normal', 'Late', 'never');
  expect(written().map((event) => [event['reason'], event['count']])).toEqual(
    expect.arrayContaining([
      ['Waiting', 2],
      ['Started', 1],
    ]),
  );
  expect(written()).toHaveLength(2);
});

it('leaves a server that is slow to others for a while, unless somebody waits', async () => {
  // Every look at it says that ten seconds have gone.
  const recorder = newRecorder({ stopwatch: { elapsedMs: () => (nowMs += 10_000) } });
  for (const name of ['a', 'b', 'c']) recorder.record(instance(name, 'ns'), 'Normal', 'R', 'm');
  await waitFor(() => written().length === 1);
  for (let other = 0; other < 30; other++) await client.list(configMaps);
  expect(written()).toHaveLength(1);
  await recorder.flush();
  expect(written()).toHaveLength(3);
});

it('does not wait for a server that is silent when it is stopped', async () => {
  server.plan({ times: 5, answer: 'stall' });
  const recorder = newRecorder();
  recorder.record(instance('db', 'ns'), 'Normal', 'A', 'a');
  await waitFor(() => server.requests.length === 1);
  const startedMs = performance.now();
  await recorder.stop();
  expect(performance.now() - startedMs).toBeLessThan(4_000);
});

it('shortens what is too long, and makes valid names of odd ones', async () => {
  newRecorder().record(instance(`${'x'.repeat(250)}:Y`, 'ns'), 'Normal', 'R', 'm'.repeat(5_000));
  const [event] = await waitFor(() => written().length > 0 && written());
  expect(event?.metadata.name).toMatch(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
  expect(event?.metadata.name.length).toBeLessThanOrEqual(253);
  expect(String(event?.['message'])).toHaveLength(1_024);
});
