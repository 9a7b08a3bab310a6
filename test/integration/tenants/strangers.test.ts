import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { loadAll } from 'js-yaml';
import type { KubeClient } from '../../../src/kube/client.ts';
import { namespaces } from '../../../src/kube/resources.ts';
import { HttpsConnection } from '../../contract/admission/https-client.ts';
import { review } from '../../contract/admission/server-world.ts';
import { issueClientCertificate, makeAuthority } from '../../cluster/certificates.ts';
import { startInstalled, tenant } from '../../support/installed-bindery.ts';
import { ServiceWorld } from '../../support/world/service-world.ts';
import { documentedFile } from '../../e2e/support/documented.ts';
import { asking, deploy } from '../workloads/requested-services.ts';

/** Whoever reaches the port of the webhook and is not the API server. */
const request = { 'bind.servicecatalog.k8s.io/db': 'request/postgresql/small' };
const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'u', controller: true };
const pod = {
  metadata: { annotations: request, ownerReferences: [owner] },
  spec: { containers: [{ name: 'c' }] },
};

interface NetworkPolicy {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly ingress: unknown };
}

let directory: string;
let world: ServiceWorld;
let developer: KubeClient;
let port: number;
let apiServer: { readonly cert: string; readonly key: string };

/** The API server shows a certificate to webhooks when it is told to by this configuration. */
async function admissionConfiguration(): Promise<string> {
  const authority = await makeAuthority('callers');
  const { certificatePem: cert, keyPem: key } = await issueClientCertificate(authority, {
    commonName: 'apiserver',
  });
  apiServer = { cert, key };
  await writeFile(join(directory, 'ca.crt'), authority.certificatePem);
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const user = { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) };
  const kubeConfigFile = join(directory, 'webhooks.kubeconfig');
  await writeFile(
    kubeConfigFile,
    JSON.stringify({ apiVersion: 'v1', kind: 'Config', users: [{ name: '*', user }] }),
  );
  const plugin = (name: string, kind: string): object => ({
    name,
    configuration: { apiVersion: 'apiserver.config.k8s.io/v1', kind, kubeConfigFile },
  });
  const plugins = ['MutatingAdmissionWebhook', 'ValidatingAdmissionWebhook'].map((name) =>
    plugin(name, 'WebhookAdmissionConfiguration'),
  );
  const file = join(directory, 'admission.yaml');
  const configuration = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AdmissionConfiguration', plugins };
  await writeFile(file, JSON.stringify(configuration));
  return file;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bindery-strangers-'));
  const file = await admissionConfiguration();
  world = await ServiceWorld.start({
    controllers: 'none',
    apiServerArgs: [`--admission-control-config-file=${file}`],
  });
  const webhook = [`--client-ca-file=${join(directory, 'ca.crt')}`, '--client-names=apiserver'];
  const { webhookUrl } = await startInstalled(world, { webhook });
  port = Number(webhookUrl.port);
  developer = await tenant(world, 'developer', { [world.namespace]: 'edit' });
}, 90_000);
afterAll(async () => {
  await world?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** How often the API server was asked for rights, and how often for Events in namespaces that there are not. */
async function caused(): Promise<readonly number[]> {
  const { stdout } = await world.controlPlane.kubectl(['get', '--raw', '/metrics']);
  const lines = stdout.split('\n').filter((line) => line.startsWith('apiserver_request_total{'));
  const sum = (...parts: readonly string[]): number =>
    lines
      .filter((line) => parts.every((part) => line.includes(part)))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
  return [sum('resource="subjectaccessreviews"'), sum('resource="events"', 'code="404"')];
}

it('the API server, which shows its certificate, is answered', async () => {
  const theirs = { client: developer, namespace: world.namespace };
  await deploy(theirs, 'app', asking('db'));
  const garbled = deploy(theirs, 'other', {
    ...asking('db'),
    'bind.servicecatalog.k8s.io/other': 'request/' + 'x'.repeat(300_000),
  });
  await expect(garbled).rejects.toThrow('bytes of annotations');
});

it('whoever shows none gets no answer', async () => {
  const attempt = async (): Promise<unknown> => {
    const connection = await HttpsConnection.open(port, { rejectUnauthorized: false });
    try {
      return await connection.post(
        '/mutate/pods?timeout=5s',
        review({ namespace: world.namespace, object: pod }),
      );
    } finally {
      connection.close();
    }
  };
  await expect(attempt()).rejects.toThrow();
});

it('what nobody can have asked is refused, and causes no question and no Event', async () => {
  const before = await caused();
  const open = (): Promise<HttpsConnection> =>
    HttpsConnection.open(port, { rejectUnauthorized: false, ...apiServer });
  const connection = await open();
  for (const made of [
    { namespace: 'made-up', userInfo: { username: 'mallory' } },
    {
      namespace: 'made-up',
      userInfo: { username: 'mallory' },
      object: {
        ...pod,
        metadata: { ...pod.metadata, annotations: { 'bind.servicecatalog.k8s.io/DB': '!' } },
      },
    },
    { namespace: '', userInfo: { username: 'mallory' } },
    { namespace: world.namespace, userInfo: {} },
    { namespace: world.namespace, userInfo: { username: 'system:serviceaccount:made-up:a' } },
  ]) {
    const { body } = await connection.post('/mutate/pods?timeout=5s', review({ object: pod, ...made }));
    expect(JSON.parse(body)).toMatchObject({ response: { allowed: false } });
    expect(body).not.toContain('postgresql');
  }
  connection.close();
  expect(await caused()).toEqual(before);
});

it('a namespace is served from the moment at which it is there', async () => {
  const { client } = world;
  for (let index = 0; index < 20; index++) {
    const name = `fresh-${index}`;
    await client.create(namespaces, { metadata: { name } });
    await deploy({ client, namespace: name }, 'app', asking('db'));
  }
});

it('the overlay of docs/install.md lets the addresses of the API server alone reach the port', async () => {
  const file = await documentedFile('Who may call the webhook');
  const base = relative(directory, join(import.meta.dirname, '../../..'));
  await writeFile(join(directory, 'kustomization.yaml'), file.replace('path/to', base));
  const { stdout, stderr } = await world.controlPlane.kubectl(['kustomize', directory]);
  expect(stderr).toBe('');
  const policies = (loadAll(stdout) as readonly NetworkPolicy[]).filter(
    ({ kind }) => kind === 'NetworkPolicy',
  );
  const ingress = policies.find(({ metadata }) => metadata.name === 'bindery-webhook')?.spec.ingress;
  expect(ingress).toEqual([
    { ports: [{ port: 'https' }], from: [{ ipBlock: { cidr: '10.0.0.0/28' } }] },
    { ports: [{ port: 'admin' }] },
  ]);
});
