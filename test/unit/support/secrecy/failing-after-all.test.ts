import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const jest = join(import.meta.dirname, '../../../../node_modules/jest/bin/jest.js');

// The search for secrets runs where a test file tidies up: that is worth nothing if nobody hears of it.
it('a test run fails when nothing but an afterAll fails', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bindery-after-all-'));
  try {
    const passing =
      "it('passes', () => {});\nafterAll(async () => { throw new Error('a secret was told'); });\n";
    await writeFile(join(directory, 'one.test.js'), passing);
    const config = JSON.stringify({ rootDir: directory, testEnvironment: 'node' });
    const child = spawn(process.execPath, [jest, '--config', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const closed = once(child, 'close') as Promise<[number | null]>;
    const [output, [code]] = await Promise.all([text(child.stderr), closed]);
    expect(code).toBe(1);
    expect(output).toContain('a secret was told');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}, 60_000);
