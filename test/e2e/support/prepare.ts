import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findBinaries } from '../../cluster/binaries.ts';
import { findGo, goEnvironment } from '../../cluster/go-toolchain.ts';
import { applicationImageOf, binderyImageOf, nodeLayer } from '../../cluster/node/image-content.ts';
import { findNodePrograms } from '../../cluster/node/node-programs.ts';
import { writeOciArchive } from '../../cluster/node/oci-archive.ts';
import { nodeProblem } from '../../cluster/node/prerequisites.ts';
import type { TarEntry } from '../../cluster/node/tar.ts';
import { applicationImage, preparedVariable, type Prepared } from './prepared.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..');
let directory: string | undefined;

/** Jest's global setup of the project e2e: programs of a node, the bundle, and the images that clusters get. */
export async function prepareEndToEnd(): Promise<void> {
  const state = await prepare();
  if (state.kind === 'unavailable') process.stderr.write(`End-to-end tests are skipped: ${state.reason}\n`);
  process.env[preparedVariable] = JSON.stringify(state);
}

/** Jest's global teardown. */
export async function removePrepared(): Promise<void> {
  delete process.env[preparedVariable];
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
}

async function prepare(): Promise<Prepared> {
  const problem = await nodeProblem();
  if (problem !== undefined) return { kind: 'unavailable', reason: problem };
  await findBinaries();
  await findNodePrograms();
  await run(process.execPath, [join(root, 'scripts', 'build.ts')], { cwd: root, timeout: 120_000 });
  directory = await mkdtemp(join(tmpdir(), 'bindery-e2e-'));
  const bundle = await readFile(join(root, 'dist', 'bindery.js'));
  const node = await nodeLayer();
  const binderyArchive = join(directory, 'bindery.tar');
  const applicationArchive = join(directory, 'application.tar');
  const binderyImageBytes = await writeOciArchive(binderyArchive, binderyImageOf(node, bundle));
  const application = await applicationImageOf(applicationImage, node, ['pg']);
  const reader = await buildReader(join(directory, 'reader'));
  await writeOciArchive(applicationArchive, {
    ...application,
    layers: reader === undefined ? application.layers : [...application.layers, [reader]],
  });
  const hasReader = reader !== undefined;
  return { kind: 'ready', binderyArchive, applicationArchive, binderyImageBytes, hasReader };
}

/** The program of consumers/reader; undefined where there is no Go, and the node's programs came from the cache. */
async function buildReader(output: string): Promise<TarEntry | undefined> {
  const go = await findGo(process.env, '1.26.0');
  if (go.kind !== 'found') return undefined;
  await run(go.command, ['build', '-ldflags', '-s -w', '-o', output, '.'], {
    cwd: join(root, 'test', 'e2e', 'consumers', 'reader'),
    env: goEnvironment(process.env),
    timeout: 120_000,
  });
  return { kind: 'file', path: 'bin/reader', content: await readFile(output), mode: 0o755 };
}
