import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { doors, folders } from '../../oxlint.config.ts';

const root = join(import.meta.dirname, '..', '..');

/** File, import, and whether oxlint has to refuse it. */
const imports: readonly (readonly [file: string, statement: string, isRefused: boolean])[] = [
  ['src/base/a.ts', "import { kube } from '../kube/kube-api.ts';", true],
  ['src/base/b.ts', "import type { KubeApi } from '../kube/kube-api.ts';", true],
  ['src/kube/a.ts', "import { hash } from '../base/hash.ts';", false],
  ['src/osb/a.ts', "import { kube } from '../kube/kube-api.ts';", true],
  ['src/osb/b.ts', "export { kube } from '../kube/kube-api.ts';", true],
  ['src/osb/c.ts', "export const kube = await import('../kube/kube-api.ts');", true],
  ['src/injection/a.ts', "import { kube } from '../kube/kube-api.ts';", true],
  ['src/injection/deep/a.ts', "import { kube } from '../../kube/kube-api.ts';", true],
  ['src/control/a.ts', "import { names } from '../api/names.ts';", true],
  ['src/model/a.ts', "import { Store } from '../control/store.ts';", false],
  ['src/model/b.ts', "import { client } from '../osb/client.ts';", true],
  ['src/injection/d.ts', "import { scope } from '../model/scope.ts';", true],
  ['src/injection/b.ts', "import { names } from '../api/names.ts';", false],
  ['src/admission/a.ts', "import { client } from '../osb/client.ts';", true],
  ['src/instances/a.ts', "import { bind } from '../bindings/bind.ts';", true],
  ['src/instances/b.ts', "import { poll } from '../operations/poll.ts';", false],
  ['src/instances/c.ts', "import { hash } from '../base/hash.ts';", false],
  ['src/catalog/a.ts', "import { start } from '../main.ts';", true],
  ['src/commands/a.ts', "import { verb } from '../cli/verb.ts';", true],
  ['src/osb/transport.ts', "import { Pool } from 'undici';", false],
  ['src/osb/d.ts', "import { Pool } from 'undici';", true],
  ['src/osb/e.ts', "import type { Pool } from 'undici';", false],
  ['src/osb/f.ts', "import { Pool } from 'undici/lib/dispatcher/pool.js';", true],
  ['src/kube/credentials.ts', "export const client = await import('@kubernetes/client-node');", false],
  ['src/kube/credentials.ts', "import { names } from '../api/names.ts';", true],
  ['src/kube/b.ts', "export const client = await import('@kubernetes/client-node');", true],
  ['src/admission/server.ts', "import { fastify } from 'fastify';", false],
  ['src/admission/b.ts', "import { fastify } from 'fastify';", true],
  ['src/certs/a.ts', "import { pki } from 'node-forge';", true],
  ['src/injection/c.ts', "import { compare } from 'fast-json-patch';", true],
  ['src/main.ts', "import { Command } from 'commander';", false],
  ['src/main.ts', "import { run } from './commands/run.ts';", false],
  ['src/config.ts', "import { Command } from 'commander';", true],
  ['test/unit/a.test.ts', "import { compare } from 'fast-json-patch';", false],
];

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bindery-import-rules-'));
  const config = JSON.stringify(join(root, 'oxlint.config.ts'));
  await writeFile(join(directory, 'oxlint.config.ts'), `export { default } from ${config};\n`);
  for (const [file, lines] of Map.groupBy(imports, ([name]) => name)) {
    const path = join(directory, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, lines.map(([, statement]) => statement).join('\n'));
  }
});

afterAll(() => rm(directory, { recursive: true, force: true }));

describe('the rules for imports', () => {
  it('refuse what the table does not allow, in every form, and nothing else', async () => {
    const refused = imports.filter(([, , isRefused]) => isRefused);
    expect(await refusedByLint()).toEqual(refused.map(([file, line]) => `${file}: ${line}`).sort());
  });

  it('have a row for every folder of src', async () => {
    const entries = await readdir(join(root, 'src'), { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    expect(Object.keys(folders).sort()).toEqual(names.sort());
  });

  it('have doors for every dependency, none for any other package, and each door is there', async () => {
    const text = await readFile(join(root, 'package.json'), 'utf8');
    const { dependencies } = JSON.parse(text) as { readonly dependencies: Readonly<Record<string, string>> };
    const withDoors = Object.keys(doors).filter((name) => doors[name]?.length !== 0);
    expect(withDoors.sort()).toEqual(Object.keys(dependencies).sort());
    const places = Object.values(doors).flat();
    expect(places.filter((place) => !existsSync(join(root, place.replace('/**', ''))))).toEqual([]);
  });
});

/** Lines like those of `imports`, sorted. */
async function refusedByLint(): Promise<readonly string[]> {
  const oxlint = join(root, 'node_modules', 'oxlint', 'bin', 'oxlint');
  const options = { cwd: directory, encoding: 'utf8' } as const;
  const { stdout } = spawnSync(process.execPath, [oxlint, '--format', 'json', 'src', 'test'], options);
  const { diagnostics } = JSON.parse(stdout) as {
    readonly diagnostics: readonly {
      readonly code: string;
      readonly filename: string;
      readonly labels: readonly { readonly span: { readonly line: number } }[];
    }[];
  };
  const lines = diagnostics
    .filter(({ code }) => code === 'eslint(no-restricted-imports)')
    .map(async ({ filename, labels: [label] }) => {
      const text = await readFile(join(directory, filename), 'utf8');
      return `${filename}: ${text.split('\n')[(label?.span.line ?? 0) - 1]}`;
    });
  return (await Promise.all(lines)).sort();
}
