import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { roleOptions } from '../../src/config.ts';
import { bindingTypes } from '../../src/shapes/binding-types.ts';

const root = join(import.meta.dirname, '..', '..');

describe('the documentation', () => {
  it('has a row for every flag, with its default', async () => {
    const page = await readFile(join(root, 'docs/reference/flags.md'), 'utf8');
    for (const { flags, default: value } of roleOptions.run) {
      const [flag] = flags.split(' ');
      const row = page.split('\n').find((line) => line.startsWith(`| \`${flag}\` `));
      expect(row ?? `no row for ${flag}`).toContain(value === undefined ? `\`${flag}\`` : `\`${value}\``);
    }
  });

  it('has a row for every binding type, with its words, schemes and keys', async () => {
    const page = await readFile(join(root, 'docs/reference/secrets.md'), 'utf8');
    for (const { name, words, schemes, keys, jdbc } of bindingTypes) {
      const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\` `)) ?? '';
      const said = [...words, ...schemes, ...(jdbc === undefined ? Object.keys(keys) : [])];
      expect(said.filter((word) => !row.includes(`\`${word}\``))).toEqual([]);
    }
  });
});
