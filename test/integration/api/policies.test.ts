import { join } from 'node:path';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { ControlPlane } from '../../cluster/control-plane.ts';
import { waitFor } from '../../support/wait-for.ts';
import {
  connect,
  create,
  expectAnswer,
  expectDone,
  root,
  tryCreate,
  tryPatch,
  type Answer,
  type Manifest,
} from './catalog-cluster.ts';
import { startPrivateCluster } from './private-cluster.ts';

const asks = { 'bind.servicecatalog.k8s.io/db': 'binding/orders' };
const notInjected = 'the injector did not run';
const v1beta1 = 'servicecatalog.k8s.io/v1beta1';
const url = 'https://broker.example.com';

let plane: ControlPlane;
let administrator: KubeClient;
/** May do everything with brokers and bindings, and read the Secret `mine` only. */
let tenant: KubeClient;

beforeAll(async () => {
  plane = await startPrivateCluster();
  await expectDone(plane, 'create', 'namespace', 'team');
  await expectDone(plane, 'create', 'namespace', 'off');
  await expectDone(plane, 'label', 'namespace', 'off', 'inject.servicecatalog.k8s.io=disabled');
  const kinds = ['clusterservicebrokers', 'servicebrokers', 'servicebindings'];
  const resources = kinds.map((kind) => `--resource=${kind}.servicecatalog.k8s.io`);
  await expectDone(plane, 'create', 'clusterrole', 'brokers', '--verb=*', ...resources);
  await expectDone(plane, 'create', 'clusterrolebinding', 'b', '--clusterrole=brokers', '--user=tenant');
  const mine = ['--verb=get', '--resource=secrets', '--resource-name=mine'];
  await expectDone(plane, 'create', 'role', 'mine', '-n', 'team', ...mine);
  await expectDone(plane, 'create', 'rolebinding', 'mine', '-n', 'team', '--role=mine', '--user=tenant');
  administrator = await connect(plane.kubeconfig);
  tenant = await connect(await plane.kubeconfigFor('tenant'));
  // Before the policies.
  for (const name of ['theirs', 'mine']) {
    expectAnswer(await create(administrator, broker({ name, authInfo: basic(name) })), undefined);
  }
  expectAnswer(await create(administrator, heldBy('held', 40)), undefined);
  for (const name of ['theirs', 'mine']) {
    const { metadata, ...rest } = binding('team', name);
    const copying = { ...rest, metadata: { ...metadata, name: `copies-${name}` } } as Manifest;
    expectAnswer(await create(administrator, copying), undefined);
  }
  await expectDone(plane, 'apply', '-f', join(root, 'webhook-config/policies.yaml'));
  await refused(() => tryCreate(administrator, pod({ annotations: asks })), notInjected);
  await refused(() => tryCreate(tenant, broker({ authInfo: basic('theirs') })), 'forbidden access');
  await refused(() => tryCreate(tenant, binding('team', 'theirs')), 'must be allowed to get every');
  await refused(() => tryCreate(tenant, madeBy({ username: 'x' })), 'spec.userInfo must');
}, 90_000);

afterAll(async () => {
  await Promise.all([administrator?.close(), tenant?.close()]);
  await plane?.stop();
});

/** What is applied takes effect in the API server a moment later. */
async function refused(ask: () => Promise<Answer>, message: string): Promise<void> {
  await waitFor(async () => {
    const answer = await ask();
    return !answer.accepted && answer.message.includes(message);
  });
}

function pod(metadata: object): Manifest {
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

function broker({ name = 'new', authInfo, annotations }: BrokerParts): Manifest {
  const metadata = { name, namespace: 'team', annotations };
  return { apiVersion: v1beta1, kind: 'ServiceBroker', metadata, spec: { url, authInfo } };
}

function clusterBroker({ authInfo, annotations }: BrokerParts): Manifest {
  const metadata = { name: 'new', annotations };
  return { apiVersion: v1beta1, kind: 'ClusterServiceBroker', metadata, spec: { url, authInfo } };
}

function finalizers(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `example.com/f${at}`);
}

function heldBy(name: string, count: number): Manifest {
  const metadata = { name, namespace: 'team', finalizers: finalizers(count) };
  const spec = { clusterServiceClassExternalName: 'c', clusterServicePlanExternalName: 'p' };
  return { apiVersion: v1beta1, kind: 'ServiceInstance', metadata, spec };
}

function madeBy(userInfo: object): Manifest {
  const metadata = { name: 'said', namespace: 'team' };
  const spec = { instanceRef: { name: 'orders' }, userInfo };
  return { apiVersion: v1beta1, kind: 'ServiceBinding', metadata, spec };
}

function binding(namespace: string, name: string, annotations = {}): Manifest {
  const secretTransforms = [{ removeKey: { key: 'k' } }, { addKeysFrom: { secretRef: { namespace, name } } }];
  const metadata = { name: 'new', namespace: 'team', annotations };
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
    const answer = await tryCreate(administrator, pod({ annotations: asks }));
    expectAnswer(answer, notInjected);
    expectAnswer(answer, 'check that the webhook of Bindery is installed and reachable');
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
    expectAnswer(await tryCreate(administrator, pod(metadata)), undefined);
  });
});

