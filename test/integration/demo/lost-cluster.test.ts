import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { BinderyProcess } from '../../../demo/bindery-process.ts';
import { startPostgresBroker, type PostgresBroker } from '../../../demo/postgres-broker/server.ts';
import { kubectl, type Scene } from '../../../demo/scene.ts';
import { deploy, registerBroker, waitForCredentials, waitForPod } from '../../../demo/steps.ts';
import { sqlView } from '../../../demo/sql-view.ts';
import { decodeBase64, type SecretObject } from '../../../src/kube/data-objects.ts';
import type { KubeList, KubeObject } from '../../../src/kube/objects.ts';
import { startControlPlane } from '../../cluster/control-plane.ts';
import { runCli } from '../../support/run-cli.ts';

const ourKinds =
  'csbroker,sbroker,csclass,sclass,csplan,splan,sinst,sbind,podpresets.settings.servicecatalog.k8s.io';
const aloneManifest = `
apiVersion: servicecatalog.k8s.io/v1beta1
kind: ServiceInstance
metadata: { name: alone, namespace: demo }
spec: { clusterServiceClassExternalName: postgresql, clusterServicePlanExternalName: small, parameters: { connectionLimit: 7 } }
---
apiVersion: servicecatalog.k8s.io/v1beta1
kind: ServiceBinding
metadata: { name: alone, namespace: demo }
spec: { instanceRef: { name: alone }, secretName: alone-login }
`;

let broker: PostgresBroker;
let directory: string;
/** What was asked of the broker: `PUT /v2/… → 201`. */
let calls: string[] = [];
/** What was there before the cluster was lost. */
let before: Known;
/** `kubectl get` of all that is ours, as it was. */
let backup: readonly KubeObject[];

interface Known {
  readonly secrets: Readonly<Record<string, unknown>>;
  readonly sql: Awaited<ReturnType<typeof sqlView>>;
}

const exported = () => join(directory, 'services.yaml');

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lost-cluster-'));
  broker = await startPostgresBroker(AbortSignal.timeout(60_000), { log: (line) => calls.push(line) });
  await inCluster(async (scene) => {
    await kubectl(scene, ['create', 'namespace', 'demo']);
    await startBindery(scene);
    await registerBroker(scene, ignore);
    await deploy(scene, ignore);
    await kubectl(scene, ['apply', '-f', '-'], aloneManifest);
    await waitForPod(scene, ignore);
    await waitForCredentials(scene, ignore);
    await recorded(scene);
    for (const login of await logins(scene)) await query(login, 'CREATE TABLE visits AS SELECT 1 AS visit');
    before = await known(scene);
    const flags = ['--with-secrets', '--as-same-cluster', '--file', exported()];
    const done = await runCli(['export', '--kubeconfig', scene.plane.kubeconfig, ...flags]);
    expect([done.code, done.stdout]).toEqual([0, '']);
    expect(done.stderr).toContain('2 ServiceInstance, 2 ServiceBinding');
    backup = await backedUp(scene);
  });
}, 240_000);
afterAll(async () => {
  await broker?.stop();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(() => {
  calls = [];
});

const ignore = (): void => undefined;

/** A control plane for the time of a story. Bindery is ended first, without a word to anybody. */
async function inCluster(story: (scene: Story) => Promise<void>): Promise<void> {
  await using cleanUp = new AsyncDisposableStack();
  const signal = AbortSignal.timeout(200_000);
  const plane = await startControlPlane({ signal });
  cleanUp.defer(async () => plane.stop());
  const scene: Story = { plane, broker, signal, cleanUp } as Story;
  await story(scene);
}

type Story = Scene & { readonly cleanUp: AsyncDisposableStack };

async function startBindery({ plane, signal, cleanUp }: Story): Promise<void> {
  const started = await BinderyProcess.start({ kubeconfig: plane.kubeconfig, signal });
  cleanUp.defer(async () => started.stop());
}

async function items<T extends KubeObject>(scene: Scene, what: string): Promise<readonly T[]> {
  const text = await kubectl(scene, ['get', what, '-A', '-o', 'json']);
  return (JSON.parse(text) as KubeList<T>).items;
}

/** Waits until the Deployment has the ids of its services on record. */
async function recorded(scene: Scene): Promise<void> {
  const path = `jsonpath={.metadata.annotations.servicecatalog\\.k8s\\.io/ids}`;
  await kubectl(scene, ['wait', `--for=${path}`, '--timeout=60s', '-n', 'demo', 'deployment/guestbook']);
}

const isOfBinding = ({ metadata }: KubeObject) =>
  metadata.labels?.['servicecatalog.k8s.io/binding-secret'] === 'true';

async function logins(scene: Scene): Promise<readonly string[]> {
  const all = await items<SecretObject>(scene, 'secrets');
  return all.filter(isOfBinding).map(({ data }) => decodeBase64(data?.['uri'] ?? ''));
}

async function query(connectionString: string, sql: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString, connectionTimeoutMillis: 20_000 });
  client.on('error', ignore);
  try {
    await client.connect();
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

async function known(scene: Scene): Promise<Known> {
  const all = await items<SecretObject>(scene, 'secrets');
  const secrets = all.filter(isOfBinding).map(({ metadata, data }) => [metadata.name, data]);
  return { secrets: Object.fromEntries(secrets), sql: await sqlView(broker.postgres) };
}

/** As tools have it that keep what a user may write: no status, and no owners that are not there any more. */
async function backedUp(scene: Scene): Promise<readonly KubeObject[]> {
  const all = await items<KubeObject & { readonly status?: unknown }>(
    scene,
    `${ourKinds},secrets,deployments,configmaps`,
  );
  return all
    .filter(
      ({ kind, metadata }) =>
        kind !== 'Secret' || isOfBinding({ metadata }) || metadata.namespace === 'default',
    )
    .filter(({ kind, metadata }) => kind !== 'ConfigMap' || metadata.name === 'cluster-info')
    .map(({ status: _, ...object }) => {
      const { name, namespace, labels, annotations, finalizers } = object.metadata;
      return { ...object, metadata: { name, namespace, labels, annotations, finalizers } } as KubeObject;
    });
}

const listOf = (objects: readonly KubeObject[]): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });

