import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const page = join(import.meta.dirname, '..', '..', '..', 'docs', 'install.md');

/** The commands of a section of docs/install.md, one line each, in their order. */
export async function documentedCommands(heading: string): Promise<readonly string[]> {
  const commands = (await blocks(heading, 'sh')).flatMap((block) => block.trimEnd().split('\n'));
  if (commands.length === 0) throw new Error(`docs/install.md has no command in ${heading}`);
  return commands;
}

/** The only file in YAML of a section of docs/install.md. */
export async function documentedFile(heading: string): Promise<string> {
  const [file, ...more] = await blocks(heading, 'yaml');
  if (file === undefined || more.length > 0) throw new Error(`docs/install.md: one file, in ${heading}`);
  return file;
}

/** Of a section or a part of one; parts of a section do not belong to it. */
async function blocks(heading: string, language: string): Promise<readonly string[]> {
  const sections = (await readFile(page, 'utf8')).split(/^##+ /m);
  const section = sections.find((part) => part.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`docs/install.md has no section ${heading}`);
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...section.matchAll(fence)].map(([, block = '']) => block);
}