describe('somebody who may read one Secret only', () => {
  const unreadable = (secret: string): string =>
    `broker forbidden access to auth secret: user tenant must be allowed to get every Secret that the broker names (${secret})`;

  it.each([
    ['its own Secret', broker({ authInfo: basic('mine') }), undefined],
    ['its own Secret and a namespace that is ignored', broker({ authInfo: basic('mine', 'x') }), undefined],
    [
      'a Secret it may not read, and could elsewhere',
      broker({ authInfo: basic('theirs', 'lent') }),
      unreadable('team/theirs'),
    ],
    ['no Secret', broker({}), undefined],
    ['a Secret it may not read', broker({ authInfo: basic('theirs') }), unreadable('team/theirs')],
    [
      'a bearer token it may not read',
      broker({ authInfo: { bearer: { secretRef: { name: 'theirs' } } } }),
      unreadable('team/theirs'),
    ],
    ['its own Secret for a cluster broker', clusterBroker({ authInfo: basic('mine', 'team') }), undefined],
    [
      'a Secret of another namespace',
      clusterBroker({ authInfo: basic('mine', 'default') }),
      unreadable('default/mine'),
    ],
    [
      'a certificate authority of its own',
      broker({ annotations: annotated('ca-secret', 'mine:ca.pem') }),
      undefined,
    ],
    [
      'a certificate authority it may not read',
      broker({ annotations: annotated('ca-secret', 'theirs:ca.pem') }),
      unreadable('team/theirs'),
    ],
    [
      'a client certificate it may not read',
      broker({ annotations: annotated('client-certificate-secret', 'theirs') }),
      unreadable('team/theirs'),
    ],
    [
      'OAuth2 credentials of another namespace',
      clusterBroker({ annotations: annotated('oauth2-secret', 'kube-system/mine') }),
      unreadable('kube-system/mine'),
    ],
  ])('makes a broker with %s', async (_what, object, refusal) => {
    expectAnswer(await tryCreate(tenant, object), refusal);
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
    const change = { kind: 'ServiceBroker', name, namespace: 'team', patch };
    const refusal = isRefused ? 'broker forbidden access to auth secret' : undefined;
    expectAnswer(await tryPatch(tenant, change), refusal);
  });

  it.each([
    ['its own Secret', 'team', 'mine', undefined],
    [
      'a Secret it may not read',
      'team',
      'theirs',
      'user tenant must be allowed to get every Secret that secretTransforms copies from (team/theirs)',
    ],
    ['a Secret of another namespace', 'kube-system', 'mine', 'copies from (kube-system/mine)'],
  ])('binds with keys from %s', async (_what, namespace, name, refusal) => {
    expectAnswer(await tryCreate(tenant, binding(namespace, name)), refusal);
  });
});

describe('who may read what a binding copies', () => {
  const readBy = (name: string) => annotated('secrets-read-by', name);
  const misnamed = 'servicecatalog.k8s.io/secrets-read-by must name the user who writes it';

  it.each([
    ['whoever makes it', readBy('tenant'), undefined],
    ['nobody, as it is without the webhook', {}, undefined],
    ['somebody else', readBy('somebody'), misnamed],
  ])('is %s', async (_what, annotations, refusal) => {
    expectAnswer(await tryCreate(tenant, binding('team', 'mine', annotations)), refusal);
  });

  it.each([
    ['it may', 'copies-mine', 'tenant', undefined],
    ['somebody else may', 'copies-mine', 'somebody', misnamed],
    ['it may, of what it may not', 'copies-theirs', 'tenant', 'must be allowed to get every Secret'],
  ])('is said later by somebody who says that %s', async (_what, name, who, refusal) => {
    const patch = { metadata: { annotations: readBy(who) } };
    const change = { kind: 'ServiceBinding', name, namespace: 'team', patch };
    expectAnswer(await tryPatch(tenant, change), refusal);
  });

  it('does not matter to other changes', async () => {
    const patch = { metadata: { labels: { a: 'b' } } };
    const change = { kind: 'ServiceBinding', name: 'copies-theirs', namespace: 'team', patch };
    expectAnswer(await tryPatch(tenant, change), undefined);
  });
});

describe('who made a binding', () => {
  const elsewhere = 'spec.userInfo must name the user';
  it.each<[string, object, string | undefined]>([
    ['that user', { username: 'tenant', uid: '', groups: ['system:authenticated'] }, undefined],
    ['another user', { username: 'somebody' }, elsewhere],
    ['nobody', {}, elsewhere],
    [
      'that user of a group that they are not in',
      { username: 'tenant', groups: ['system:masters'] },
      elsewhere,
    ],
    ['that user by another id', { username: 'tenant', uid: '1' }, elsewhere],
    ['that user with what they have not', { username: 'tenant', extra: { scopes: ['x'] } }, elsewhere],
  ])('is %s', async (_what, userInfo, refusal) => {
    expectAnswer(await tryCreate(tenant, madeBy(userInfo)), refusal);
  });

  it('is whom an administrator says, who may impersonate everybody', async () => {
    expectAnswer(await tryCreate(administrator, madeBy({ username: 'somebody' })), undefined);
  });
});

describe('an administrator', () => {
  it.each([
    ['broker', broker({ authInfo: basic('theirs'), annotations: annotated('ca-secret', 'theirs') })],
    ['binding', binding('kube-system', 'anything')],
  ])('may make any %s', async (_what, object) => {
    expectAnswer(await tryCreate(administrator, object), undefined);
  });
});

describe('finalizers of an instance', () => {
  const change = (name: string, count: number): Promise<Answer> =>
    tryPatch(administrator, {
      kind: 'ServiceInstance',
      name,
      namespace: 'team',
      patch: { metadata: { finalizers: finalizers(count) } },
    });

  it('are 32 and that of Bindery', async () => {
    await refused(() => tryCreate(administrator, heldBy('new', 34)), 'more than 32 finalizers');
    expectAnswer(await create(administrator, heldBy('new', 33)), undefined);
    expectAnswer(await change('new', 34), 'more than 32 finalizers');
    expectAnswer(await change('new', 1), undefined);
  });

  it('can be taken away one by one where there are more, and none is added', async () => {
    expectAnswer(await change('held', 39), undefined);
    expectAnswer(await change('held', 41), 'more than 32 finalizers');
  });
});
