/**
 * Keeps the program of a commit for the test of upgrades, as brotli: `node scripts/keep-release.ts <commit> <file>`. The
 * packages are those that are installed now.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompressSync, constants } from 'node:zlib';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');

const [commit, file] = process.argv.slice(2);
if (commit === undefined || file === undefined) throw new Error('say which commit, and in which file');
const directory = await mkdtemp(join(tmpdir(), 'bindery-release-'));
try {
  const archive = join(directory, 'sources.tar');
  const sources = join(directory, 'sources');
  await run('git', ['-C', root, 'archive', '--output', archive, commit]);
  await mkdir(sources);
  await run('tar', ['-xf', archive, '-C', sources]);
  await symlink(join(root, 'node_modules'), join(sources, 'node_modules'));
  await run(process.execPath, [join(sources, 'scripts', 'build.ts')], { cwd: sources });
  const program = await readFile(join(sources, 'dist', 'bindery.js'));
  const params = { [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: program.length };
  const kept = brotliCompressSync(program, { params });
  await writeFile(file, kept);
  process.stdout.write(`${file}: ${(kept.length / 2 ** 20).toFixed(1)} MiB\n`);
} finally {
  await rm(directory, { recursive: true, force: true });
}
