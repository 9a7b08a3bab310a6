import { chooseContext, type KubeconfigFile } from '../../../src/kube/kubeconfig.ts';
import { impersonation, pluginName, toClientNode } from '../../../src/kube/kubeconfig-user.ts';

function file(path: string, document: object): KubeconfigFile {
  return { path, document };
}

const context = (name: string, cluster: string, user: string, namespace?: string): object => ({
  name,
  context: { cluster, user, ...(namespace === undefined ? {} : { namespace }) },
});
const cluster = (name: string, server: string, more: object = {}): object => ({
  name,
  cluster: { server, ...more },
});
const user = (name: string, body: object): object => ({ name, user: body });

const main = file('/home/u/.kube/config', {
  'current-context': 'first',
  contexts: [
    context('first', 'c1', 'u1', 'team'),
    context('second', 'c2', 'u1'),
    context('broken', 'c1', 'nobody'),
  ],
  clusters: [
    cluster('c1', 'https://one:6443', { 'certificate-authority': 'pki/ca.crt' }),
    cluster('c2', 'https://two'),
  ],
  users: [user('u1', { 'client-certificate': '/abs/u.crt', 'client-key': 'u.key', tokenFile: '../token' })],
});

describe('choosing a context', () => {
  it('takes the current one, with paths relative to the file', () => {
    expect(chooseContext([main], undefined)).toEqual({
      name: 'first',
      namespace: 'team',
      cluster: { server: 'https://one:6443', 'certificate-authority': '/home/u/.kube/pki/ca.crt' },
      user: {
        'client-certificate': '/abs/u.crt',
        'client-key': '/home/u/.kube/u.key',
        tokenFile: '/home/u/token',
      },
    });
  });

  it('takes the one that was asked for', () => {
    expect(chooseContext([main], 'second')).toMatchObject({
      name: 'second',
      cluster: { server: 'https://two' },
    });
  });

  it('merges files: the first one that says something wins', () => {
    const own = file('/home/dev/dev.yaml', {
      contexts: [context('dev', 'c1', 'u1')],
      clusters: [cluster('c1', 'https://dev', { 'certificate-authority': 'ca.crt' })],
    });
    const other = file('/other', { 'current-context': 'second', users: [user('u1', { token: 'shadowed' })] });
    const chosen = chooseContext([own, main, other], 'dev');
    expect(chosen.cluster).toEqual({ server: 'https://dev', 'certificate-authority': '/home/dev/ca.crt' });
    expect(chosen.user).toHaveProperty('tokenFile');
    expect(chooseContext([own, main, other], undefined).name).toBe('first');
  });

  it('needs no user', () => {
    const open = file('/f', {
      contexts: [{ name: 'x', context: { cluster: 'c' } }],
      clusters: [cluster('c', 'http://c')],
    });
    expect(chooseContext([open], 'x').user).toEqual({});
  });

  it('finds the program of a credential plugin beside the file', () => {
    const plugin = (command: string): KubeconfigFile =>
      file('/home/u/.kube/config', {
        'current-context': 'x',
        contexts: [context('x', 'c', 'u')],
        clusters: [cluster('c', 'https://c')],
        users: [user('u', { exec: { command } })],
      });
    expect(chooseContext([plugin('./bin/login')], undefined).user).toEqual({
      exec: { command: '/home/u/.kube/bin/login' },
    });
    expect(chooseContext([plugin('aws')], undefined).user).toEqual({ exec: { command: 'aws' } });
  });

  it.each([
    [
      'an unknown context',
      [main],
      'third',
      '/home/u/.kube/config: no context "third"; there are: first, second, broken',
    ],
    [
      'no current context',
      [file('/f', { contexts: [context('x', 'c', 'u')] })],
      undefined,
      '/f: no current context; pass --context, there are: x',
    ],
    ['an empty file', [file('/f', {})], undefined, 'there are: none'],
    ['a missing user', [main], 'broken', 'context "broken" needs the user "nobody", which is missing'],
    ['a missing cluster', [file('/f', { contexts: [context('x', 'c', '')] })], 'x', 'needs the cluster "c"'],
    [
      'a cluster without server',
      [file('/f', { contexts: [context('x', 'c', '')], clusters: [{ name: 'c', cluster: {} }] })],
      'x',
      'has no server',
    ],
    ['no kubeconfig at all', [file('/f', 'hello' as never)], undefined, '/f: no current context'],
    ['odd lists', [file('/f', { contexts: [null, 1, {}], clusters: 'x' })], 'x', '/f: no context "x"'],
  ])('says what is wrong with %s', (_name, files, wanted, message) => {
    expect(() => chooseContext(files, wanted)).toThrow(message);
    expect(() => chooseContext(files, wanted)).toThrow(
      expect.objectContaining({ name: 'CredentialsError' }) as Error,
    );
  });
});

