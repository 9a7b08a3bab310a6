import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConnection } from '../../../src/kube/credentials.ts';
import { inClusterConnection } from '../../../src/kube/in-cluster.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'credentials-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** Writes a kubeconfig with one context, and returns its path. */
async function kubeconfig(name: string, user: object, cluster: object = {}): Promise<string> {
  const path = join(directory, name);
  await mkdir(join(path, '..'), { recursive: true });
  const document = {
    'current-context': name,
    contexts: [{ name, context: { cluster: 'c', user: 'u', namespace: `ns-of-${name}` } }],
    clusters: [{ name: 'c', cluster: { server: `https://${name}.example:6443`, ...cluster } }],
    users: [{ name: 'u', user }],
  };
  await writeFile(path, JSON.stringify(document));
  return path;
}

async function plugin(script: string): Promise<object> {
  const command = join(directory, 'plugin.sh');
  await writeFile(command, `#!/bin/sh\n${script}\n`);
  await chmod(command, 0o755);
  return { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: './plugin.sh', args: [] } };
}

describe('where credentials are looked for', () => {
  it('is the path that was given, before all else', async () => {
    const path = await kubeconfig('given', { token: 't' });
    const env = { KUBECONFIG: await kubeconfig('listed', { token: 't' }) };
    const connection = await loadConnection({ kubeconfig: path, env });
    expect(connection.server.href).toBe('https://given.example:6443/');
    expect(connection.namespace).toBe('ns-of-given');
    expect(connection.source).toBe(`context "given" of ${path}`);
  });

  it('is the list in $KUBECONFIG, without the files that do not exist', async () => {
    const path = await kubeconfig('listed', { token: 't' });
    const connection = await loadConnection({ env: { KUBECONFIG: `${directory}/none:${path}` } });
    expect(connection.server.hostname).toBe('listed.example');
  });

  it('is ~/.kube/config at last', async () => {
    const path = await kubeconfig('.kube/config', { token: 't' });
    const connection = await loadConnection({ env: { HOME: directory } });
    expect(connection.source).toContain(path);
  });

  it('is told when there is nothing, with what to do', async () => {
    const env = { HOME: directory, KUBECONFIG: '/none/a:/none/b' };
    await expect(loadConnection({ env })).rejects.toMatchObject({
      name: 'CredentialsError',
      message:
        'no Kubernetes credentials found. Looked at $KUBECONFIG (no such file: /none/a, /none/b); ' +
        "the Pod's service account (not in a Pod: no /var/run/secrets/kubernetes.io/serviceaccount/token); " +
        `${directory}/.kube/config (no such file). Pass --kubeconfig <file> or set KUBECONFIG.`,
    });
  });

  it('is told when the file that was given can not be read', async () => {
    await expect(loadConnection({ kubeconfig: '/none' })).rejects.toThrow(
      'can not read the kubeconfig /none: ENOENT',
    );
  });

  it('is told when a file is no YAML, without repeating what is in it', async () => {
    const path = join(directory, 'bad');
    await writeFile(path, 'users:\n- token: [hunter2\n');
    const error: unknown = await loadConnection({ kubeconfig: path }).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain(`the kubeconfig ${path} is not valid YAML`);
    expect(String(error)).not.toContain('hunter2');
  });

  it.each(['ftp://x', 'not an address'])('refuses the server %s', async (server) => {
    const path = await kubeconfig('odd', {}, { server });
    await expect(loadConnection({ kubeconfig: path })).rejects.toThrow('is no http(s) address');
  });
});