/** All is as it was, a Pod gets what it asks for, and the broker was asked to make, change and delete nothing. */
async function expectSame(scene: Scene): Promise<void> {
  await waitForPod(scene, ignore);
  await waitForCredentials(scene, ignore);
  await recorded(scene);
  const instances = await items(scene, 'sinst');
  expect(instances.map(({ metadata }) => metadata.name)).toHaveLength(2);
  expect(await known(scene)).toEqual(before);
  for (const login of await logins(scene)) {
    expect(await query(login, 'SELECT visit FROM visits')).toEqual([{ visit: 1 }]);
  }
  expect(calls.filter((call) => /^(DELETE|PATCH)|^PUT .* → (201|202|4|5)/.test(call))).toEqual([]);
}

it('what export wrote brings all back in another cluster: rows, logins, Pods; nothing is provisioned', async () => {
  expect((await stat(exported())).mode & 0o777).toBe(0o600);
  await inCluster(async (scene) => {
    for (const name of ['demo', 'bindery-system']) await kubectl(scene, ['create', 'namespace', name]);
    await startBindery(scene);
    const text = await readFile(exported(), 'utf8');
    await kubectl(scene, ['apply', '-f', '-'], text);
    await deploy(scene, ignore);
    await expectSame(scene);
    // Whoever applies it once more changes nothing.
    expect(await kubectl(scene, ['diff', '-f', '-'], text)).toBe('');
    expect(await kubectl(scene, ['apply', '-f', '-'], text)).not.toMatch(/configured|created/);
    await kubectl(scene, ['apply', '--server-side', '--force-conflicts', '-f', '-'], text);
    await expectSame(scene);
  });
}, 240_000);

it.each([
  ['workloads first', (objects: readonly KubeObject[]) => objects.toSorted(byKind('Deployment', -1))],
  ['workloads last', (objects: readonly KubeObject[]) => objects.toSorted(byKind('Deployment', 1))],
])(
  'a plain backup, %s, brings all back in another cluster: rows, logins, Pods; nothing is provisioned',
  async (_order, ordered) => {
    await inCluster(async (scene) => {
      for (const name of ['demo', 'bindery-system']) await kubectl(scene, ['create', 'namespace', name]);
      const [clusterInfo, others] = [isClusterInfo, (object: KubeObject) => !isClusterInfo(object)].map(
        (which) => backup.filter(which),
      );
      await kubectl(scene, ['create', '-f', '-'], listOf(clusterInfo ?? []));
      await startBindery(scene);
      for (const object of ordered(others ?? [])) {
        // A workload makes what is not there yet, under the same ids; the built-in class is there.
        const { code, stderr } = await scene.plane.kubectl(['create', '-f', '-'], JSON.stringify(object));
        if (code !== 0 && !stderr.includes('AlreadyExists')) throw new Error(stderr);
      }
      await expectSame(scene);
    });
  },
  240_000,
);

const isClusterInfo = ({ kind }: KubeObject): boolean => kind === 'ConfigMap';

function byKind(kind: string, first: 1 | -1) {
  const rank = (object: KubeObject): number => (object.kind === kind ? first : 0);
  return (left: KubeObject, right: KubeObject): number => rank(left) - rank(right);
}
