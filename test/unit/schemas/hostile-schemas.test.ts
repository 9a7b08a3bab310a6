import { parseExact, type JsonObject } from '../../../src/base/json.ts';
import { arrayRules } from '../../../src/schemas/array-rules.ts';
import { combiningRules } from '../../../src/schemas/combining-rules.ts';
import { evaluate } from '../../../src/schemas/evaluate.ts';
import { objectRules } from '../../../src/schemas/object-rules.ts';
import { readSchema, type Schema } from '../../../src/schemas/read-schema.ts';
import { scalarRules } from '../../../src/schemas/scalar-rules.ts';
import { Reads } from './reads.ts';
import { $schemas, usable, verdict } from './schemas.ts';

describe('a schema that can not be used', () => {
  const deep = `${'{"not":'.repeat(200)}{}${'}'.repeat(200)}`;
  it.each<[string, unknown, RegExp]>([
    ['is too large', { description: 'x'.repeat(64 * 1024) }, /^it has more than 65536 bytes$/],
    ['is no JSON', '{', /^it is not JSON/],
    ['nests too deep', deep, /nests too deep$/],
    ['is a list', [], /^it is not valid: "#" is no schema$/],
    ['has a type that there is not', { type: 'text' }, /"#\/type" must be a type or a list of types/],
    [
      'requires more than names',
      { properties: { x: { required: [1] } } },
      /"#\/properties\/x\/required" must be a list of texts/,
    ],
    ['requires as draft 03 did', { properties: { x: { required: true } } }, /must be a list of texts/],
    ['has a property that is no schema', { properties: { x: 1 } }, /"#\/properties\/x" is no schema/],
    [
      'is of another draft',
      { $schema: 'http://json-schema.org/draft-03/schema#' },
      /^its \$schema is no draft/,
    ],
    [
      'refers to the net',
      { $ref: 'http://169.254.169.254/x' },
      /^its \$ref "http:\/\/169\.254\.169\.254\/x" leads to another document$/,
    ],
    ['refers to a file', { $ref: 'file:///etc/passwd' }, /leads to another document$/],
    ['refers to a neighbour', { $ref: 'other.json#/a' }, /leads to another document$/],
    ['refers to nothing', { $ref: '#/definitions/x' }, /leads nowhere$/],
    ['refers to what every object has', { $ref: '#/constructor' }, /leads nowhere$/],
    ['refers to what is no schema', { $ref: '#/x', x: 1 }, /"#\/x" is no schema$/],
    [
      'has parts with ids',
      { $ref: '#/definitions/x', definitions: { x: { $id: 'http://a.example/x' } } },
      /ids of their own$/,
    ],
  ])('%s', (_name, schema, expected) => {
    const read = readSchema(typeof schema === 'string' ? schema : JSON.stringify(schema));
    expect(read).toEqual({ kind: 'unusable', problem: expect.stringMatching(expected) as string });
  });

  it('shows nothing of a broker that does something in a terminal', () => {
    const read = readSchema(JSON.stringify({ $ref: `http://\u001b[31mx\u202e${'y'.repeat(1000)}` }));
    expect(read.kind === 'unusable' && read.problem.length).toBeLessThan(200);
    expect(JSON.stringify(read)).not.toMatch(/u001b|\u202e/);
  });

  it('is told apart from one that names itself', () => {
    const schema = {
      $id: 'http://a.example/s',
      $ref: 'http://a.example/s#/definitions/x',
      definitions: { x: { required: ['a'] } },
    };
    expect(verdict(schema, {})).toEqual(['p.a is required']);
  });
});

