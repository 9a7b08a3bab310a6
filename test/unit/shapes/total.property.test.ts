import { array, assert, constantFrom, dictionary, letrec, oneof, property, string } from 'fast-check';
import { isObject, parseExact, type JsonObject } from '../../../src/base/json.ts';
import { additionsTo, textOf, type Shaping } from '../../../src/shapes/additions.ts';
import { bindingTypes } from '../../../src/shapes/binding-types.ts';
import { maxKeys, maxSizeBytes } from '../../../src/shapes/secret-key.ts';
import { parseShape } from '../../../src/shapes/shape-rule.ts';
import { bindingTypeOf, wellKnownKeys } from '../../../src/shapes/well-known-keys.ts';

const names = [
  'host',
  'hostname',
  'HOST',
  'port',
  'ports',
  'uri',
  'url',
  'jdbcUrl',
  'username',
  'password',
  'name',
  'type',
  'vhost',
  'bootstrap_servers',
  'endpoint',
  'connection',
  'cluster',
  '__proto__',
  'constructor',
];
const texts = oneof(
  string({ unit: 'binary' }),
  constantFrom('h:1', 'postgres://u:p@h/d', 'jdbc:mysql://h/d', 'amqps://h', '%', 'mongodb://%zz@,/'),
);
const keys = oneof(constantFrom(...names), string());
const { tree } = letrec<{ tree: unknown }>((tie) => ({
  tree: oneof(
    { maxDepth: 4 },
    texts,
    constantFrom(null, true, 5432, 1e21),
    array(tie('tree'), { maxLength: 4 }),
    dictionary(keys, tie('tree'), { maxKeys: 6 }),
  ),
}));
const credentials = dictionary(keys, tree, { maxKeys: 12 }).map((value) => {
  const exact = parseExact(JSON.stringify(value));
  return isObject(exact) ? exact : {};
});
const service = { label: 'l', plan: 'p', tags: [], bindingName: 'b', instanceName: 'i' };

function ownOf(object: JsonObject): Map<string, string> {
  return new Map(Object.entries(object).map(([key, value]) => [key, textOf(value)]));
}

function shapingOf(
  object: JsonObject,
  shape: string,
  type = bindingTypeOf(object, { externalName: 'mysql', tags: [] }),
): Shaping {
  const parsed = parseShape(shape);
  if (parsed.kind === 'illegal') throw new Error(parsed.message);
  return { type, rule: parsed.rule, service, removed: new Set() };
}

describe('credentials of any broker', () => {
  it('are read for every type without an error, and the same way each time', () => {
    assert(
      property(credentials, constantFrom(...bindingTypes), (object, type) => {
        const found = [...wellKnownKeys(object, type)];
        expect([...wellKnownKeys(object, type)]).toEqual(found);
        expect(found.filter(([key]) => Object.hasOwn(object, key))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('keep every entry of their own, and all fits into a Secret', () => {
    assert(
      property(credentials, (object) => {
        const own = ownOf(object);
        const { entries } = additionsTo(
          object,
          own,
          shapingOf(object, 'flatten,json=a.json,vcap,prefix=P_,x=host'),
        );
        expect([...entries.keys()].filter((key) => own.has(key))).toEqual([]);
        expect(own.size + entries.size).toBeLessThanOrEqual(maxKeys);
      }),
      { numRuns: 500 },
    );
  });

  it('are the same values again in the JSON document, with exact numbers', () => {
    const text = '{"a":12345678901234567890,"b":{"c":1.0,"d":[1e400]},"e":"1"}';
    const object = parseExact(text) as JsonObject;
    expect(additionsTo(object, ownOf(object), shapingOf(object, 'json=all')).entries.get('all')).toBe(text);
  });

  it('leave the shape out where it would not fit, and say so by names only', () => {
    const object = { secret: 'top-secret'.repeat(60_000) };
    const { entries, notes } = additionsTo(object, ownOf(object), shapingOf(object, 'json=all'));
    expect(entries.size).toBe(0);
    expect(notes.join()).toMatch(/left out/);
    expect(notes.join()).not.toContain('top-secret');
    expect(maxSizeBytes).toBeLessThan(2 * 600_000);
  });
});

describe('a shape', () => {
  it.each([
    ['', {}],
    ['flatten', { a_b: '1', a_c_d: 'x' }],
    ['json=all.json', { 'all.json': '{"a":{"b":1,"c":{"d":"x"}},"h":"v","l":[1]}' }],
    ['host=h, again=host', { host: 'v', again: 'v' }],
    ['prefix=DB_', { DB_a: '{"b":1,"c":{"d":"x"}}', DB_h: 'v', DB_l: '[1]' }],
    ['flatten,deep=a_c_d', { a_b: '1', a_c_d: 'x', deep: 'x' }],
    ['h=l', {}],
  ])('%j adds %j', (shape, added) => {
    const object = { a: { b: 1, c: { d: 'x' } }, h: 'v', l: [1] };
    expect(Object.fromEntries(additionsTo(object, ownOf(object), shapingOf(object, shape)).entries)).toEqual(
      added,
    );
  });

  it('leaves out what is nested below a long name, in a time that does not depend on its length', () => {
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`k${at}`, 1]));
    const object = { a: { ['x'.repeat(400_000)]: many } };
    const startedMs = performance.now();
    const { entries, notes } = additionsTo(object, ownOf(object), shapingOf(object, 'flatten'));
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    expect(entries.size).toBe(0);
    expect(notes.join()).toMatch(/left out 50000 nested values/);
  });

  it('gives what readers of VCAP_SERVICES look for', () => {
    const object = { uri: 'x' };
    const { entries } = additionsTo(object, ownOf(object), shapingOf(object, 'vcap'));
    expect(JSON.parse(entries.get('VCAP_SERVICES') ?? '')).toEqual({
      l: [
        expect.objectContaining({
          label: 'l',
          name: 'b',
          instance_name: 'i',
          plan: 'p',
          credentials: { uri: 'x' },
        }),
      ],
    });
  });

  it.each([
    'flaten',
    'json',
    'json=a/b',
    'a=b,a=c',
    'flatten=_',
    'type=x',
    'vcap=type',
    'a b=c',
    'x='.repeat(3000),
  ])('%j is not understood', (shape) => {
    expect(parseShape(shape).kind).toBe('illegal');
  });
});
