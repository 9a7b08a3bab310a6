import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bulletsOf, citationIn, missingTests, root, type Citation } from './cited-tests.ts';

/** One obligation or behaviour of docs/reference/osb.md, or one of the remarks on networks. */
interface Item {
  /** P01, H52, …; ranges are written out. */
  readonly ids: readonly string[];
  readonly name: string;
  /** The bullets below it, each on one line. */
  readonly notes: readonly string[];
}

let items: readonly Item[];
let citations: readonly Citation[];
beforeAll(async () => {
  const page = await readFile(join(root, 'docs', 'reference', 'osb.md'), 'utf8');
  const bullets = bulletsOf(page);
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
    expect(missing.flatMap(({ ids }) => ids)).toEqual(['P64', 'P65', 'P66', 'P67', 'P68', 'H46']);
  });

  it('names only tests that exist', async () => {
    expect(new Set(citations.map(({ file }) => file)).size).toBeGreaterThan(50);
    expect(await missingTests(citations)).toEqual([]);
  });
});
