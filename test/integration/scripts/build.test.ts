import { execFile } from 'node:child_process';
import { access, constants, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..');

let directory: string;
let bundle: string;

beforeAll(async () => {
  // Nothing around it: what the program needs must be in the file.
  directory = await mkdtemp(join(tmpdir(), 'bindery-build-'));
  bundle = join(directory, 'bindery.js');
  await run(process.execPath, [join(root, 'scripts', 'build.ts'), '--outfile', bundle]);
}, 60_000);

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

it('makes a file that runs alone and knows its version', async () => {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const { stdout } = await run(process.execPath, [bundle, 'version'], { cwd: directory });
  expect(stdout).toContain(`bindery ${version} `);
});

it('makes a file that can be executed', async () => {
  await expect(access(bundle, constants.X_OK)).resolves.toBeUndefined();
  expect(await readFile(bundle, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
});

it('carries every manifest that is installed', async () => {
  const { stdout } = await run(process.execPath, [bundle, 'install', '--print'], { cwd: directory });
  for (const folder of ['deploy/crds', 'deploy/rbac', 'webhook-config']) {
    for (const name of (await readdir(join(root, folder))).filter((file) => file.endsWith('.yaml'))) {
      expect(stdout).toContain((await readFile(join(root, folder, name), 'utf8')).trim());
    }
  }
});

it('makes a file of ASCII alone, which V8 keeps with one byte a character', async () => {
  const text = await readFile(bundle);
  expect(text.filter((byte) => byte > 127)).toHaveLength(0);
});
