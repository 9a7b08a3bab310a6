import { join } from 'node:path';
import type { ControlPlane } from '../../cluster/control-plane.ts';
import { root } from './catalog-cluster.ts';
import { applied, startPrivateCluster, until } from './private-cluster.ts';

const asks = { 'bind.servicecatalog.k8s.io/db': 'binding/orders' };
const notInjected = 'the injector did not run';
const v1beta1 = 'servicecatalog.k8s.io/v1beta1';
const url = 'https://broker.example.com';

let plane: ControlPlane;
/** Kubeconfig of somebody who may do everything with brokers and bindings, and read the Secret `mine` only. */
let tenant = '';

beforeAll(async () => {
  plane = await startPrivateCluster();
  await applied(plane, ['create', 'namespace', 'team']);
  await applied(plane, ['create', 'namespace', 'off']);
  await applied(plane, ['label', 'namespace', 'off', 'inject.servicecatalog.k8s.io=disabled']);
  const kinds = 'clusterservicebrokers,servicebrokers,servicebindings';
  const catalog = kinds.replaceAll(/\w+/g, '$&.servicecatalog.k8s.io');
  await applied(plane, ['create', 'clusterrole', 'brokers', '--verb=*', `--resource=${catalog}`]);
  await applied(plane, ['create', 'clusterrolebinding', 'brokers', '--clusterrole=brokers', '--user=tenant']);
  await applied(plane, [
    'create',
    'role',
    'mine',
    '-n',
    'team',
    '--verb=get',
    '--resource=secrets',
    '--resource-name=mine',
  ]);
  await applied(plane, ['create', 'rolebinding', 'mine', '-n', 'team', '--role=mine', '--user=tenant']);
  tenant = await plane.kubeconfigFor('tenant');
  // Made by the administrator, before the policies.
  for (const object of [
    broker({ name: 'theirs', authInfo: basic('theirs') }),
    broker({ name: 'mine', authInfo: basic('mine') }),
  ]) {
    await applied(plane, ['create', '-f', '-'], JSON.stringify(object));
  }
  await applied(plane, ['apply', '-f', join(root, 'webhook-config/policies.yaml')]);
  await until(
    () => tryCreate(pod({ annotations: asks })),
    (refusal) => refusal.includes(notInjected),
  );
  await until(
    () => tryCreate(broker({ authInfo: basic('theirs') }), tenant),
    (refusal) => refusal.includes('forbidden access'),
  );
  await until(
    () => tryCreate(binding('team', 'theirs'), tenant),
    (refusal) => refusal.includes('must be allowed to get every'),
  );
}, 90_000);

afterAll(async () => plane.stop());

/** What the API server says against it; empty when it accepts. */
async function tryCreate(object: unknown, kubeconfig = plane.kubeconfig): Promise<string> {
  const args = ['--kubeconfig', kubeconfig, 'create', '--dry-run=server', '-f', '-'];
  return (await plane.kubectl(args, JSON.stringify(object))).stderr;
}

async function tryPatch(name: string, patch: unknown): Promise<string> {
  const args = ['--kubeconfig', tenant, 'patch', 'servicebroker', name, '-n', 'team', '--dry-run=server'];
  return (await plane.kubectl([...args, '--type=merge', '-p', JSON.stringify(patch)])).stderr;
}

function pod(metadata: object): unknown {
  const spec = { containers: [{ name: 'c', image: 'i' }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'team', ...metadata }, spec };
}

function basic(name: string, namespace?: string): object {
  return { basic: { secretRef: namespace === undefined ? { name } : { namespace, name } } };
}

interface BrokerParts {
  readonly name?: string;
  readonly authInfo?: object;
  readonly annotations?: Readonly<Record<string, string>>;
}

function broker({ name = 'new', authInfo, annotations }: BrokerParts): unknown {
  const metadata = { name, namespace: 'team', annotations };
  return { apiVersion: v1beta1, kind: 'ServiceBroker', metadata, spec: { url, authInfo } };
}

function clusterBroker({ authInfo, annotations }: BrokerParts): unknown {
  const metadata = { name: 'new', annotations };
  return { apiVersion: v1beta1, kind: 'ClusterServiceBroker', metadata, spec: { url, authInfo } };
}

function binding(namespace: string, name: string): unknown {
  const secretTransforms = [{ removeKey: { key: 'k' } }, { addKeysFrom: { secretRef: { namespace, name } } }];
  const metadata = { name: 'new', namespace: 'team' };
  return {
    apiVersion: v1beta1,
    kind: 'ServiceBinding',
    metadata,
    spec: { instanceRef: { name: 'i' }, secretTransforms },
  };
}

const annotated = (key: string, value: string): Readonly<Record<string, string>> => ({
  [`servicecatalog.k8s.io/${key}`]: value,
});

