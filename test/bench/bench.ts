/**
 * `npm run bench -- <name> [--json] [--seconds N]`. Each file `<name>.bench.ts` beside this one is a bench.
 * Progress goes to standard error; standard output is the table or, with --json, one line.
 */
import { readdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { errorMessage } from '../../src/base/logger.ts';
import type { Bench } from './measure.ts';
import { table } from './table.ts';

const suffix = '.bench.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, seconds: { type: 'string' } },
});

const files = await readdir(import.meta.dirname);
const names = files
  .filter((file) => file.endsWith(suffix))
  .map((file) => file.slice(0, -suffix.length))
  .toSorted();

const [name] = positionals;
if (name === undefined || !names.includes(name) || positionals.length !== 1) {
  await explain();
  process.exitCode = 2;
} else {
  await run(name).catch((error: unknown) => {
    process.stderr.write(`${name}: ${errorMessage(error)}\n`);
    process.exitCode = 1;
  });
}

async function run(bench: string): Promise<void> {
  const stop = new AbortController();
  for (const event of ['SIGINT', 'SIGTERM'] as const) process.once(event, () => stop.abort());
  const startedAt = Date.now();
  const progress = (message: string): void => {
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1).padStart(6);
    process.stderr.write(`${seconds} s  ${message}\n`);
  };
  const found = await load(bench);
  const measures = await found.run({ seconds: seconds(), progress, signal: stop.signal });
  process.stdout.write(`${values.json ? JSON.stringify(measures) : table(measures)}\n`);
}

async function explain(): Promise<void> {
  process.stderr.write('usage: npm run bench -- <name> [--json] [--seconds N]\n\n');
  for (const bench of names) process.stderr.write(`  ${bench.padEnd(12)}${(await load(bench)).summary}\n`);
}

async function load(bench: string): Promise<Bench> {
  return (await import(`./${bench}${suffix}`)) as Bench;
}

function seconds(): number | undefined {
  if (values.seconds === undefined) return undefined;
  const number = Number(values.seconds);
  if (!(number > 0 && number <= 600)) throw new RangeError('--seconds takes a number between 0 and 600');
  return number;
}
