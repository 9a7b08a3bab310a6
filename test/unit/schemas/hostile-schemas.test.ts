import { evaluate } from '../../../src/schemas/evaluate.ts';
import { readSchema } from '../../../src/schemas/read-schema.ts';
import { usable, verdict } from './schemas.ts';

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

function deeply(levels: number): Record<string, unknown> {
  return levels === 0 ? {} : { x: deeply(levels - 1) };
}
