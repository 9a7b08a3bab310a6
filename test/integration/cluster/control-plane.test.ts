import { jest } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { makeAuthority } from '../../cluster/certificates.ts';
import { accessExistingCluster } from '../../cluster/cluster-access.ts';
import { startControlPlane, type ControlPlane } from '../../cluster/control-plane.ts';
import { pinnedVersions } from '../../cluster/pinned-versions.ts';
import { processesMentioning } from '../../support/processes.ts';
import { waitFor } from '../../support/wait-for.ts';

// Each start takes three seconds on an idle machine, and more on a busy one.
jest.setTimeout(90_000);

describe('a control plane of our own', () => {
  let plane: ControlPlane;
  let parent: string;

  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'bindery-test-'));
    plane = await startControlPlane({ dir: parent });
  });

  afterAll(async () => {
    await plane?.stop();
    await rm(parent, { recursive: true, force: true });
  });

  /** Runs kubectl and gives its output; a failure fails the test with what kubectl said. */
  async function kubectl(args: readonly string[], input?: string): Promise<string> {
    const result = await plane.kubectl(args, input);
    expect(result).toMatchObject({ code: 0 });
    return result.stdout.trim();
  }

  it('is the version that go.mod pins, and so is kubectl', async () => {
    const { kubernetes } = await pinnedVersions();
    const version = JSON.parse(await kubectl(['version', '-o', 'json'])) as Record<
      string,
      { gitVersion: string }
    >;
    expect([version['clientVersion']?.gitVersion, version['serverVersion']?.gitVersion]).toEqual([
      kubernetes,
      kubernetes,
    ]);
  });

  it('proves who it is: another authority does not verify it, and verification is never skipped', async () => {
    expect(await readFile(plane.kubeconfig, 'utf8')).not.toContain('insecure');
    expect(await kubectl(['get', '--raw', '/readyz'])).toBe('ok');
    const stranger = join(parent, 'stranger.crt');
    await writeFile(stranger, (await makeAuthority('stranger')).certificatePem);
    const refused = await plane.kubectl(['--certificate-authority', stranger, 'get', '--raw', '/readyz']);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('certificate signed by unknown authority');
  });

  it('refuses who brings no credentials', async () => {
    const response = await plane.kubectl(['--token', 'wrong', 'get', 'namespaces']);
    expect(response.code).not.toBe(0);
    expect(response.stderr).toContain('must be logged in');
  });

  it('lets another user do what RBAC grants to them and nothing else', async () => {
    const kubeconfig = await plane.kubeconfigFor('jane@example.com', ['developers']);
    const asJane = (...args: string[]): ReturnType<ControlPlane['kubectl']> =>
      plane.kubectl(['--kubeconfig', kubeconfig, ...args]);
    const whoAmI = JSON.parse((await asJane('auth', 'whoami', '-o', 'json')).stdout) as {
      status: { userInfo: { username: string; groups: string[] } };
    };
    expect(whoAmI.status.userInfo).toMatchObject({
      username: 'jane@example.com',
      groups: ['developers', 'system:authenticated'],
    });

    const before = await asJane('get', 'configmaps', '-n', 'default');
    expect(before.code).not.toBe(0);
    expect(before.stderr).toContain('User "jane@example.com" cannot list resource "configmaps"');

    await kubectl([
      'create',
      'rolebinding',
      'developers',
      '-n',
      'default',
      '--clusterrole=view',
      '--group=developers',
    ]);
    // The authorizer learns of the binding by its own watch.
    await waitFor(async () => (await asJane('get', 'configmaps', '-n', 'default')).code === 0);
    expect((await asJane('get', 'secrets', '-n', 'default')).stderr).toContain('forbidden');
  });

  it('runs the controllers: a Deployment gets its Pods, and loses them with their owner', async () => {
    await kubectl(['create', 'namespace', 'controllers']);
    await kubectl([
      'create',
      'deployment',
      'app',
      '-n',
      'controllers',
      '--image=none.test/app:1',
      '--replicas=2',
    ]);
    await kubectl([
      'wait',
      '-n',
      'controllers',
      'deployment/app',
      '--for=jsonpath={.status.replicas}=2',
      '--timeout=20s',
    ]);
    expect((await kubectl(['get', 'pods', '-n', 'controllers', '-o', 'name'])).split('\n')).toHaveLength(2);
    await kubectl([
      'delete',
      'deployment',
      'app',
      '-n',
      'controllers',
      '--cascade=foreground',
      '--timeout=20s',
    ]);
    expect(await kubectl(['get', 'pods,replicasets', '-n', 'controllers', '-o', 'name'])).toBe('');
    await kubectl(['delete', 'namespace', 'controllers', '--timeout=20s']);
  });

  it.each([
    { how: 'killed', graceful: false },
    { how: 'stopped gracefully', graceful: true },
  ])(
    'keeps its data and address when the API server is $how and started again',
    async ({ how, graceful }) => {
      const name = `before-${how.split(' ')[0]}`;
      await kubectl(['create', 'configmap', name, '-n', 'default', '--from-literal=key=value']);
      await plane.stopApiServer({ graceful });
      const refused = await plane.kubectl(['get', '--raw', '/readyz', '--request-timeout=5s']);
      expect(refused.code).not.toBe(0);
      await plane.startApiServer();
      expect(await kubectl(['get', 'configmap', name, '-n', 'default', '-o', 'jsonpath={.data.key}'])).toBe(
        'value',
      );
      expect(await kubectl(['auth', 'can-i', '*', '*'])).toBe('yes');
    },
  );

  it('can be used by another process as an existing cluster, where other users are impersonated', async () => {
    const { kubectl: program } = plane.files;
    const existing = await accessExistingCluster(plane.kubeconfig, parent, program);
    expect(existing.server).toBe(plane.server);
    const kubeconfig = await existing.kubeconfigFor('guest', ['guests']);
    const answer = await existing.kubectl(['--kubeconfig', kubeconfig, 'auth', 'whoami', '-o', 'json']);
    expect(JSON.parse(answer.stdout)).toMatchObject({
      status: { userInfo: { username: 'guest', groups: ['guests', 'system:authenticated'] } },
    });
  });

  it('leaves no process and no file when it is stopped, and can be stopped twice', async () => {
    const brief = await startControlPlane({ dir: parent });
    expect(existsSync(brief.files.directory)).toBe(true);
    await brief.stop();
    expect(await processesMentioning(brief.files.directory)).toEqual([]);
    expect(existsSync(brief.files.directory)).toBe(false);
    await brief.stop();
  });

  it('switches admission plugins on and off', async () => {
    const strict = await startControlPlane({
      dir: parent,
      admission: { enable: ['AlwaysPullImages'], disable: ['LimitRanger'] },
    });
    try {
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'pod' },
        spec: { containers: [{ name: 'app', image: 'none.test/app:1', imagePullPolicy: 'Never' }] },
      };
      // ServiceAccount is on again, so the account has to exist first.
      await strict.kubectl([
        'wait',
        '--for=create',
        'serviceaccount/default',
        '-n',
        'default',
        '--timeout=20s',
      ]);
      const created = await strict.kubectl(
        ['create', '-n', 'default', '-f', '-', '-o', 'json'],
        JSON.stringify(pod),
      );
      expect(created).toMatchObject({ code: 0 });
      const { spec } = JSON.parse(created.stdout) as {
        spec: { serviceAccountName: string; containers: { imagePullPolicy: string }[] };
      };
      expect(spec.serviceAccountName).toBe('default');
      expect(spec.containers[0]?.imagePullPolicy).toBe('Always');
    } finally {
      await strict.stop();
    }
  });

  it('gives up with the last words of an API server that does not become ready in time', async () => {
    await expect(startControlPlane({ dir: parent, readyTimeoutMs: 200 })).rejects.toThrow(
      /^kube-apiserver was not ready after 200 ms\. Its last lines:\n/,
    );
    const directories = (await readdir(parent)).filter((name) => name.startsWith('bindery-control-plane-'));
    expect(directories).toEqual([basename(plane.files.directory)]);
  });

  it('says which server did not start, and its last words', async () => {
    await expect(startControlPlane({ dir: parent, apiServerArgs: ['--no-such-flag'] })).rejects.toMatchObject(
      {
        code: 'BINDERY_SERVER_EXIT',
        message: expect.stringMatching(
          /^kube-apiserver ended with code 1[\s\S]*unknown flag: --no-such-flag/,
        ),
      },
    );
  });
});
