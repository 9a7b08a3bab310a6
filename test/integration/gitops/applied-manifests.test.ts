import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { loadAll } from 'js-yaml';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';

/** What people keep in a repository: the samples that we ship, and more that is typical. */
const directories = [
  join(import.meta.dirname, '../../../deploy/samples'),
  join(import.meta.dirname, '../../../deploy/gitops/example'),
  join(import.meta.dirname, 'manifests'),
];
const files = directories.flatMap((directory) => readdirSync(directory).map((name) => join(directory, name)));
const documents = files.flatMap((file) => loadAll(readFileSync(file, 'utf8')) as KubeObject[]);

/** What becomes ready; the rest waits for brokers and classes that are nowhere. */
const usable = [
  ...['orders', 'shop', 'billing', 'only-plan', 'counted', 'by-id'].map((name) => `serviceinstance/${name}`),
  ...['orders', 'shop', 'billing', 'bare', 'transformed'].map((name) => `servicebinding/${name}`),
];

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await world.startBindery('--leader-elect=false', '--max-retry-interval=2s');
  await world.register();
}, 90_000);
afterAll(() => world?.stop());

/** Of the repository, in a namespace of its own; what has none gets a name of its own. */
function manifestsIn(namespace: string): string {
  const items = documents.map((document) => {
    const { metadata } = document;
    const isOfCluster = document.kind === 'ClusterServiceBroker';
    const place = isOfCluster ? { name: `${metadata.name}-${namespace}` } : { namespace };
    const text = JSON.stringify({ ...document, metadata: { ...metadata, ...place } });
    return text.replaceAll('"namespace":"default"', `"namespace":"${namespace}"`);
  });
  return `{"apiVersion": "v1", "kind": "List", "items": [${items.join(', ')}]}`;
}

