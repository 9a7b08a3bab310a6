import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KubeList } from '../../../src/kube/objects.ts';
import { processesMentioning } from '../../support/processes.ts';
import { markSecret, secretsIn } from '../../support/secrecy/secret-markers.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import { waitFor } from '../../support/wait-for.ts';

const program = join(import.meta.dirname, '../../../demo/demo.ts');

let demo: ChildProcess;
let output = '';
beforeAll(async () => {
  const args = ['--disable-warning=ExperimentalWarning', program, '--keep'];
  demo = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [demo.stdout, demo.stderr])
    stream?.on('data', (chunk: Buffer) => void (output += chunk.toString()));
  await waitFor(() => output.includes('Everything stays up') || demo.exitCode !== null, {
    timeoutMs: 90_000,
    describe: () => `the demo is up; it said:\n${output}`,
  });
}, 120_000);
afterAll(async () => {
  if (demo.exitCode === null) demo.kill('SIGINT');
  await waitFor(() => demo.exitCode !== null, { describe: 'the demo has ended' });
}, 60_000);

/** Every password, and every text that holds one: the broker's login, and what it has handed out. */
async function passwords(kubeconfig: string): Promise<readonly string[]> {
  const directory = /^ *export PATH=([^:]+):/m.exec(output)?.[1] ?? '';
  const args = ['get', 'secrets', '--all-namespaces', '--output=json', `--kubeconfig=${kubeconfig}`];
  const { stdout } = await promisify(execFile)(join(directory, 'kubectl'), args);
  const { items } = JSON.parse(stdout) as KubeList<SecretObject>;
  return items
    .flatMap(({ data = {} }) => [data['password'], data['uri']])
    .filter((value) => value !== undefined)
    .map((value) => Buffer.from(value, 'base64').toString());
}

it('shows everything but passwords, in its story, its progress and its metrics, and ends cleanly', async () => {
  const kubeconfig = /^ *export KUBECONFIG=(\S+)$/m.exec(output)?.[1] ?? '';
  const found = await passwords(kubeconfig);
  expect(found.length).toBeGreaterThanOrEqual(3);
  for (const password of found) markSecret(password);
  const [bindery = ''] = await processesMentioning(`run --kubeconfig=${kubeconfig}`);
  const admin = /--admin-listen=(\S+)/.exec(bindery)?.[1] ?? '';
  const metrics = await (await fetch(`http://${admin}/metrics`)).text();
  expect(metrics).toContain('bindery_objects{kind="ServiceBinding",state="ready"} 1');

  demo.kill('SIGINT');
  const [code] = (await once(demo, 'close')) as [number | null];
  expect(code).toBe(0);
  expect(secretsIn(`${output}${metrics}`)).toEqual([]);
});