describe('work that a schema makes', () => {
  const twice = (name: string): object => ({
    allOf: [{ $ref: `#/definitions/${name}` }, { $ref: `#/definitions/${name}` }],
  });
  const bomb = Object.fromEntries(
    Array.from({ length: 60 }, (_, i) => [`d${i}`, i === 59 ? {} : twice(`d${i + 1}`)]),
  );
  const many = Array.from({ length: 20_000 }, (_, i) => i);
  const wide = Object.fromEntries(many.map((i) => [`key${i}`, i]));
  const large = { list: Array.from({ length: 5000 }, (_, i) => ({ i })) };
  it.each<[string, object, Record<string, unknown>]>([
    ['refers to itself', { $ref: '#' }, {}],
    [
      'refers to itself in a circle',
      { allOf: [{ $ref: '#/definitions/a' }], definitions: { a: { anyOf: [{ $ref: '#' }, false] } } },
      {},
    ],
    ['doubles sixty times', { definitions: bomb, $ref: '#/definitions/d0' }, {}],
    [
      'doubles at each level of a value',
      { properties: { x: { allOf: [{ $ref: '#' }, { $ref: '#' }] } } },
      deeply(60),
    ],
    [
      'has a pattern for each of many names',
      { patternProperties: Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`^x${i}(a+)+$`, {}])) },
      wide,
    ],
    [
      'compares each item with many values',
      { properties: { list: { items: { enum: Array.from({ length: 5000 }, (_, i) => ({ i: -i })) } } } },
      large,
    ],
    [
      'asks many times for unique items',
      { properties: { list: { allOf: Array.from({ length: 500 }, () => ({ uniqueItems: true })) } } },
      { list: many },
    ],
    [
      'has a large pattern for many texts',
      { properties: { list: { items: { pattern: '([ab]*a[ab]{400}|x){8}$' } } } },
      { list: many.map(() => 'ab'.repeat(1000)) },
    ],
    [
      'names a large value for each item',
      { properties: { list: { items: { const: 'x'.repeat(60_000) } } } },
      { list: many },
    ],
  ])('%s: it is given up or done in bounded time', (_name, schema, value) => {
    const started = performance.now();
    const result = evaluate(usable(schema), value);
    // A hundred times what it takes; without bounds it would be hours.
    expect(performance.now() - started).toBeLessThan(5000);
    expect(result.kind).not.toBe('passed');
  });

  it.each(['^(a+)+$', '^(a|a)*$', '^(a|aa)+$', '(.*a){20}', '^([a-zA-Z]+)*$', '^(\\w+\\s?)*$'])(
    'a pattern that takes JavaScript for ever: %s',
    (pattern) => {
      const started = performance.now();
      verdict({ properties: { x: { pattern } } }, { x: `${'a'.repeat(4000)}!` });
      expect(performance.now() - started).toBeLessThan(5000);
    },
  );

  it('an ordinary one of two hundred parameters passes with a tenth of the steps', () => {
    const names = Array.from({ length: 200 }, (_, i) => `parameter${i}`);
    const property = {
      type: 'string',
      description: 'one',
      pattern: '^[a-z0-9-]+$',
      maxLength: 63,
      default: 'x',
    };
    const schema = {
      type: 'object',
      required: names,
      additionalProperties: false,
      properties: Object.fromEntries(
        names.map((name, i) => [name, i % 10 === 0 ? property : { type: 'integer', minimum: 0 }]),
      ),
    };
    const value = Object.fromEntries(names.map((name, i) => [name, i % 10 === 0 ? 'some-name' : i]));
    expect(verdict(schema, value, { steps: 10_000 })).toBe('passed');
  });
});