/** @param namespace of the manifests, which it reads from standard input with `-f -` */
async function kubectl(namespace: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await world.controlPlane.kubectl(args, manifestsIn(namespace));
  // Who replaces an object names the version that was read; the status of a broker that can not be reached is written meanwhile.
  if (args[0] === 'replace' && stderr.includes('(Conflict)')) return kubectl(namespace, ...args);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stdout} ${stderr}`);
  return stdout;
}

type Words = readonly string[];
interface Style {
  readonly how: string;
  readonly create: Words;
  readonly again: Words;
  readonly diff: Words;
}

const serverSide: Words = ['apply', '--server-side', '--field-manager=argocd-controller'];
const diffServerSide: Words = ['diff', '--server-side', '--field-manager=argocd-controller'];
const styles: readonly Style[] = [
  { how: 'kubectl apply', create: ['apply'], again: ['apply'], diff: ['diff'] },
  { how: 'server-side apply', create: serverSide, again: serverSide, diff: diffServerSide },
  { how: 'kubectl replace', create: ['create'], again: ['replace'], diff: ['diff'] },
];

interface ManagedFields {
  readonly manager: string;
  readonly operation: string;
  readonly time: string;
  readonly fieldsV1: object;
}

interface Applied {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly generation?: number;
    readonly labels?: object;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly managedFields: readonly ManagedFields[];
  };
  readonly spec?: object;
  readonly data?: object;
}

async function applied(namespace: string): Promise<readonly Applied[]> {
  const list = await kubectl(namespace, 'get', '-f', '-', '--show-managed-fields', '-o', 'json');
  return (JSON.parse(list) as { readonly items: readonly Applied[] }).items;
}

/** What belongs to others: how kubectl remembers what it applied, and a counter of Kubernetes. */
const bookkeeping = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'deployment.kubernetes.io/revision',
  'deprecated.daemonset.template.generation',
]);

/** All of it but the status; the generation of our kinds only, as that of a Deployment counts its annotations, too. */
async function stored(namespace: string): Promise<readonly object[]> {
  return (await applied(namespace)).map(({ apiVersion, kind, metadata, spec, data }) => {
    const { name, uid, generation, labels, finalizers, annotations = {} } = metadata;
    const said = Object.fromEntries(Object.entries(annotations).filter(([key]) => !bookkeeping.has(key)));
    const isOurs = apiVersion.startsWith('servicecatalog.k8s.io/');
    return {
      kind,
      name,
      uid,
      generation: isOurs && generation,
      labels,
      finalizers,
      annotations: said,
      spec,
      data,
    };
  });
}

/** Everything is made that can be, and the ids of it are on record where it was asked for. */
async function settled(namespace: string): Promise<void> {
  await kubectl(namespace, 'wait', '--for=condition=Ready', '-n', namespace, '--timeout=60s', ...usable);
  const isOnRecord = async (): Promise<boolean> => (await applied(namespace)).every(hasIdsOnRecord);
  await waitFor(isOnRecord, { timeoutMs: 90_000 });
}

const recording = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

function hasIdsOnRecord({ kind, metadata, spec }: Applied): boolean {
  const asksForLogin = /"(?:request|instance)\//.test(JSON.stringify([metadata.annotations, spec]));
  return !recording.has(kind) || !asksForLogin || 'servicecatalog.k8s.io/ids' in (metadata.annotations ?? {});
}

/** What changes something at a broker. */
function brokerWrites(): readonly string[] {
  return world.broker.requests
    .filter(({ method }) => method !== 'GET')
    .map(({ method, path }) => `${method} ${path}`);
}

async function replicaSets(namespace: string): Promise<readonly string[]> {
  const names = await kubectl(namespace, 'get', 'replicasets', '-n', namespace, '-o', 'name');
  return names.split('\n').toSorted();
}

/** When each manager last changed anything but a status, as the API server has it. */
async function changes(namespace: string): Promise<readonly object[]> {
  return (await applied(namespace)).map(({ kind, metadata: { name, managedFields } }) => ({
    kind,
    name,
    managers: managedFields
      .filter(({ manager }) => manager === 'argocd-controller')
      .map(({ manager, time }) => `${manager} ${time}`),
  }));
}

async function expectStaysAs(before: readonly object[], namespace: string): Promise<void> {
  // What a replacement takes away from a broker the controller puts back.
  const isAsBefore = async (): Promise<boolean> => isDeepStrictEqual(await stored(namespace), before);
  await waitFor(isAsBefore).catch(() => undefined);
  expect(await stored(namespace)).toEqual(before);
}

describe.each(styles)('what is in a repository, after $how', ({ how, create, again, diff }) => {
  const namespace = how.replaceAll(' ', '-');

  it('does not differ from what is there, at once or later', async () => {
    await kubectl(namespace, 'create', 'namespace', namespace);
    await kubectl(namespace, ...create, '-f', '-');
    await kubectl(namespace, ...diff, '-f', '-');
    await settled(namespace);
    await kubectl(namespace, ...diff, '-f', '-');
  }, 300_000);

  it('changes nothing when it is written ten times more: no object, no ReplicaSet, nothing at the broker', async () => {
    const [before, times] = [await stored(namespace), await changes(namespace)];
    const [writes, sets] = [brokerWrites(), await replicaSets(namespace)];
    for (let time = 0; time < 10; time++) {
      const told = await kubectl(namespace, ...again, '-f', '-');
      // kubectl says so of every Secret with stringData.
      const configured = told.split('\n').filter((line) => line.endsWith(' configured'));
      expect(configured.filter((line) => !line.startsWith('secret/'))).toEqual([]);
    }
    await kubectl(namespace, ...diff, '-f', '-');
    await expectStaysAs(before, namespace);
    expect(await changes(namespace)).toEqual(times);
    expect(await replicaSets(namespace)).toEqual(sets);
    expect(brokerWrites()).toEqual(writes);
  }, 600_000);
});

describe('what the webhook fills in', () => {
  const namespace = 'server-side-apply';

  it('belongs to none of those who apply manifests, so that none takes it away', async () => {
    const object = (await applied(namespace)).find(
      ({ kind, metadata: { name } }) => kind === 'ServiceInstance' && name === 'only-plan',
    );
    expect(object?.spec).toEqual({
      clusterServiceClassExternalName: 'cache',
      clusterServiceClassRef: expect.anything() as unknown,
      clusterServicePlanExternalName: 'default',
      clusterServicePlanRef: expect.anything() as unknown,
      externalID: expect.any(String) as unknown,
      updateRequests: 0,
      userInfo: expect.anything() as unknown,
    });
    const fields = object?.metadata.managedFields.find(({ operation }) => operation === 'Apply')?.fieldsV1;
    expect(fields).toEqual({ 'f:spec': { 'f:clusterServiceClassExternalName': {} } });
  });

  it('is not fought over by two who apply the same manifest in their own ways', async () => {
    const [before, writes] = [await stored(namespace), brokerWrites()];
    for (let time = 0; time < 3; time++) {
      await kubectl(namespace, 'apply', '-f', '-');
      await kubectl(namespace, ...diffServerSide, '-f', '-');
      await kubectl(namespace, ...serverSide, '-f', '-');
      await kubectl(namespace, 'diff', '-f', '-');
    }
    await expectStaysAs(before, namespace);
    expect(brokerWrites()).toEqual(writes);
  }, 300_000);
});
