import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { authorityCertificate } from '../cluster/cluster-access.ts';
import { writeKubeconfig, type KubeconfigUser } from '../cluster/kubeconfig.ts';
import { insideServer } from '../cluster/node/node-files.ts';
import type { NodeProcess } from '../cluster/node/node-namespaces.ts';
import { waitFor } from '../support/wait-for.ts';
import { documentedCommands } from './support/documented.ts';
import { container, pod } from './support/objects.ts';
import { describeOnOwnNode, prepared } from './support/prepared.ts';
import { startWorld, type World } from './support/world.ts';

const system = 'bindery-system';
const why = 'the API server has to reach the machine of the tests';

describeOnOwnNode('bindery outside of the cluster', why, () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld();
    const state = prepared();
    await mkdir(join(world.directory, 'dist'));
    if (state.kind === 'node')
      await copyFile(state.images.bundle, join(world.directory, 'dist', 'bindery.js'));
    await kubeconfig('admin.kubeconfig', { token: world.node().token });
  });
  afterAll(async () => world?.stop());

  /** On the node, whose network the API server is in. */
  const kubeconfig = async (name: string, user: KubeconfigUser): Promise<void> => {
    const authorityPem = await readFile(authorityCertificate(world.node().files.directory), 'utf8');
    await writeKubeconfig(join(world.directory, name), {
      server: insideServer,
      authorityPem,
      userName: name,
      user,
    });
  };
  const accountKubeconfig = async (role: string): Promise<void> => {
    const token = await world.kubectl(['create', 'token', '-n', system, `bindery-${role}`]);
    await kubeconfig(`${role}.kubeconfig`, { token });
  };

  /** Starts what the page says, with our names in the place of its examples. */
  const start = async (name: string, documented: string): Promise<NodeProcess> => {
    const command = documented
      .replace('~/.kube/config', 'admin.kubeconfig')
      .replace('my-host.example.com', world.node().nodeAddress);
    return world.node().run({
      name,
      command: '/bin/sh',
      args: ['-ec', `cd ${world.directory} && exec ${command}`],
      env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` },
    });
  };
  const untilReady = async (name: string): Promise<void> => {
    const log = join(world.node().files.directory, `${name}.log`);
    const isReady = async (): Promise<boolean> => (await readFile(log, 'utf8')).includes('"msg":"ready"');
    await waitFor(isReady, {
      timeoutMs: 60_000,
      intervalMs: 100,
      describe: async () => readFile(log, 'utf8'),
    });
  };
  const stop = async (running: NodeProcess): Promise<void> => {
    running.terminate();
    await running.finished();
  };
  const injected = async (): Promise<string> => {
    const annotations = { 'bind.servicecatalog.k8s.io/creds': 'secret/creds' };
    const asking = pod('default', 'asking', { annotations, spec: { containers: [container('main', '')] } });
    const args = ['create', '--dry-run=server', '-o', 'jsonpath={.spec.volumes[*].name}', '-f', '-'];
    return world.kubectl(args, JSON.stringify(asking));
  };
  const remove = async (): Promise<void> => {
    const kinds = ['servicebindings', 'serviceinstances', 'clusterservicebrokers', 'servicebrokers'];
    for (const kind of kinds) expect(await world.kubectl(['get', kind, '-A', '-o', 'name'])).toBe('');
    await world.follow('Remove');
    const left = await world.kubectl([
      'get',
      'crd,clusterrole,mutatingwebhookconfiguration,ns',
      '-o',
      'name',
    ]);
    expect(left.split('\n').filter((name) => /bindery|servicecatalog/.test(name))).toEqual([]);
  };

  it('is one process with the rights of a kubeconfig, as docs/install.md says', async () => {
    const [, run = ''] = await documentedCommands('From outside of the cluster');
    const running = await start('run', run);
    await untilReady('run');
    expect(await injected()).toContain('sb-creds-');
    await stop(running);
    await remove();
  });

  it('is installed step by step, and its roles have the rights of their ServiceAccounts', async () => {
    const [print = '', install = '', ...roles] = await documentedCommands('Step by step');
    expect(await (await start('print', print)).finished()).toBe(0);
    expect(await (await start('install', install)).finished()).toBe(0);
    const running: NodeProcess[] = [];
    for (const command of roles) {
      const [, role = ''] = command.split(' ');
      await accountKubeconfig(role);
      running.push(await start(role, command));
      await untilReady(role);
      const log = await readFile(join(world.node().files.directory, `${role}.log`), 'utf8');
      expect(log.split('\n').filter((line) => /forbidden|"level":"(warn|error)"/i.test(line))).toEqual([]);
    }
    expect(running).toHaveLength(2);
    expect(await injected()).toContain('sb-creds-');
    await Promise.all(running.map(stop));
    await remove();
  });
});
