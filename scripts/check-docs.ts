/**
 * Says what people could meet and not find in the documentation, and which links lead nowhere; exits 1 if there is anything.
 *
 *   node scripts/check-docs.ts
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { labelPrefix } from '../src/api/group.ts';
import { brokenLinks, type Page } from './docs/broken-links.ts';
import { namesInCode, type Source } from './docs/names-in-code.ts';

const root = join(import.meta.dirname, '..');

/** Where each sort of name has to stand. A word in a decision tells nobody how to use it. */
const places = {
  flag: /^docs\/(?!decisions\/)/,
  annotation: /^docs\/(?!decisions\/)/,
  metric: /^docs\/reference\/metrics\.md$/,
  condition: /^docs\/reference\/conditions\.md$/,
  reason: /^docs\/(?!decisions\/)/,
} as const;

const pages = await texts((path) => path.endsWith('.md'));
const sources = await texts((path) => /^src\/(?!api\/generated\/).*\.ts$/.test(path));
const messages = [...brokenLinks(pages, new Set(await paths())), ...undocumented(pages, sources)];
for (const message of messages) console.error(message);
if (messages.length > 0) process.exitCode = 1;

function undocumented(all: readonly Page[], code: readonly Source[]): readonly string[] {
  return namesInCode(code).flatMap(({ sort, name, path }) => {
    const text = all.filter((page) => places[sort].test(page.path)).map((page) => page.text);
    return text.some((page) => isNamed(page, name))
      ? []
      : [`${path}: the ${sort} ${name} stands nowhere in the documentation (${places[sort].source})`];
  });
}

/** Whether a page has this very name, and not only a longer one. Tables of annotations leave out the prefix that all have. */
function isNamed(text: string, name: string): boolean {
  if (name.startsWith(labelPrefix) && text.includes(`\`${name.slice(labelPrefix.length)}\``)) return true;
  const escaped = name.replaceAll('.', String.raw`\.`);
  return (
    new RegExp(String.raw`(?<![\w-])${escaped}(?![\w-]*\w)`).test(text) ||
    (name.endsWith('/') && text.includes(name))
  );
}

async function texts(isWanted: (path: string) => boolean): Promise<readonly Page[]> {
  const wanted = (await paths()).filter(isWanted);
  return Promise.all(wanted.map(async (path) => ({ path, text: await readFile(join(root, path), 'utf8') })));
}

/** Every file and folder of the project, relative to its root. */
async function paths(): Promise<readonly string[]> {
  const top = (await readdir(root)).filter((name) => !/^(?:node_modules|dist|\.git)$/.test(name));
  const below = top.map(async (name) => {
    const entries = await readdir(join(root, name), { recursive: true }).catch(() => []);
    return [name, ...entries.map((entry) => join(name, entry))];
  });
  return (await Promise.all(below)).flat();
}
