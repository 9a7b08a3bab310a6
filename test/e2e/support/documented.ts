import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..', '..');

/** The kubectl commands of a section of docs/install.md, as arguments, in their order. */
export async function documentedCommands(heading: string): Promise<readonly (readonly string[])[]> {
  const text = await readFile(join(root, 'docs', 'install.md'), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`docs/install.md has no section ${heading}`);
  const blocks = [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  const lines = blocks.join('').split('\n');
  const commands = lines
    .filter((line) => line.startsWith('kubectl '))
    .map((line) => line.split(' ').slice(1));
  if (commands.length === 0) throw new Error(`docs/install.md has no command in ${heading}`);
  // Written for somebody who is in the checkout.
  return commands.map((words) => words.map((word) => (word.startsWith('deploy/') ? join(root, word) : word)));
}