describe('what a kubeconfig gives', () => {
  it.each([
    ['a token', { token: 'secret' }, { authorization: 'Bearer secret' }],
    ['a name and a password', { username: 'u', password: 'p' }, { authorization: 'Basic dTpw' }],
    [
      'somebody to act as',
      { token: 't', as: 'jane' },
      { authorization: 'Bearer t', 'impersonate-user': 'jane' },
    ],
    ['nothing', {}, {}],
  ])('%s as headers', async (_name, user, headers) => {
    const connection = await loadConnection({ kubeconfig: await kubeconfig('x', user) });
    expect(await connection.headers()).toEqual(headers);
  });

  it('certificates from data and from files, and the other TLS options', async () => {
    await writeFile(join(directory, 'client.key'), 'the key');
    const data = Buffer.from('the certificate').toString('base64');
    const connection = await loadConnection({
      kubeconfig: await kubeconfig(
        'x',
        { 'client-certificate-data': data, 'client-key': 'client.key' },
        { 'certificate-authority-data': Buffer.from('the ca').toString('base64'), 'tls-server-name': 'kube' },
      ),
    });
    const { ca, cert, key, servername, rejectUnauthorized } = await connection.tls();
    expect([ca, cert, key].map(String)).toEqual(['the ca', 'the certificate', 'the key']);
    expect(servername).toBe('kube');
    expect(rejectUnauthorized).toBeUndefined();
    expect(await connection.tls()).toBe(await connection.tls());
  });

  it('no verification when the cluster says so, its proxy, and plain http', async () => {
    const cluster = { 'insecure-skip-tls-verify': true, 'proxy-url': 'http://proxy:3128' };
    const unverified = await loadConnection({ kubeconfig: await kubeconfig('x', {}, cluster) });
    expect(await unverified.tls()).toEqual({ rejectUnauthorized: false });
    expect(unverified.proxyUrl).toBe('http://proxy:3128');

    const plain = await loadConnection({
      kubeconfig: await kubeconfig('y', {}, { server: 'http://127.0.0.1:8001' }),
    });
    expect(plain.server.protocol).toBe('http:');
    expect(await plain.headers()).toEqual({});
  });

  it('the proxy of the environment when the kubeconfig names none', async () => {
    const proxyFor = (server: URL): string | undefined =>
      server.hostname === 'x.example' ? 'http://from-environment:3128' : undefined;
    const named = await kubeconfig('y', {}, { 'proxy-url': 'http://named:3128' });
    const connections = [await kubeconfig('x', {}), await kubeconfig('z', {}), named].map((path) =>
      loadConnection({ kubeconfig: path, proxyFor }),
    );
    const proxies = (await Promise.all(connections)).map(({ proxyUrl }) => proxyUrl);
    expect(proxies).toEqual(['http://from-environment:3128', undefined, 'http://named:3128']);
  });

  it('the token in a file, and the new one after a refresh', async () => {
    const path = join(directory, 'token');
    await writeFile(path, 'first\n');
    const connection = await loadConnection({ kubeconfig: await kubeconfig('x', { tokenFile: 'token' }) });
    expect(await connection.headers()).toEqual({ authorization: 'Bearer first' });
    await writeFile(path, 'second\n');
    await connection.refresh();
    expect(await connection.headers()).toEqual({ authorization: 'Bearer second' });
  });

  it('what a new kubeconfig says, after a refresh', async () => {
    const path = await kubeconfig('x', { token: 'first' });
    const connection = await loadConnection({ kubeconfig: path });
    await kubeconfig('x', { token: 'second' });
    expect(await connection.headers()).toEqual({ authorization: 'Bearer first' });
    await connection.refresh();
    expect(await connection.headers()).toEqual({ authorization: 'Bearer second' });
  });

  it('what a credential plugin answers, which is told what it needs to know', async () => {
    const user = await plugin(
      `echo '{"kind":"ExecCredential","status":{"token":"'$(echo "$KUBERNETES_EXEC_INFO" | grep -c ExecCredential)'"}}'`,
    );
    const connection = await loadConnection({ kubeconfig: await kubeconfig('x', user) });
    expect(await connection.headers()).toEqual({ authorization: 'Bearer 1' });
  });

  it.each([
    [
      'fails',
      'echo "please log in" >&2; exit 1',
      'credential plugin "DIR/plugin.sh" can not be used: please log in',
    ],
    ['answers nonsense', 'echo hello', 'credential plugin "DIR/plugin.sh" can not be used'],
  ])('what is wrong with a credential plugin that %s', async (_name, script, message) => {
    const connection = await loadConnection({ kubeconfig: await kubeconfig('x', await plugin(script)) });
    await expect(connection.headers()).rejects.toMatchObject({
      name: 'CredentialsError',
      message: expect.stringContaining(message.replace('DIR', directory)) as string,
    });
  });
});

describe('in a Pod', () => {
  const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };

  async function mount(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
  }

  it('is the service account, whose token and authority are read again when they change', async () => {
    await mount({ token: 'first\n', 'ca.crt': 'the ca', namespace: 'bindery\n' });
    const connection = await inClusterConnection(env, directory);
    expect(connection?.server.href).toBe('https://10.0.0.1/');
    expect(connection?.namespace).toBe('bindery');
    expect(await connection?.headers()).toEqual({ authorization: 'Bearer first' });
    const tls = await connection?.tls();
    expect(tls).toEqual({ ca: 'the ca' });

    await mount({ token: 'second' });
    await connection?.refresh();
    expect(await connection?.headers()).toEqual({ authorization: 'Bearer second' });
    expect(await connection?.tls()).toBe(tls);

    await mount({ 'ca.crt': 'another ca' });
    await connection?.refresh();
    expect(await connection?.tls()).toEqual({ ca: 'another ca' });
  });

  it('keeps what it has when a file can not be read for a moment', async () => {
    await mount({ token: 'first', 'ca.crt': 'the ca' });
    const connection = await inClusterConnection(env, directory);
    expect(connection?.namespace).toBeUndefined();
    await connection?.tls();
    await rm(join(directory, 'token'));
    await rm(join(directory, 'ca.crt'));
    await connection?.refresh();
    expect(await connection?.headers()).toEqual({ authorization: 'Bearer first' });
    expect(await connection?.tls()).toEqual({ ca: 'the ca' });
  });

  it('may be an IPv6 address', async () => {
    await mount({ token: 't', 'ca.crt': 'ca' });
    const connection = await inClusterConnection({ ...env, KUBERNETES_SERVICE_HOST: 'fd00::1' }, directory);
    expect(connection?.server.hostname).toBe('[fd00::1]');
  });

  it.each([
    ['the variables', {}, true],
    ['the token', env, false],
  ])('is nothing without %s', async (_name, given, hasToken) => {
    if (hasToken) await mount({ token: 't' });
    expect(await inClusterConnection(given, directory)).toBeUndefined();
  });
});
