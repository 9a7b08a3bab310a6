import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const root = join(import.meta.dirname, '..', '..', '..');

export interface Bullet {
  readonly isTop: boolean;
  /** On one line. */
  readonly text: string;
}

/** Tests that a page names. */
export interface Citation {
  /** Below the root of the project. */
  readonly file: string;
  readonly titles: readonly string[];
}

/** The bullets of a page, with the lines that belong to them. */
export function bulletsOf(page: string): readonly Bullet[] {
  return [...page.matchAll(/^( *)- (.*(?:\n +(?![ -]).*)*)/gm)].map(([, indent = '', text = '']) => ({
    isTop: indent === '',
    text: text.replaceAll(/\n +/g, ' '),
  }));
}

/** `` `unit/osb/request` › an id; the request to `` */
export function citationIn(text: string): Citation | undefined {
  const [, path, titles] = /^`([^`]+)` › (.+)$/.exec(text) ?? [];
  if (path === undefined || titles === undefined) return undefined;
  return { file: `test/${path}.test.ts`, titles: titles.split('; ') };
}

/** What is cited and does not exist, as `file › title`. */
export async function missingTests(citations: readonly Citation[]): Promise<readonly string[]> {
  const files = [...new Set(citations.map(({ file }) => file))];
  const absent = files.filter((file) => !existsSync(join(root, file)));
  const titles = await titlesOf(files.filter((file) => !absent.includes(file)));
  const unknown = citations.flatMap(({ file, titles: cited }) =>
    cited
      .filter((part) => part !== 'all' && !titles[file]?.some((title) => isPartOf(title, part)))
      .map((part) => `${file} › ${part}`),
  );
  return [...absent, ...unknown];
}

/** Titles of the tests in these files, as `group › test`. */
async function titlesOf(files: readonly string[]): Promise<Readonly<Record<string, readonly string[]>>> {
  const script = join(root, 'test', 'support', 'print-test-titles.ts');
  const options = { cwd: root, maxBuffer: 64 * 1024 * 1024 };
  const args = ['--disable-warning=ExperimentalWarning', script, ...files];
  const { stdout } = await promisify(execFile)(process.execPath, args, options);
  return JSON.parse(stdout) as Record<string, readonly string[]>;
}

/** Whether its parts, between the marks of omission, stand in the title in this order. */
function isPartOf(title: string, cited: string): boolean {
  let position = 0;
  return cited.split('…').every((part) => {
    const found = title.indexOf(part.trim(), position);
    position = found + part.trim().length;
    return found !== -1;
  });
}
