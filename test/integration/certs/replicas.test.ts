import { isIssuedBy } from '../../../src/certs/certificate-facts.ts';
import { createAuthority } from '../../../src/certs/authority.ts';
import { defaultRotation, validityFrom } from '../../../src/certs/rotation.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { secrets } from '../../../src/kube/resources.ts';
import { freshNamespace, sharedControlPlane } from '../../support/cluster.ts';
import { waitFor } from '../../support/wait-for.ts';
import { realClient } from '../kube/real-client.ts';
import { caSecretName, Replica } from './replica.ts';
import {
  idleConfiguration,
  publishedBundles,
  removeConfigurations,
  uniqueConfigurations,
  type WebhookConfiguration,
} from './webhook-configuration.ts';

let client: KubeClient;
let namespace: string;
let configurations: ReturnType<typeof uniqueConfigurations>;
let replicas: Replica[];

beforeAll(async () => {
  const { kubeconfig } = await sharedControlPlane();
  client = await realClient(kubeconfig);
});

afterAll(async () => {
  await client.close();
});

beforeEach(async () => {
  namespace = await freshNamespace('certs');
  configurations = uniqueConfigurations();
  replicas = [];
});

afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
  await removeConfigurations(client, configurations);
});

function startReplica(): Replica {
  const replica = new Replica({ client, namespace, configurations, times: defaultRotation });
  replicas.push(replica);
  return replica;
}

async function createConfigurations(): Promise<void> {
  for (const ref of configurations) await client.create(ref.resource, idleConfiguration(ref));
}

async function allBundles(): Promise<readonly string[]> {
  return (await Promise.all(configurations.map((ref) => publishedBundles(client, ref)))).flat();
}

/** Writes something of its own into the first entry's caBundle, as a tool that applies manifests would. */
async function tamper(caBundle: string | null): Promise<void> {
  const [{ resource, name }] = configurations as [(typeof configurations)[0]];
  const op = caBundle === null ? 'remove' : 'replace';
  const patch = [{ op, path: '/webhooks/0/clientConfig/caBundle', value: caBundle }];
  await client.patch(resource, { name }, patch, { type: 'json', fieldManager: 'somebody-else' });
}

async function resourceVersions(): Promise<readonly unknown[]> {
  const objects = await Promise.all([
    client.get<KubeObject>(secrets, { namespace, name: caSecretName }),
    ...configurations.map(({ resource, name }) => client.get<KubeObject>(resource, { name })),
  ]);
  return objects.map(({ metadata }) => metadata.resourceVersion);
}

it('two replicas that start at once end with one authority, in every entry of both configurations', async () => {
  await createConfigurations();
  const [one, two] = [startReplica(), startReplica()];
  await Promise.all([one.serving.ready, two.serving.ready]);
  await waitFor(() => one.isPublished() && two.isPublished());

  expect(one.serving.bundle).toBe(two.serving.bundle);
  expect(await allBundles()).toEqual(Array.from({ length: 4 }, () => one.serving.bundle));
  for (const { serving } of [one, two]) {
    expect(isIssuedBy(serving.current.cert, one.serving.bundle)).toBe(true);
  }
  expect(one.serving.current.key).not.toBe(two.serving.current.key);
});

it('a restarted replica takes the authority of before and writes nothing', async () => {
  await createConfigurations();
  const before = startReplica();
  await waitFor(() => before.isPublished());
  const versions = await resourceVersions();
  await before.stop();

  const after = startReplica();
  await waitFor(() => after.isPublished());
  expect(after.serving.bundle).toBe(before.serving.bundle);
  expect(await resourceVersions()).toEqual(versions);
});

it.each([
  ['taken away', null],
  ['replaced', Buffer.from('-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n').toString('base64')],
])('a caBundle that was %s comes back', async (_title, caBundle) => {
  await createConfigurations();
  const replica = startReplica();
  await waitFor(() => replica.isPublished());
  await tamper(caBundle);
  await waitFor(async () => (await allBundles()).every((bundle) => bundle === replica.serving.bundle));
});

it('a configuration that is installed later gets its bundle, with everything else in it untouched', async () => {
  const replica = startReplica();
  await replica.serving.ready;
  await createConfigurations();
  await waitFor(async () => (await allBundles()).every((bundle) => bundle === replica.serving.bundle));

  const [{ resource, name }] = configurations as [(typeof configurations)[0]];
  const { webhooks } = await client.get<WebhookConfiguration>(resource, { name });
  const withoutBundle = webhooks.map(({ clientConfig: { caBundle: _, ...clientConfig }, ...entry }) => ({
    ...entry,
    clientConfig,
  }));
  expect(withoutBundle).toMatchObject(idleConfiguration({ resource, name }).webhooks);
});

it('a Secret that was deleted comes back, and nobody has to trust anything new', async () => {
  await createConfigurations();
  const replica = startReplica();
  await waitFor(() => replica.isPublished());
  const { bundle } = replica.serving;
  await client.delete(secrets, { namespace, name: caSecretName });
  const other = await waitFor(() => client.get<KubeObject>(secrets, { namespace, name: caSecretName }));
  expect(other.metadata.name).toBe(caSecretName);
  expect(replica.serving.bundle).toBe(bundle);
  expect(await allBundles()).toEqual(Array.from({ length: 4 }, () => bundle));
});

it('an authority that somebody put into the Secret is the one that is used', async () => {
  await createConfigurations();
  const own = await createAuthority(validityFrom(Date.now(), 10 * 86_400_000, defaultRotation));
  const data = { 'ca.crt': own.cert, 'ca.key': own.key };
  const secret = { metadata: { namespace, name: caSecretName }, stringData: data };
  await client.create(secrets, secret);
  const replica = startReplica();
  await waitFor(() => replica.isPublished());
  expect(replica.serving.bundle).toBe(own.cert);
  expect(isIssuedBy(replica.serving.current.cert, own.cert)).toBe(true);
});

it('no key is logged', async () => {
  await createConfigurations();
  const replica = startReplica();
  await waitFor(() => replica.isPublished());
  expect(replica.lines.length).toBeGreaterThan(1);
  expect(replica.lines.join('\n')).not.toMatch(/PRIVATE KEY|LS0tLS1|MII/);
});
