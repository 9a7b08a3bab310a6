import { jest } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinaries } from '../../cluster/binaries.ts';
import { processesMentioning } from '../../support/processes.ts';
import { waitFor } from '../../support/wait-for.ts';

const command = join(import.meta.dirname, '../../cluster/control-plane-command.ts');

// Each start takes three seconds on an idle machine, and more on a busy one.
jest.setTimeout(90_000);

describe('when the process that started a control plane ends', () => {
  let directory: string;
  let starter: ChildProcess | undefined;

  beforeAll(async () => {
    await findBinaries();
  }, 1_200_000);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bindery-test-'));
  });

  afterEach(async () => {
    starter?.kill('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  });

  function start(args: readonly string[]): { exited: Promise<unknown>; output: () => string } {
    let output = '';
    const child = spawn(process.execPath, args, {
      env: { ...process.env, TMPDIR: directory },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    starter = child;
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return { exited: new Promise((resolve) => child.once('close', resolve)), output: () => output };
  }

  async function started(output: () => string): Promise<void> {
    await waitFor(() => output().includes('started') || output().includes('export PATH='), {
      timeoutMs: 60_000,
      describe: () => `the control plane to start; so far it said: ${output()}`,
    });
  }

  /** Whatever the starter makes lies in this directory, and its processes have it on their command line. */
  async function nothingLeft(): Promise<void> {
    const left = async (): Promise<readonly string[]> => [
      ...(await processesMentioning(directory)),
      ...(await readdir(directory)),
    ];
    await waitFor(async () => (await left()).length === 0, {
      describe: async () => (await left()).join('\n'),
    });
  }

  it.each([
    { signal: 'SIGINT', code: 0 },
    { signal: 'SIGTERM', code: 0 },
    { signal: 'SIGKILL', code: null },
  ] as const)('by $signal, nothing of it is left', async ({ signal, code }) => {
    const { exited, output } = start([command]);
    await started(output);
    expect((await processesMentioning(directory)).join('\n')).toContain('kube-controller-manager');
    starter?.kill(signal);
    expect(await exited).toBe(code);
    await nothingLeft();
  });

  it('by SIGKILL while the servers are starting, nothing of it is left', async () => {
    const { exited } = start([command]);
    await waitFor(async () => (await processesMentioning(directory)).length > 0);
    starter?.kill('SIGKILL');
    await exited;
    await nothingLeft();
  });

  it('by an exception that nobody catches, nothing of it is left', async () => {
    const source = `
      import { startControlPlane } from ${JSON.stringify(join(import.meta.dirname, '../../cluster/control-plane.ts'))};
      await startControlPlane();
      console.log('started');
      setTimeout(() => { throw new Error('nobody catches this'); }, 10);`;
    const { exited, output } = start(['--input-type=module', '--eval', source]);
    await started(output);
    expect(await exited).toBe(1);
    await nothingLeft();
  });
});
