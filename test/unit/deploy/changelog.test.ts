import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..', '..');
const read = async (path: string): Promise<string> => readFile(join(root, path), 'utf8');

async function packageVersion(): Promise<string> {
  return (JSON.parse(await read('package.json')) as { readonly version: string }).version;
}

it('tells of the version of package.json first', async () => {
  const [, first] = /^## \[(.+?)\]/m.exec(await read('CHANGELOG.md')) ?? [];
  expect(first).toBe(await packageVersion());
});

it.each(['deploy/install.yaml', 'deploy/Dockerfile', 'docs/install.md'])(
  'names no other version of the image in %s',
  async (path) => {
    const images = (await read(path)).matchAll(/\/bindery:(\d[\w.-]*\w)/g);
    expect(new Set([...images].map(([, version]) => version))).toEqual(new Set([await packageVersion()]));
  },
);
