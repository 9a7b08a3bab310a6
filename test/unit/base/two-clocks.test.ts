import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const sources = join(import.meta.dirname, '../../../src');

/** Of what is told to people or compared with a certificate: the wall clock is right there. */
const tellsTheTime = ['base/clock.ts', 'observability/process-metrics.ts'];

it('reads the wall clock in one place, so that everything that waits can be seen not to use it', async () => {
  const files = (await readdir(sources, { recursive: true })).filter((file) => file.endsWith('.ts'));
  const readers: string[] = [];
  for (const file of files) {
    const source = await readFile(join(sources, file), 'utf8');
    if (/Date\.now\(\)|new Date\(\)/.test(source)) readers.push(file);
  }
  expect(files.length).toBeGreaterThan(200);
  expect(readers.sort()).toEqual(tellsTheTime);
});
