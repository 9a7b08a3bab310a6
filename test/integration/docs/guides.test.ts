import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { clusterServiceBrokers, serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { deployments, namespaces } from '../../../src/kube/resources.ts';
import { startInstalled } from '../../support/installed-bindery.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ServiceWorld } from '../../support/world/service-world.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const docs = join(root, 'docs');

/** One command after the other, as a reader types them. */
interface Block {
  readonly commands: string;
  /** What is printed; `…` stands for anything. What begins with "error" is a refusal. */
  readonly shown?: string;
}

/** Blocks that are not run, by the beginning of the first line: each for a reason. */
const notRun: Readonly<Record<string, string>> = {
  'npm ci': 'installs this checkout, and starts the control plane that is here',
  'node_modules/.bin/node src/main.ts run': 'runs until it is ended; here it is installed',
  'npm run test-broker': 'runs until it is ended; here is one',
  'kubectl patch configmap argocd-cm': 'patches what Argo CD has in its namespace',
};

let world: ServiceWorld;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bindery-guides-'));
  world = await ServiceWorld.start({ controllers: 'none' });
  await startInstalled(world, { controller: ['--secret-check-interval=1s'] });
  await mkdir(join(directory, 'bin'));
  const program = `exec '${process.execPath}' '${join(root, 'src', 'main.ts')}'`;
  // The broker of the guides is on this machine.
  await shim('bindery', `[ "$1" != test-broker ] || set -- "$@" --allow-loopback-brokers\n${program} "$@"`);
}, 120_000);
afterAll(async () => {
  await world?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function shim(name: string, command: string): Promise<void> {
  const path = join(directory, 'bin', name);
  await writeFile(path, `#!/bin/sh\n${command}\n`);
  await chmod(path, 0o755);
}

function blocksOf(page: string): readonly Block[] {
  const fence = /^( *)```sh\n([\s\S]*?)^ *```$(?:\s*```text\n([\s\S]*?)```)?/gm;
  return [...page.matchAll(fence)].map(([, indent = '', block = '', shown]) => ({
    commands: block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    ...(shown === undefined ? {} : { shown }),
  }));
}

function isRun({ commands }: Block): boolean {
  return !Object.keys(notRun).some((beginning) => commands.startsWith(beginning));
}

/** The broker of the guide is the one that is here. */
function withBroker(commands: string): string {
  const { auth, url } = world.broker;
  const password = auth.kind === 'basic' ? auth.password : '';
  return commands
    .replaceAll(/https:\/\/broker\.example\.com|http:\/\/127\.0\.0\.1:…/g, url)
    .replaceAll('password=…', `password=${password}`);
}

interface Printed {
  readonly code: number;
  readonly text: string;
}

async function shell(commands: string, kubeconfig: string, cwd: string): Promise<Printed> {
  const { env: access } = world.controlPlane;
  const path = [join(directory, 'bin'), access['PATH']].join(delimiter);
  const env = { ...process.env, ...access, KUBECONFIG: kubeconfig, PATH: path };
  return new Promise((resolve) => {
    const command = ['-euo', 'pipefail', '-c', withBroker(commands)];
    execFile('bash', command, { cwd, env, timeout: 100_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? 1);
      resolve({ code, text: `${stdout}${stderr}` });
    });
  });
}

/** Runs the blocks of a page. */
async function follow(path: string, namespace: string): Promise<void> {
  if (namespace !== 'default') {
    await world.client.create(namespaces, { metadata: { name: namespace } });
  }
  const kubeconfig = join(directory, `${namespace}.kubeconfig`);
  await writeFile(kubeconfig, await readFile(world.controlPlane.kubeconfig));
  const cwd = join(directory, namespace);
  await mkdir(cwd);
  const { auth } = world.broker;
  await writeFile(join(cwd, 'password'), auth.kind === 'basic' ? auth.password : '');
  await shell(`kubectl config set-context --current --namespace=${namespace}`, kubeconfig, cwd);
  for (const block of blocksOf(await readFile(join(docs, path), 'utf8')).filter(isRun)) {
    const { code, text } = await shell(block.commands, kubeconfig, cwd);
    const isRefusal = /^error/i.test(block.shown ?? '');
    if ((code !== 0) !== isRefusal) {
      throw new Error(`docs/${path}: this ended with ${code}:\n${block.commands}\n${text}`);
    }
    if (block.shown !== undefined) expect(text).toMatch(patternOf(block.shown));
  }
  await leave(namespace);
}

function patternOf(shown: string): RegExp {
  const parts = shown.trim().split('…');
  return new RegExp(
    parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join('[\\s\\S]*'),
    'i',
  );
}

/** The broker that is there for the guides that register none. */
let forAll: string | undefined;

/** What a page left goes, so that the next finds the cluster as the first did. */
async function leave(namespace: string): Promise<void> {
  for (const kind of [deployments, serviceBindings, serviceInstances]) {
    const { items } = await world.client.list(kind, { namespace });
    for (const { metadata } of items) {
      await world.client.delete(
        kind,
        { namespace, name: metadata.name },
        { propagationPolicy: 'Background' },
      );
    }
  }
  await waitFor(async () => (await world.client.list(serviceInstances, { namespace })).items.length === 0, {
    timeoutMs: 60_000,
    describe: `instances of ${namespace} are gone`,
  });
  const { items: brokers } = await world.client.list(clusterServiceBrokers);
  for (const { metadata } of brokers) {
    if (metadata.name === forAll) continue;
    await world.client.delete(clusterServiceBrokers, { name: metadata.name });
    await world.gone(clusterServiceBrokers, metadata.name);
  }
}

describe('every shell block works as it stands, and shows what is said of it', () => {
  it('of the tutorial', async () => {
    await follow('tutorial.md', 'default');
  }, 180_000);

  it('of the guide to brokers', async () => {
    await follow('guides/brokers.md', 'brokers');
  }, 180_000);

  it('of the other guides', async () => {
    await world.register();
    forAll = 'test';
    const pages = (await readdir(join(docs, 'guides'))).filter((page) => page !== 'brokers.md').sort();
    expect(pages.length).toBeGreaterThan(6);
    for (const page of pages) await follow(`guides/${page}`, basename(page, '.md'));
  }, 400_000);
});

it('no block is left out without a reason, and no reason is left over', async () => {
  const pages = ['tutorial.md', ...(await readdir(join(docs, 'guides'))).map((page) => `guides/${page}`)];
  const texts = await Promise.all(pages.map(async (page) => readFile(join(docs, page), 'utf8')));
  const blocks = texts.flatMap(blocksOf);
  const used = Object.keys(notRun).filter((beginning) =>
    blocks.some(({ commands }) => commands.startsWith(beginning)),
  );
  expect(used).toEqual(Object.keys(notRun));
});
