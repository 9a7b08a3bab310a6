import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..', '..', '..');

/** One obligation or behaviour of docs/reference/osb.md, or one of the remarks on networks. */
interface Item {
  /** P01, H52, …; ranges are written out. */
  readonly ids: readonly string[];
  readonly name: string;
  /** The bullets below it, each on one line. */
  readonly notes: readonly string[];
}

interface Citation {
  /** Below the root of the project. */
  readonly file: string;
  readonly titles: readonly string[];
}

let items: readonly Item[];
let citations: readonly Citation[];
beforeAll(async () => {
  const page = await readFile(join(root, 'docs', 'reference', 'osb.md'), 'utf8');
  const bullets = [...page.matchAll(/^( *)- (.*(?:\n +(?![ -]).*)*)/gm)].map(
    ([, indent = '', text = '']) => ({
      isTop: indent === '',
      text: text.replaceAll(/\n +/g, ' '),
    }),
  );
  items = bullets.flatMap(({ isTop, text }, index) => {
    const [, name] = /^\*\*(.+?)\*\*/.exec(text) ?? [];
    if (!isTop || name === undefined) return [];
    const rest = bullets.slice(index + 1);
    const end = rest.findIndex((bullet) => bullet.isTop);
    const notes = (end === -1 ? rest : rest.slice(0, end)).map((note) => note.text);
    return [{ ids: idsIn(name), name, notes }];
  });
  citations = bullets.flatMap(({ text }) => citationIn(text) ?? []);
});

/** "P29, P30" and "P13–P15" at the beginning of a name. */
function idsIn(name: string): readonly string[] {
  const [head = ''] = /^(?:[PH]\d\d[–, ]*)*/.exec(name) ?? [];
  return [...head.matchAll(/([PH])(\d\d)(?:–[PH](\d\d))?/g)].flatMap(
    ([, letter = '', from = '', to = from]) => idsBetween(letter, Number(from), Number(to)),
  );
}

function idsBetween(letter: string, from: number, to: number): readonly string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => letter + String(from + index).padStart(2, '0'));
}

/** `` `unit/osb/request` › an id; the request to `` */
function citationIn(text: string): Citation | undefined {
  const [, path, titles] = /^`([^`]+)` › (.+)$/.exec(text) ?? [];
  if (path === undefined || titles === undefined) return undefined;
  return { file: `test/${path}.test.ts`, titles: titles.split('; ') };
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

describe('docs/reference/osb.md', () => {
  it('has one place for every obligation and every hostile behaviour', () => {
    const ids = items.flatMap((item) => item.ids).sort();
    expect(ids).toEqual([...idsBetween('H', 1, 52), ...idsBetween('P', 1, 71)]);
  });

  it('names tests for each of them, and nothing else but reasons why something is not built', () => {
    const isFit = (note: string): boolean => citationIn(note) !== undefined || /^not built: .{10}/.test(note);
    expect(items.filter(({ notes }) => notes.length === 0 || !notes.every(isFit))).toEqual([]);
  });

  it('says of these alone that something is not built', () => {
    const missing = items.filter(({ notes }) => notes.some((note) => note.startsWith('not built')));
    expect(missing.flatMap(({ ids }) => ids)).toEqual([
      'P22',
      'P64',
      'P65',
      'P66',
      'P67',
      'P68',
      'H44',
      'H46',
    ]);
  });

  it('names only tests that exist', async () => {
    const files = [...new Set(citations.map(({ file }) => file))];
    expect(files.length).toBeGreaterThan(50);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    const titles = await titlesOf(files);
    const unknown = citations.flatMap(({ file, titles: cited }) =>
      cited
        .filter((part) => part !== 'all' && !titles[file]?.some((title) => isPartOf(title, part)))
        .map((part) => `${file} › ${part}`),
    );
    expect(unknown).toEqual([]);
  });
});
