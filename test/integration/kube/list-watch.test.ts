import { silentLogger } from '../../../src/base/logger.ts';
import { Informer } from '../../../src/control/informer.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { ListWatchObservation } from '../../../src/kube/list-watch.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { configMaps, customResourceDefinitions, type Resource } from '../../../src/kube/resources.ts';
import { freshNamespace, sharedControlPlane } from '../../support/cluster.ts';
import { waitFor } from '../../support/wait-for.ts';
import { createConfigMap, realClient, type ConfigMap } from './real-client.ts';
import { TcpRelay } from '../../support/tcp-relay.ts';

let admin: KubeClient;
let watcher: KubeClient;
let relay: TcpRelay;
let namespace: string;
let stop: AbortController;
let running: Promise<void>[];
let observations: ListWatchObservation['what'][];

beforeAll(async () => {
  const { kubeconfig } = await sharedControlPlane();
  admin = await realClient(kubeconfig);
  relay = await TcpRelay.start(admin.connection.server);
  watcher = await realClient(kubeconfig, (connection) => ({
    ...connection,
    server: relay.url(connection.server),
  }));
});

afterAll(async () => {
  await watcher.close();
  await relay.close();
  await admin.close();
});

beforeEach(async () => {
  namespace = await freshNamespace('list-watch');
  stop = new AbortController();
  running = [];
  observations = [];
});

afterEach(async () => {
  stop.abort();
  await Promise.all(running);
});

function follow<T extends KubeObject = ConfigMap>(
  options: { resource?: Resource; labelSelector?: string; inactivityMs?: number } = {},
): Informer<T> {
  const informer = new Informer<T>({
    client: watcher,
    resource: configMaps,
    namespace,
    logger: silentLogger,
    freeze: true,
    backoff: { initialMs: 20, maxMs: 200 },
    observe: ({ what }) => observations.push(what),
    ...options,
  });
  running.push(informer.start(stop.signal));
  return informer;
}

const count = (what: ListWatchObservation['what']): number =>
  observations.filter((seen) => seen === what).length;
const ref = (name: string): { namespace: string; name: string } => ({ namespace, name });

async function equalsServer({ store }: Informer<ConfigMap>): Promise<void> {
  const facts = (objects: readonly KubeObject[]): string =>
    objects
      .map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`)
      .sort()
      .join(' ');
  const { items } = await admin.list<ConfigMap>(configMaps, { namespace });
  await waitFor(() => facts(store.list()) === facts(items));
}

async function changeSomething(round: string): Promise<void> {
  await createConfigMap(admin, namespace, `new-${round}`);
  await admin.patch(configMaps, ref('changed'), { data: { round } }, { type: 'merge' });
  await admin.delete(configMaps, ref(`gone-${round}`));
}

it('follows a real kind through additions, changes and removals', async () => {
  await createConfigMap(admin, namespace, 'changed');
  await createConfigMap(admin, namespace, 'gone-1');
  const informer = follow();
  await informer.synced;
  expect(informer.store.get(`${namespace}/changed`)).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
  expect(informer.store.get(`${namespace}/changed`)?.metadata).not.toHaveProperty('managedFields');
  await changeSomething('1');
  await equalsServer(informer);
  expect(count('list')).toBe(1);
});

it('reads its own writes before the watch tells of them, and only once', async () => {
  const informer = follow();
  await informer.synced;
  const changes: string[] = [];
  informer.store.subscribe(({ object }) => changes.push(object.metadata.resourceVersion ?? ''));
  const written = await createConfigMap(admin, namespace, 'own');
  informer.store.put(written);
  expect(informer.store.get(`${namespace}/own`)).toEqual({
    ...written,
    metadata: expect.not.objectContaining({ managedFields: expect.anything() as unknown }) as unknown,
  });
  const second = await createConfigMap(admin, namespace, 'other');
  await waitFor(() => changes.includes(second.metadata.resourceVersion!));
  expect(changes.filter((version) => version === written.metadata.resourceVersion)).toHaveLength(1);
});

it('goes on from where it was when the connection is cut, without a new list', async () => {
  await createConfigMap(admin, namespace, 'changed');
  for (const round of ['1', '2', '3']) await createConfigMap(admin, namespace, `gone-${round}`);
  const informer = follow();
  await informer.synced;
  for (const round of ['1', '2', '3']) {
    await waitFor(() => relay.connections > 0);
    relay.cut();
    await changeSomething(round);
    await equalsServer(informer);
  }
  expect(count('list')).toBe(1);
  expect(count('watch')).toBeGreaterThanOrEqual(3);
});

it('notices a connection that carries nothing any more', async () => {
  await createConfigMap(admin, namespace, 'changed');
  await createConfigMap(admin, namespace, 'gone-1');
  const informer = follow({ inactivityMs: 500 });
  await informer.synced;
  await waitFor(() => count('watch') > 0);
  relay.silence();
  await changeSomething('1');
  await equalsServer(informer);
  relay.cut();
  expect(count('list')).toBe(1);
});

it('reads a list of several pages', async () => {
  const names = Array.from({ length: 620 }, (_, number) => `many-${number}`);
  await Promise.all(names.map((name) => createConfigMap(admin, namespace, name)));
  const informer = follow();
  await informer.synced;
  await equalsServer(informer);
  expect(informer.store.size).toBeGreaterThanOrEqual(620);
}, 60_000);

it('sees objects enter and leave its selector', async () => {
  await createConfigMap(admin, namespace, 'in', { app: 'x' });
  await createConfigMap(admin, namespace, 'out', { app: 'y' });
  const { store, synced } = follow({ labelSelector: 'app=x' });
  await synced;
  expect(store.list().map(({ metadata }) => metadata.name)).toEqual(['in']);
  const relabel = (app: string): Promise<unknown> =>
    admin.patch(configMaps, ref('in'), { metadata: { labels: { app } } }, { type: 'merge' });
  await relabel('y');
  await waitFor(() => store.size === 0);
  await relabel('x');
  await waitFor(() => store.size === 1);
});

it('waits for a kind that is not there yet, follows it, and empties when it is removed', async () => {
  const group = `${namespace}.bindery.example`;
  const resource: Resource = { group, version: 'v1', plural: 'things', kind: 'Thing', namespaced: true };
  const { store, synced } = follow<KubeObject>({ resource });
  await waitFor(() => count('failure') >= 2);

  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } };
  const definition = {
    metadata: { name: `things.${group}` },
    spec: { group, scope: 'Namespaced', names: { plural: 'things', kind: 'Thing' }, versions: [version] },
  };
  await admin.create(customResourceDefinitions, definition);
  await synced;
  await admin.create(resource, { metadata: { namespace, name: 'a' } });
  await waitFor(() => store.size === 1);

  await admin.delete(customResourceDefinitions, definition.metadata);
  await waitFor(() => store.size === 0);
}, 60_000);