describe('what is looked at is paid for', () => {
  const wide = (inner: unknown): object =>
    Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`^k${i}`, inner]));
  const many = (item: unknown): unknown[] => Array.from({ length: 20_000 }, () => item);
  const booleans = [...many(false), ...many(true)];
  const names = Object.keys(wide(0));
  /** What each keyword holds, as much of it as goes into a schema, or as little as asks for everything of a value. */
  const held: Readonly<Record<string, readonly unknown[]>> = {
    type: [many('null'), 'integer'],
    enum: [many({}), many([]), [Object.fromEntries(names.map((name) => [name, 0]))]],
    const: [many(0), Object.fromEntries(names.map((name) => [name, 1]))],
    minimum: [0],
    maximum: [0],
    exclusiveMinimum: [0],
    exclusiveMaximum: [0],
    multipleOf: [0.5],
    minLength: [1],
    maxLength: [1],
    pattern: ['a'],
    minItems: [1],
    maxItems: [1],
    uniqueItems: [true],
    items: [true, false, {}],
    prefixItems: [booleans],
    additionalItems: [true],
    contains: [true, false, {}],
    unevaluatedItems: [false],
    required: [names],
    properties: [wide(true)],
    patternProperties: [{ '^k': true }, wide(true)],
    additionalProperties: [true, false, {}],
    propertyNames: [true, false, {}],
    minProperties: [1, 30_000],
    maxProperties: [1, 30_000],
    dependencies: [wide(true), { k1: names }],
    dependentRequired: [wide(names.slice(0, 2)), { k1: names }],
    dependentSchemas: [wide(true), wide(false)],
    unevaluatedProperties: [false],
    allOf: [many(true), booleans],
    anyOf: [many(false), booleans],
    oneOf: [many(false), booleans],
    not: [true, { not: true }],
    if: [true, false],
    $dynamicRef: ['#'],
    $recursiveRef: ['#'],
  };
  const steps = 5000;
  /** Reads in one step: a key that is listed, asked for, and read, twice. */
  const readsPerStep = 5;
  const entries = 12_000;
  const object = Object.fromEntries(Array.from({ length: entries }, (_, i) => [`k${i}`, 0]));
  const values: Readonly<Record<string, unknown>> = {
    'a long list': many(0),
    'a list of objects': many({}),
    'a list of lists': many([]),
    'a list of wide objects': Array.from({ length: 100 }, () => object),
    'a wide object': object,
  };
  const keywords = [...scalarRules, ...arrayRules, ...objectRules, ...combiningRules].map(([name]) => name);

  describe.each(keywords)('%s', (keyword) => {
    it.each(Object.keys(values))('%s takes no more reads than steps allow', (name) => {
      for (const argument of held[keyword] ?? []) {
        for (const $schema of [$schemas[7], $schemas[2020]]) {
          const once = { [keyword]: argument };
          const again = Array.from({ length: 500 }, () => once);
          for (const x of [
            { allOf: again },
            { oneOf: again },
            { items: { allOf: again }, additionalProperties: { allOf: again } },
          ]) {
            const reads = new Reads();
            const { draft, root, targets } = unread({ $schema, properties: { x } });
            evaluate({ draft, root: reads.of(root), targets }, reads.of({ x: values[name] }) as JsonObject, {
              steps,
            });
            // Objects do not tell how many keys they have: one is listed before that is known, and nothing follows.
            expect(reads.count).toBeLessThan(readsPerStep * steps + 2 * entries);
          }
        }
      }
    });
    it('is in the table', () => expect(held[keyword]).toBeDefined());
  });

  it.each<[string, object, string]>([
    ['a limit', { minimum: 0 }, `0.${'1'.repeat(120_000)}`],
    ['a type', { type: 'integer' }, '1'.repeat(120_000)],
    ['a factor', { multipleOf: 1 }, `0.${'1'.repeat(120_000)}`],
    ['values', { enum: [1, 2] }, `0.${'1'.repeat(120_000)}`],
    ['a length', { minLength: 1 }, `"${'a'.repeat(120_000)}"`],
    ['a pattern', { pattern: 'b' }, `"${'a'.repeat(4000)}"`],
    ['a large pattern', { pattern: 'a'.repeat(500) }, '"a"'],
    ['unique items', { uniqueItems: true }, `["${'a'.repeat(120_000)}"]`],
  ])('%s of what is long, asked for again and again, is given up', (_name, once, text) => {
    const schema = usable({
      properties: {
        x: {
          allOf: Array.from({ length: Math.floor(60_000 / JSON.stringify(once).length - 1) }, () => once),
        },
      },
    });
    const value = parseExact(`{"x":${text}}`) as JsonObject;
    expect(evaluate(schema, value)).toEqual({ kind: 'given-up' });
  });

  it('a reference to itself among many keywords pays for them each time', () => {
    const annotations = Object.fromEntries(Array.from({ length: 6000 }, (_, i) => [`x-${i}`, 0]));
    const reads = new Reads();
    const { draft, root } = usable({ allOf: [{ $ref: '#' }], ...annotations });
    const observed = reads.of(root);
    const targets = new Map([['#', observed]]);
    expect(evaluate({ draft, root: observed, targets }, {})).toEqual({ kind: 'given-up' });
    expect(reads.count).toBeLessThan(readsPerStep * 50_000);
  });

  it('an ordinary schema is far from the bounds with a list of a thousand users', () => {
    const user = {
      type: 'object',
      required: ['name'],
      properties: { name: { type: 'string', minLength: 1 } },
    };
    const users = Array.from({ length: 1000 }, (_, i) => ({ name: `user${i}` }));
    const schema = { properties: { users: { type: 'array', items: user } } };
    expect(verdict(schema, { users }, { steps: 25_000 })).toBe('passed');
  });
});

/** Without what it takes to read it, which has a bound of its own. */
function unread(schema: JsonObject): Schema {
  const draft = schema['$schema'] === $schemas[7] ? 7 : 2020;
  return { draft, root: schema, targets: new Map() };
}

function deeply(levels: number): Record<string, unknown> {
  return levels === 0 ? {} : { x: deeply(levels - 1) };
}