describe('for client-node', () => {
  const chosen = { name: 'x', namespace: undefined, cluster: { server: 'https://c' }, user: {} };
  const userOf = (config: object): unknown => (config as { users: { user: unknown }[] }).users[0]?.user;
  const clusterOf = (config: object): unknown =>
    (config as { clusters: { cluster: unknown }[] }).clusters[0]?.cluster;

  it('a token file wins over a token', () => {
    const config = toClientNode({ ...chosen, user: { token: 'old', tokenFile: '/t' } });
    expect(userOf(config)).toEqual({ 'auth-provider': { name: 'tokenFile', config: { tokenFile: '/t' } } });
  });

  it('plain http is allowed, and the proxy is ours', () => {
    const config = toClientNode({ ...chosen, cluster: { server: 'http://c', 'proxy-url': 'http://p' } });
    expect(clusterOf(config)).toEqual({ server: 'http://c', 'insecure-skip-tls-verify': true });
    expect(clusterOf(toClientNode(chosen))).toEqual({ server: 'https://c' });
  });

  it('a credential plugin is told the version, and the cluster when it asks', () => {
    const exec = {
      command: 'login',
      apiVersion: 'client.authentication.k8s.io/v1beta1',
      env: [{ name: 'A', value: '1' }],
    };
    const infoOf = (more: object): unknown => {
      const { exec: told } = userOf(toClientNode({ ...chosen, user: { exec: { ...exec, ...more } } })) as {
        exec: { env: { name: string; value: string }[] };
      };
      expect(told.env[0]).toEqual({ name: 'A', value: '1' });
      return JSON.parse(told.env.find(({ name }) => name === 'KUBERNETES_EXEC_INFO')!.value);
    };
    const base = { apiVersion: 'client.authentication.k8s.io/v1beta1', kind: 'ExecCredential' };
    expect(infoOf({})).toEqual({ ...base, spec: { interactive: false } });
    expect(infoOf({ provideClusterInfo: true })).toEqual({
      ...base,
      spec: { interactive: false, cluster: { server: 'https://c' } },
    });
  });
});

it('acts as whom the kubeconfig says, with groups and extras', () => {
  const as = {
    as: 'jane',
    'as-uid': '7',
    'as-groups': ['dev', 'ops'],
    'as-user-extra': { 'example.com/Why': ['x'] },
  };
  expect(impersonation(as)).toEqual({
    'impersonate-user': 'jane',
    'impersonate-uid': '7',
    'impersonate-group': ['dev', 'ops'],
    'impersonate-extra-example.com%2fwhy': ['x'],
  });
  expect(impersonation({})).toEqual({});
});

it.each([
  [{ exec: { command: 'aws' } }, 'aws'],
  [{ 'auth-provider': { name: 'oidc' } }, 'oidc'],
  [{ token: 't' }, undefined],
])('knows what gets the credentials: %j', (body, name) => {
  expect(pluginName(body)).toBe(name);
});
