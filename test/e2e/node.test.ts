import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { processesMentioning } from '../support/processes.ts';
import { waitFor } from '../support/wait-for.ts';
import { container, pod } from './support/objects.ts';
import { describeOnOwnNode } from './support/prepared.ts';
import { startWorld } from './support/world.ts';

const command = join(import.meta.dirname, '..', 'cluster', 'node', 'cluster-command.ts');

/** Names of cgroups of nodes, wherever in the tree they are. */
async function cgroups(): Promise<readonly string[]> {
  const paths = await readdir('/sys/fs/cgroup', { recursive: true });
  return paths.filter((path) => /\/bindery-[0-9a-f]{10}$/.test(path));
}

async function left(directory: string): Promise<object> {
  return {
    processes: await processesMentioning(directory),
    isMounted: (await readFile('/proc/self/mountinfo', 'utf8')).includes(directory),
    files: await readdir(directory).catch(() => []),
  };
}
const nothing = { processes: [], isMounted: false, files: [] };

describeOnOwnNode('a cluster of one node', 'it is about the node that is started here', () => {
  it('leaves no process, mount, interface, cgroup or file when it is stopped', async () => {
    const interfacesBefore = await readdir('/sys/class/net');
    const world = await startWorld();
    const { files, cgroup } = world.node();
    try {
      const script = 'setInterval(() => undefined, 1000)';
      await world.apply(pod('default', 'app', { spec: { containers: [container('main', script)] } }));
      await world.kubectl('wait --for=condition=Ready pod/app --timeout=90s');
      expect(await processesMentioning(files.directory)).not.toEqual([]);
      expect((await cgroups()).some((path) => path.endsWith(cgroup))).toBe(true);
    } finally {
      await world.stop();
    }
    expect(await left(files.directory)).toEqual(nothing);
    expect((await cgroups()).filter((path) => path.endsWith(cgroup))).toEqual([]);
    expect(await readdir('/sys/class/net')).toEqual(interfacesBefore);
  });

  it('leaves nothing when whoever started it is killed', async () => {
    const before = await cgroups();
    const starter = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', command], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const told = text(starter.stderr);
    const ended = once(starter, 'exit').then(async () => Promise.reject(new Error(await told)));
    ended.catch(() => undefined);
    const [line] = (await Promise.race([once(createInterface(starter.stdout), 'line'), ended])) as [string];
    const directory = dirname(/'(.*)'/.exec(line)?.[1] ?? '');
    expect(await processesMentioning(directory)).not.toEqual([]);
    const own = (await cgroups()).filter((path) => !before.includes(path));
    expect(own).not.toEqual([]);
    starter.kill('SIGKILL');
    await waitFor(async () => (await processesMentioning(directory)).length === 0, { timeoutMs: 20_000 });
    expect(await left(directory)).toEqual(nothing);
    expect((await cgroups()).filter((path) => own.includes(path))).toEqual([]);
  });
});
