import { apiVersion } from '../../../src/api/group.ts';
import { clusterServiceBrokers, serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { brokerAnnotations } from '../../../src/api/broker-annotations.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { secrets } from '../../../src/kube/resources.ts';
import { markSecret, plantSecret } from '../../support/secrecy/secret-markers.ts';
import { isFailed, isReady, ServiceWorld } from '../../support/world/service-world.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import { TestAuthority } from '../../support/test-broker/certificates.ts';
import { sampleCatalog, type CatalogDocument } from '../../support/test-broker/sample-catalog.ts';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import type { RecordedRequest } from '../../support/test-broker/recorded-request.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';
import { TokenServer } from '../../support/test-broker/token-server.ts';

// That nothing was told is found when the world stops: see test/support/secrecy. Here everything secret is used, and
// everything goes wrong once.
let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
}, 90_000);
afterAll(() => world.stop());

async function saveSecret(name: string, values: Readonly<Record<string, string>>): Promise<void> {
  const entries = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  await world.client.create<SecretObject>(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: world.namespace, name },
    data: Object.fromEntries(entries) as Record<string, string>,
  });
}

it('credentials and parameters from Secrets are used by a broker that fails at everything once', async () => {
  const parameter = plantSecret();
  await saveSecret('parameters', { json: JSON.stringify({ adminPassword: parameter }) });
  const parametersFrom = [{ secretKeyRef: { name: 'parameters', key: 'json' } }];
  const failure = { kind: 'answer', status: 500, applies: true } as const;

  world.broker.script({ operation: 'provision' }, failure);
  await world.createInstance('db', { parametersFrom });
  const instance = await world.instance('db', isReady, 'is ready after a failure');
  world.broker.script({ operation: 'bind' }, failure);
  await world.createBinding('db', 'db', { parametersFrom });
  await world.binding('db', isReady, 'is ready after a failure');
  world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 400, body: { description: 'no' } });
  await world.createBinding('refused', 'db', { parametersFrom });
  await world.binding('refused', isFailed, 'is failed');
  world.broker.script({ operation: 'unbind' }, { kind: 'answer', status: 500 });
  for (const name of ['db', 'refused']) await world.remove(serviceBindings, name);
  for (const name of ['db', 'refused']) await world.gone(serviceBindings, name);
  await world.remove(serviceInstances, 'db');
  await world.gone(serviceInstances, 'db');

  expect(JSON.stringify(world.broker.requests)).toContain(parameter);
  expect(JSON.stringify(instance.status)).toContain('<redacted>');
});

describe('a broker that repeats what it was sent', () => {
  it('with a bearer token', async () => {
    const token = plantSecret();
    const auth = { kind: 'bearer', token } as const;
    await using broker = await TestBroker.start({ auth, catalog: catalogOf('bearer') });
    await saveSecret('bearer-login', { token });
    const authInfo = { bearer: { secretRef: { namespace: world.namespace, name: 'bearer-login' } } };
    broker.script({ operation: 'catalog' }, echo);
    await register({ name: 'bearer' }, { url: broker.url, authInfo });
    await isEchoedAndHeals('bearer', broker);
  });

  it('with OAuth2 client credentials, a client certificate, and an SSO secret in its catalog', async () => {
    const token = plantSecret();
    const authority = await TestAuthority.create('Company CA');
    const serving = await authority.issue({ commonName: 'broker', names: ['127.0.0.1'] });
    const client = await authority.issue({ commonName: 'platform' });
    for (const line of client.key.match(/^[\w+/]{64}$/gm) ?? []) markSecret(line);
    await using tokens = await TokenServer.start(token);
    await using broker = await TestBroker.start({
      auth: { kind: 'bearer', token },
      catalog: catalogOf('oauth2'),
      tls: { ...serving, clientCa: authority.certificate },
      asynchronous: { provision: { polls: 2 } },
    });
    const clientSecret = plantSecret();
    await saveSecret('oauth2-login', { client_id: 'platform', client_secret: clientSecret });
    await saveSecret('certificate', { 'tls.crt': client.certificate, 'tls.key': client.key });
    tokens.answer = { status: 400, body: JSON.stringify({ error: clientSecret }) };
    broker.script({ operation: 'catalog' }, echo);
    const annotations = {
      [brokerAnnotations.oauth2Secret]: `${world.namespace}/oauth2-login`,
      [brokerAnnotations.oauth2TokenUrl]: tokens.url,
      [brokerAnnotations.clientCertificateSecret]: `${world.namespace}/certificate`,
    };
    const caBundle = Buffer.from(authority.certificate).toString('base64');
    await register({ name: 'oauth2', annotations }, { url: broker.url, caBundle });
    await failing('oauth2', 'gave no access token');
    tokens.answer = undefined;
    await isEchoedAndHeals('oauth2', broker);
  });
});

/** 500, and in every text of the answer the credentials that came with the request, as sent and decoded. */
function echo({ headers }: RecordedRequest): Behaviour {
  const { authorization = '' } = headers;
  const clear = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
  return {
    kind: 'answer',
    status: 500,
    body: { error: authorization, description: `you sent ${authorization} (${clear})` },
  };
}

/** The names of another broker, and a secret that a platform may not show to anyone (OSB, Dashboard Client). */
function catalogOf(name: string): CatalogDocument {
  const services = sampleCatalog().services.map(({ id, plans, ...service }) => ({
    ...service,
    id: `${name}-${id}`,
    name: `${name}-${String(service['name'])}`,
    dashboard_client: { id: 'dashboard', secret: plantSecret(), redirect_uri: 'https://dashboard.example' },
    plans: plans.map((plan) => ({ ...plan, id: `${name}-${plan.id}` })),
  }));
  return { services };
}

async function register(metadata: KubeObject['metadata'], spec: object): Promise<void> {
  const object = { apiVersion, kind: clusterServiceBrokers.kind, metadata, spec };
  await world.client.create<KubeObject>(clusterServiceBrokers, object);
}

async function failing(name: string, text: string): Promise<void> {
  const said = (object: KubeObject): boolean => JSON.stringify(object).includes(text);
  await world.until(clusterServiceBrokers, name, said, `says "${text}"`);
}

/** The catalog first, then everything else that is asked of it. */
async function isEchoedAndHeals(name: string, broker: TestBroker): Promise<void> {
  await failing(name, '***');
  for (const operation of ['provision', 'pollInstance', 'bind', 'unbind', 'deprovision'] as const) {
    broker.script({ operation }, echo);
  }
  await world.until(clusterServiceBrokers, name, isReady, 'is ready');
  const offering = {
    clusterServiceClassExternalName: `${name}-postgresql`,
    clusterServicePlanExternalName: 'small',
  };
  await world.createInstance(name, offering);
  await world.instance(name, isReady, 'is ready');
  await world.createBinding(name, name);
  await world.binding(name, isReady, 'is ready');
  await world.remove(serviceBindings, name);
  await world.gone(serviceBindings, name);
  await world.remove(serviceInstances, name);
  await world.gone(serviceInstances, name);
  expect(broker.requests.filter(({ status }) => status === 500).length).toBeGreaterThanOrEqual(5);
}