describe('a Pod', () => {
  it('that asks and was not injected is refused, with what to do about it', async () => {
    const refusal = await tryCreate(pod({ annotations: asks }));
    expect(refusal).toContain(notInjected);
    expect(refusal).toContain('check that the webhook of Bindery is installed and reachable');
  });

  it.each([
    ['was injected', { annotations: { ...asks, 'status.servicecatalog.k8s.io/injected': '{"v":1}' } }],
    ['does not ask', {}],
    ['opts out by label', { annotations: asks, labels: { 'inject.servicecatalog.k8s.io': 'disabled' } }],
    ['opts out by annotation', { annotations: { ...asks, 'inject.servicecatalog.k8s.io': 'disabled' } }],
    [
      'opts out as from PodPreset',
      { annotations: { ...asks, 'podpreset.admission.kubernetes.io/exclude': 'true' } },
    ],
    ['is in a namespace that opts out', { namespace: 'off', annotations: asks }],
    ['is in kube-system', { namespace: 'kube-system', annotations: asks }],
  ])('that %s is accepted', async (_what, metadata) => {
    expect(await tryCreate(pod(metadata))).toBe('');
  });
});

describe('somebody who may read one Secret only', () => {
  const refused = (secret: string): string =>
    `broker forbidden access to auth secret: user tenant must be allowed to get every Secret that the broker names (${secret})`;

  it.each([
    ['its own Secret', broker({ authInfo: basic('mine') }), ''],
    ['no Secret', broker({}), ''],
    ['a Secret it may not read', broker({ authInfo: basic('theirs') }), refused('team/theirs')],
    [
      'a bearer token it may not read',
      broker({ authInfo: { bearer: { secretRef: { name: 'theirs' } } } }),
      refused('team/theirs'),
    ],
    ['its own Secret for a cluster broker', clusterBroker({ authInfo: basic('mine', 'team') }), ''],
    [
      'a Secret of another namespace',
      clusterBroker({ authInfo: basic('mine', 'default') }),
      refused('default/mine'),
    ],
    [
      'a certificate authority of its own',
      broker({ annotations: annotated('ca-secret', 'mine:ca.pem') }),
      '',
    ],
    [
      'a certificate authority it may not read',
      broker({ annotations: annotated('ca-secret', 'theirs:ca.pem') }),
      refused('team/theirs'),
    ],
    [
      'a client certificate it may not read',
      broker({ annotations: annotated('client-certificate-secret', 'theirs') }),
      refused('team/theirs'),
    ],
    [
      'OAuth2 credentials of another namespace',
      clusterBroker({ annotations: annotated('oauth2-secret', 'kube-system/mine') }),
      refused('kube-system/mine'),
    ],
  ])('makes a broker with %s', async (_what, object, refusal) => {
    const said = await tryCreate(object, tenant);
    if (refusal === '') expect(said).toBe('');
    else expect(said).toContain(refusal);
  });

  it.each([
    ['move a broker to another address', 'theirs', { spec: { url: 'https://evil.example.com' } }, true],
    ['turn off its TLS verification', 'theirs', { spec: { insecureSkipTLSVerify: true } }, true],
    ['change what it trusts', 'theirs', { spec: { caBundle: 'YQ==' } }, true],
    [
      'have its token sent elsewhere',
      'theirs',
      { metadata: { annotations: annotated('oauth2-token-url', 'https://x') } },
      true,
    ],
    ['give it another Secret', 'mine', { spec: { authInfo: basic('other') } }, true],
    ['relist a broker', 'theirs', { spec: { relistRequests: 1 } }, false],
    ['label a broker', 'theirs', { metadata: { labels: { a: 'b' } } }, false],
    ['take its Secret away', 'theirs', { spec: { authInfo: null } }, false],
    ['move its own broker', 'mine', { spec: { url: 'https://other.example.com' } }, false],
  ])('may or may not %s', async (_what, name, patch, isRefused) => {
    const said = await tryPatch(name, patch);
    if (isRefused) expect(said).toContain('broker forbidden access to auth secret');
    else expect(said).toBe('');
  });

  it.each([
    ['its own Secret', 'team', 'mine', ''],
    [
      'a Secret it may not read',
      'team',
      'theirs',
      'user tenant must be allowed to get every Secret that secretTransforms copies from (team/theirs)',
    ],
    ['a Secret of another namespace', 'kube-system', 'mine', 'copies from (kube-system/mine)'],
  ])('binds with keys from %s', async (_what, namespace, name, refusal) => {
    const said = await tryCreate(binding(namespace, name), tenant);
    if (refusal === '') expect(said).toBe('');
    else expect(said).toContain(refusal);
  });
});

describe('an administrator', () => {
  it.each([
    ['broker', broker({ authInfo: basic('theirs'), annotations: annotated('ca-secret', 'theirs') })],
    ['binding', binding('kube-system', 'anything')],
  ])('may make any %s', async (_what, object) => {
    expect(await tryCreate(object)).toBe('');
  });
});
