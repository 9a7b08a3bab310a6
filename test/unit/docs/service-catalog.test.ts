import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bulletsOf, citationIn, missingTests, root, type Citation } from './cited-tests.ts';

/** A row of what Service Catalog 0.3 did, or a behaviour of its successor. */
interface Row {
  readonly id: string;
  /** The bullets below it, each on one line. */
  readonly notes: readonly string[];
}

const numbers = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_none, index) => String(from + index));

let rows: readonly Row[];
let citations: readonly Citation[];
beforeAll(async () => {
  const bullets = bulletsOf(await readFile(join(root, 'docs', 'reference', 'service-catalog.md'), 'utf8'));
  rows = bullets.flatMap(({ isTop, text }, index) => {
    const [, id] = /^\*\*(B?\d+) .+\.\*\*/.exec(text) ?? [];
    if (!isTop || id === undefined) return [];
    const rest = bullets.slice(index + 1);
    const end = rest.findIndex((bullet) => bullet.isTop);
    return [{ id, notes: (end === -1 ? rest : rest.slice(0, end)).map((note) => note.text) }];
  });
  citations = bullets.flatMap(({ text }) => citationIn(text) ?? []);
});

describe('docs/reference/service-catalog.md', () => {
  it('has every row of admission, of instances and of what 0.3 left, and every behaviour of its successor', () => {
    const listed = [...numbers(1, 19), ...numbers(32, 69), '86', '87', '102'];
    expect(rows.map(({ id }) => id)).toEqual([...listed, ...numbers(1, 22).map((number) => `B${number}`)]);
  });

  it('names tests for each of them, and nothing else but reasons why something is not built', () => {
    const isFit = (note: string): boolean => citationIn(note) !== undefined || /^not built: .{10}/.test(note);
    expect(rows.filter(({ notes }) => notes.length === 0 || !notes.every(isFit))).toEqual([]);
  });

  it('says of these alone that something is not built', () => {
    const missing = rows.filter(({ notes }) => notes.some((note) => note.startsWith('not built')));
    expect(missing.map(({ id }) => id)).toEqual(['B17', 'B22']);
  });

  it('names only tests that exist', async () => {
    expect(new Set(citations.map(({ file }) => file)).size).toBeGreaterThan(40);
    expect(await missingTests(citations)).toEqual([]);
  });
});
