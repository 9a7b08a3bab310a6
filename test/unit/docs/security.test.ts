import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bulletsOf, citationIn, missingTests, root, type Bullet } from './cited-tests.ts';

let bullets: readonly Bullet[];
beforeAll(async () => {
  const page = await readFile(join(root, 'docs', 'security.md'), 'utf8');
  const [, tried = ''] =
    /\n## What is tried, and what holds\n([^]*?)\n### What does not hold\n/.exec(page) ?? [];
  bullets = bulletsOf(tried);
});

describe('docs/security.md', () => {
  it('names a test for everything that is tried', () => {
    const unheld = bullets.filter(({ isTop }, index) => isTop && bullets[index + 1]?.isTop !== false);
    expect(bullets.filter(({ isTop }) => isTop).length).toBeGreaterThan(10);
    expect(unheld).toEqual([]);
    expect(bullets.filter(({ isTop, text }) => !isTop && citationIn(text) === undefined)).toEqual([]);
  });

  it('names only tests that exist', async () => {
    expect(await missingTests(bullets.flatMap(({ text }) => citationIn(text) ?? []))).toEqual([]);
  });
});
