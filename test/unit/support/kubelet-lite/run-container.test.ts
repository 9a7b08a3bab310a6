import { lstat, mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerSpec } from '../../../support/kubelet-lite/pod-types.ts';
import { resolvePod } from '../../../support/kubelet-lite/resolve-pod.ts';
import type { PodResolution } from '../../../support/kubelet-lite/resolution.ts';
import {
  runContainer,
  startContainer,
  type ContainerExit,
} from '../../../support/kubelet-lite/run-container.ts';
import { isAlive } from '../../../support/processes.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { podWith, readerOf, secret } from './objects.ts';

const timeoutMs = 20_000;
const volumes = [
  { name: 'db', projected: { defaultMode: 0o600, sources: [{ secret: { name: 'db' } }] } },
  { name: 'scratch', emptyDir: {} },
];
const volumeMounts = [
  { name: 'db', mountPath: '/bindings/db' },
  { name: 'scratch', mountPath: '/scratch' },
];
const env = [{ name: 'SERVICE_BINDING_ROOT', value: '/bindings' }];

async function resolve(
  values: Record<string, string>,
  container: Partial<ContainerSpec>,
): Promise<PodResolution> {
  return resolvePod(readerOf({ secrets: { db: secret(values) } }), podWith(container, volumes));
}

async function run(container: Partial<ContainerSpec>): Promise<ContainerExit> {
  return runContainer(await resolve({ uri: 'postgres://db' }, container), 'app', { timeoutMs });
}

const script = (text: string): readonly string[] => ['/bin/sh', '-c', text];

describe('a container that runs as a local process', () => {
  it('finds its files where its environment says they are', async () => {
    const result = await run({ env, volumeMounts, command: script('cat "$SERVICE_BINDING_ROOT/db/uri"') });
    expect(result).toEqual({ code: 0, signal: null, timedOut: false, stdout: 'postgres://db', stderr: '' });
  });

  it('finds its files where its arguments say they are', async () => {
    const result = await run({ volumeMounts, command: ['cat'], args: ['/bindings/db/uri'] });
    expect(result.stdout).toBe('postgres://db');
  });

  it('may write to an emptyDir', async () => {
    const result = await run({ volumeMounts, command: script('echo x > /scratch/x && cat /scratch/x') });
    expect(result).toMatchObject({ code: 0, stdout: 'x\n' });
  });

  it('has exactly its environment, PATH and HOME, and names that no shell could read', async () => {
    const names = [...env, { name: 'my-key.x', value: 'odd' }];
    const printEnv = [process.execPath, '-e', 'console.log(JSON.stringify(Object.keys(process.env).sort()))'];
    const result = await run({ env: names, command: printEnv });
    const added = process.platform === 'darwin' ? ['__CF_USER_TEXT_ENCODING'] : [];
    expect(JSON.parse(result.stdout)).toEqual(
      [...added, 'HOME', 'PATH', 'SERVICE_BINDING_ROOT', 'my-key.x'].sort(),
    );
  });

  it('tells its exit code and what it complained about', async () => {
    expect(await run({ command: script('echo no >&2; exit 3') })).toMatchObject({ code: 3, stderr: 'no\n' });
  });

  it('is ended with all it has started when it takes too long', async () => {
    const resolution = await resolve({}, { command: script('sleep 600 & echo $!; wait') });
    const result = await runContainer(resolution, 'app', { timeoutMs: 3_000 });
    expect(result).toMatchObject({ code: null, signal: 'SIGKILL', timedOut: true });
    await untilGone(Number(result.stdout));
  });

  it('takes what it left in the background with it when it ends', async () => {
    const result = await run({ command: script('sleep 600 & echo $!') });
    expect(result).toMatchObject({ code: 0, timedOut: false });
    await untilGone(Number(result.stdout));
  });

  it('runs what is asked for instead of its own command', async () => {
    const resolution = await resolve(
      { uri: 'x' },
      { env, volumeMounts, command: ['false'], args: ['never'] },
    );
    const command = ['cat', '/bindings/db/uri'];
    expect(await runContainer(resolution, 'app', { timeoutMs, command })).toMatchObject({
      code: 0,
      stdout: 'x',
    });
  });

  it('works in its working directory', async () => {
    const result = await run({ volumeMounts, workingDir: '/bindings/db', command: ['cat', 'uri'] });
    expect(result.stdout).toBe('postgres://db');
  });

  it('leaves no files behind', async () => {
    const running = await startContainer(
      await resolve({ uri: 'x' }, { volumeMounts, command: ['sleep', '600'] }),
      'app',
    );
    expect(existsSync(join(running.root, 'bindings/db/uri'))).toBe(true);
    await running.stop();
    expect(existsSync(running.root)).toBe(false);
  });

  it.each<[string, Partial<ContainerSpec>, object]>([
    [
      'the container waits',
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'nobody', key: 'a' } } }], command: ['true'] },
      { code: 'CONTAINER_NOT_READY', reason: 'CreateContainerConfigError' },
    ],
    ['there is no command', {}, { message: expect.stringContaining('has no command') }],
    ['the program is not there', { command: ['/no/such/program'] }, { code: 'ENOENT' }],
  ])('does not start when %s', async (_case, container, error) => {
    await expect(run(container)).rejects.toMatchObject(error);
  });

  it('does not start when the Pod waits, or has no such container', async () => {
    const waiting = await resolvePod(readerOf({}), podWith({ volumeMounts }, volumes));
    await expect(runContainer(waiting, 'app', { timeoutMs })).rejects.toMatchObject({
      reason: 'FailedMount',
    });
    await expect(runContainer(await resolve({}, {}), 'web', { timeoutMs })).rejects.toThrow(
      'the Pod has app',
    );
  });
});

describe('the files of a running container', () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'bindery-test-'));
  });
  afterEach(async () => rm(root, { recursive: true, force: true }));

  it('have the layout and the mode of the kubelet', async () => {
    const resolution = await resolve({ uri: 'one' }, { volumeMounts, command: ['true'] });
    await runContainer(resolution, 'app', { timeoutMs, root });
    const directory = join(root, 'bindings/db');
    expect(await readlink(join(directory, 'uri'))).toBe('..data/uri');
    const data = await readlink(join(directory, '..data'));
    expect(data).toMatch(/^\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\./);
    expect((await readdir(directory)).sort()).toEqual(['..data', data, 'uri'].sort());
    expect((await stat(join(directory, 'uri'))).mode & 0o777).toBe(0o600);
    expect((await lstat(join(root, 'scratch'))).isDirectory()).toBe(true);
  });

  it('are replaced all at once when the Secret changes, and stay when it does not', async () => {
    const container = { volumeMounts, command: ['sleep', '600'] };
    const running = await startContainer(await resolve({ uri: 'one', old: 'x' }, container), 'app', { root });
    const directory = join(root, 'bindings/db');
    try {
      const first = await readlink(join(directory, '..data'));
      await running.refresh(await resolve({ uri: 'one', old: 'x' }, container));
      expect(await readlink(join(directory, '..data'))).toBe(first);

      await running.refresh(await resolve({ uri: 'two', added: 'y' }, container));
      const second = await readlink(join(directory, '..data'));
      expect(second).not.toBe(first);
      expect((await readdir(directory)).sort()).toEqual(['..data', second, 'added', 'uri'].sort());
      expect(await readFile(join(directory, 'uri'), 'utf8')).toBe('two');
    } finally {
      await running.stop();
    }
  });
});

async function untilGone(pid: number): Promise<void> {
  expect(pid).toBeGreaterThan(1);
  await waitFor(async () => !(await isAlive(pid)));
}
