import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

/**
 * Prints the titles of the tests in the given files as JSON: `{ file: ["describe › it", …] }`, those of `it.each`
 * with their values. The files are loaded and their tests not run, so it needs a process of its own:
 * `node test/support/print-test-titles.ts FILE…`
 */
type Body = () => void;
type Define = (title: string, body: Body) => void;

const path: string[] = [];
let titles: string[] = [];

const describe: Define = (title, body) => {
  path.push(title);
  body();
  path.pop();
};
const it: Define = (title) => titles.push([...path, title].join(' › '));

const each =
  (define: Define) =>
  (rows: readonly unknown[]) =>
  (title: string, body: (...row: readonly unknown[]) => void): void => {
    for (const row of rows) {
      const values: readonly unknown[] = Array.isArray(row) ? row : [row];
      define(filled(title, values), () => body(...values));
    }
  };

/** `%s` and its like take the values of a row in order, `$name` those of a row that is an object. */
function filled(title: string, values: readonly unknown[]): string {
  const rest = values.values();
  const [first] = values;
  return title
    .replace(/%[sdifjoO]/g, (mark) => format(mark, rest.next().value))
    .replace(/\$(\w+)/g, (written, name: string) => {
      const isNamed = typeof first === 'object' && first !== null && name in first;
      return isNamed ? format('%s', Reflect.get(first, name)) : written;
    });
}

/** For what a file does with `expect` while it is loaded, such as `expect.anything()` in a table. */
const anything: unknown = new Proxy(() => anything, {
  get: (_target, key) => (key === Symbol.toPrimitive ? () => '' : anything),
});
const nothing = (): void => undefined;
registerHooks({
  resolve: (name, context, next) =>
    name === '@jest/globals'
      ? { url: 'data:text/javascript,export const { jest, expect } = globalThis', shortCircuit: true }
      : next(name, context),
});
Object.assign(globalThis, {
  describe: Object.assign(describe, { each: each(describe) }),
  it: Object.assign(it, { each: each(it) }),
  expect: anything,
  jest: anything,
  beforeAll: nothing,
  beforeEach: nothing,
  afterEach: nothing,
  afterAll: nothing,
});

const found: Record<string, readonly string[]> = {};
for (const file of process.argv.slice(2)) {
  titles = [];
  await import(pathToFileURL(resolve(file)).href);
  found[file] = titles;
}
process.stdout.write(JSON.stringify(found), () => process.exit());
