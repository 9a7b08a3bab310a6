import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { format, resolveConfig } from 'prettier';
import { scopeParts } from './scope-conditions.ts';

/** Above every file that is made. */
const banner = (template: string): string =>
  `# Generated from templates/${template} and src/model/scope.ts by \`npm run generate\`. Do not edit.\n`;

/**
 * The manifests of `webhook-config/` by name: its templates, with each `${name}` that stands for a whole value replaced
 * by that part of the table of scope.
 * @throws Error that names a part that there is not
 */
export async function webhookConfig(folder: string): Promise<ReadonlyMap<string, string>> {
  const directory = join(folder, 'templates');
  const names = (await readdir(directory)).filter((name) => name.endsWith('.yaml')).sort();
  const texts = names.map(async (name) => {
    const template = await readFile(join(directory, name), 'utf8');
    const options = { ...(await resolveConfig(join(folder, name))), parser: 'yaml' };
    return [name, banner(name) + (await format(filled(template), options))] as const;
  });
  return new Map(await Promise.all(texts));
}

function filled(template: string): string {
  return template.replaceAll(
    /^( *)((?:- )?(?:[\w-]+:)?) ?\$\{([\w-]+)\}$/gm,
    (_line, indent: string, before: string, name: string) => {
      if (!Object.hasOwn(scopeParts, name)) throw new Error(`there is no "${name}" in the table of scope`);
      return indent + before + valueBelow(scopeParts[name], indent);
    },
  );
}

/** As YAML that begins after a key, in the column of that key. */
function valueBelow(value: unknown, indent: string): string {
  if (typeof value === 'string') {
    // Folded: the breaks are for people alone.
    const lines = value.split(/(?<= (?:&&|\|\|)) /);
    return ` >-\n${lines.map((line) => `${indent}  ${line}`).join('\n')}`;
  }
  const lines = dump(value, { flowLevel: Array.isArray(value) ? 2 : 3, lineWidth: -1 })
    .trimEnd()
    .split('\n');
  return `\n${lines.map((line) => `${indent}  ${line}`).join('\n')}`;
}
