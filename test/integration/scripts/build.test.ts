import { execFile } from 'node:child_process';
import { access, constants, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { binderyImageOf, builtProgram, nodeLayer } from '../../cluster/node/image-content.ts';

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

interface Materials {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { readonly version: string } };
  readonly components: readonly {
    readonly 'bom-ref': string;
    readonly name: string;
    readonly version: string;
    readonly licenses: readonly { readonly expression: string }[];
  }[];
}

it('says which packages are in the file, in which versions, and which Node runs it', async () => {
  const { materials } = await builtProgram(bundle);
  const { bomFormat, metadata, components } = JSON.parse(materials.toString()) as Materials;
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    readonly version: string;
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  expect(bomFormat).toBe('CycloneDX');
  expect(metadata.component.version).toBe(manifest.version);
  const names = components.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(Object.keys(manifest.dependencies)));
  expect(names).not.toContain('jest');
  expect(names).not.toContain('esbuild');
  expect(new Set(components.map((component) => component['bom-ref'])).size).toBe(components.length);
  expect(components).toContainEqual(
    expect.objectContaining({ name: 'node', version: process.version.slice(1), type: 'platform' }),
  );
  for (const name of Object.keys(manifest.dependencies)) {
    const path = join(root, 'node_modules', name, 'package.json');
    const { version, license } = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
    expect(components).toContainEqual(
      expect.objectContaining({ name, version, licenses: [{ expression: license }] }),
    );
  }
});

it('is the same from the same sources, with all that is said of it', async () => {
  const again = join(directory, 'again.js');
  await run(process.execPath, [join(root, 'scripts', 'build.ts'), '--outfile', again]);
  expect(await builtProgram(again)).toEqual(await builtProgram(bundle));
});

it('goes into an image of Node, its libraries and that file, of less than 145 MB', async () => {
  const image = binderyImageOf(await nodeLayer(), await builtProgram(bundle));
  const files = image.layers.flat().filter((entry) => entry.kind === 'file');
  const others = files
    .map(({ path }) => path)
    .filter((path) => !/^lib(64)?\/[\w./+-]+\.so[\w.]*$/.test(path));
  expect(others.sort()).toEqual([
    'bin/node',
    'bindery/bindery.cdx.json',
    'bindery/bindery.js',
    'bindery/package.json',
    'etc/group',
    'etc/passwd',
  ]);
  // 121 MB where there is `strip`, 18 MB more where not.
  expect(files.reduce((sum, { content }) => sum + content.length, 0)).toBeLessThan(145e6);
  expect(image.user).toBe('65532:65532');
});
