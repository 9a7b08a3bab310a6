import { $schemas, verdict } from './schemas.ts';

const of = (x: object | boolean): object => ({ properties: { x } });

describe('parameters that a schema lets through, and that it does not', () => {
  it.each<[string, object, string, string | readonly string[]]>([
    ['a type', of({ type: 'string' }), '{"x":1}', ['p.x must be a text']],
    ['one of two types', of({ type: ['string', 'null'] }), '{"x":1}', ['p.x must be a text or null']],
    ['a whole number', of({ type: 'integer' }), '{"x":1.5}', ['p.x must be a whole number']],
    ['a whole number with a point', of({ type: 'integer' }), '{"x":1.0}', 'passed'],
    [
      'a number that JavaScript can not hold',
      of({ type: 'integer' }),
      '{"x":12345678901234567890}',
      'passed',
    ],
    ['what is required', { required: ['x', 'y'] }, '{"x":1}', ['p.y is required']],
    ['what is required further inside', of({ required: ['a b'] }), '{"x":{}}', ['p.x["a b"] is required']],
    [
      'no others',
      { properties: { x: {} }, additionalProperties: false },
      '{"x":1,"z":1}',
      ['p.z is not allowed'],
    ],
    ['values', of({ enum: ['a', 1, null] }), '{"x":"b"}', ['p.x must be "a", 1 or null']],
    ['a value in other words', of({ enum: [1] }), '{"x":1.0}', 'passed'],
    ['an object as a value', of({ const: { a: [1] } }), '{"x":{"a":[1]}}', 'passed'],
    ['a minimum', of({ minimum: 3 }), '{"x":2}', ['p.x must be at least 3']],
    ['a limit', of({ exclusiveMaximum: 3 }), '{"x":3}', ['p.x must be less than 3']],
    ['a multiple', of({ multipleOf: 0.1 }), '{"x":0.3}', 'passed'],
    ['no multiple', of({ multipleOf: 5 }), '{"x":7}', ['p.x must be a multiple of 5']],
    ['a length, in characters', of({ maxLength: 1 }), '{"x":"😀"}', 'passed'],
    ['too short', of({ minLength: 2 }), '{"x":"a"}', ['p.x must have at least 2 characters']],
    [
      'a pattern',
      of({ pattern: '^[a-z]{1,3}$' }),
      '{"x":"abcd"}',
      ['p.x must match the pattern "^[a-z]{1,3}$"'],
    ],
    ['a pattern somewhere', of({ pattern: 'b' }), '{"x":"abc"}', 'passed'],
    ['items', of({ items: { type: 'string' } }), '{"x":["a",2]}', ['p.x[1] must be a text']],
    [
      'a number of items',
      of({ minItems: 1, maxItems: 2 }),
      '{"x":[1,2,3]}',
      ['p.x must have at most 2 of them'],
    ],
    [
      'no item twice',
      of({ uniqueItems: true }),
      '{"x":[{"a":1},{"a":1}]}',
      ['p.x must have no two that are the same'],
    ],
    [
      'one of a kind',
      of({ contains: { const: 1 } }),
      '{"x":[2]}',
      ['p.x must have another number of those that are asked for'],
    ],
    ['names', { propertyNames: { maxLength: 2 } }, '{"abc":1}', ['p.abc has a name that is not allowed']],
    [
      'names by a pattern',
      { patternProperties: { '^n_': { type: 'number' } }, additionalProperties: false },
      '{"n_a":"x"}',
      ['p.n_a must be a number'],
    ],
    ['what needs something else', { dependencies: { x: ['y'] } }, '{"x":1}', ['p.y is required']],
    [
      'any of two forms',
      of({ anyOf: [{ type: 'string' }, { minimum: 5 }] }),
      '{"x":1}',
      ['p.x fits none of the 2 forms that are allowed'],
    ],
    [
      'exactly one form',
      of({ oneOf: [{ minimum: 1 }, { minimum: 2 }] }),
      '{"x":3}',
      ['p.x fits more than one of the forms of which exactly one is allowed'],
    ],
    ['not a form', of({ not: { type: 'string' } }), '{"x":"a"}', ['p.x has a form that is not allowed']],
    ['a condition', { if: { required: ['x'] }, then: { required: ['y'] } }, '{"x":1}', ['p.y is required']],
    ['a condition that does not hold', { if: { required: ['x'] }, then: false }, '{}', 'passed'],
    [
      'a reference',
      { definitions: { t: { type: 'string' } }, properties: { x: { $ref: '#/definitions/t' } } },
      '{"x":1}',
      ['p.x must be a text'],
    ],
    [
      'a tree',
      { properties: { v: { type: 'number' }, next: { $ref: '#' } } },
      '{"next":{"next":{"v":"1"}}}',
      ['p.next.next.v must be a number'],
    ],
    [
      'several at once',
      { required: ['y'], ...of({ type: 'string' }) },
      '{"x":1}',
      ['p.y is required', 'p.x must be a text'],
    ],
    ['formats say nothing', of({ format: 'email' }), '{"x":"no"}', 'passed'],
  ])('%s', (_name, schema, value, expected) => {
    expect(verdict({ $schema: $schemas[7], ...schema }, value)).toEqual(expected);
  });

  it.each<[string, keyof typeof $schemas, object, string, string | readonly string[]]>([
    [
      '04: exclusive limits are flags',
      4,
      of({ minimum: 0, exclusiveMinimum: true }),
      '{"x":0}',
      ['p.x must be more than 0'],
    ],
    ['04: const is unknown', 4, of({ const: 1 }), '{"x":2}', 'passed'],
    ['06: const', 6, of({ const: 1 }), '{"x":2}', ['p.x must be 1']],
    ['06: schemas that are true or false', 6, of(false), '{"x":2}', ['p.x is not allowed']],
    ['06: if is unknown', 6, { if: true, then: false }, '{}', 'passed'],
    [
      '07: a reference stands alone',
      7,
      { definitions: { any: {} }, properties: { x: { $ref: '#/definitions/any', type: 'string' } } },
      '{"x":1}',
      'passed',
    ],
    ['07: tuples', 7, of({ items: [{}], additionalItems: false }), '{"x":[1,2]}', ['p.x[1] is not allowed']],
    [
      '2019: a reference has neighbours',
      2019,
      { $defs: { any: {} }, properties: { x: { $ref: '#/$defs/any', type: 'string' } } },
      '{"x":1}',
      ['p.x must be a text'],
    ],
    [
      '2019: anchors',
      2019,
      { $defs: { a: { $anchor: 'part', type: 'string' } }, properties: { x: { $ref: '#part' } } },
      '{"x":1}',
      ['p.x must be a text'],
    ],
    [
      '2019: names that need others',
      2019,
      { dependentRequired: { x: ['y'] } },
      '{"x":1}',
      ['p.y is required'],
    ],
    [
      '2019: numbers of a kind',
      2019,
      of({ contains: { const: 1 }, minContains: 2 }),
      '{"x":[1]}',
      ['p.x must have another number of those that are asked for'],
    ],
    [
      '2019: what nobody looked at is left to the broker',
      2019,
      { unevaluatedProperties: false },
      '{"x":1}',
      'passed',
    ],
    ['2020: tuples', 2020, of({ prefixItems: [{}], items: false }), '{"x":[1,2]}', ['p.x[1] is not allowed']],
    ['2020: dependencies are unknown', 2020, { dependencies: { x: ['y'] } }, '{"x":1}', 'passed'],
    [
      '2020: dynamic references are left to the broker',
      2020,
      of({ $dynamicRef: '#node' }),
      '{"x":1}',
      'passed',
    ],
  ])('draft %s', (_name, draft, schema, value, expected) => {
    expect(verdict({ $schema: $schemas[draft], ...schema }, value)).toEqual(expected);
  });
});

describe('what is not known', () => {
  it.each<[string, object, object, string | readonly string[]]>([
    ['may bring what is required', { required: ['secret'] }, {}, 'passed'],
    ['does not excuse what is there', of({ type: 'string' }), { x: 1 }, ['p.x must be a text']],
    [
      'does not excuse what is not allowed',
      { additionalProperties: false },
      { x: 1 },
      ['p.x is not allowed'],
    ],
    ['does not excuse what lacks inside', of({ required: ['y'] }), { x: {} }, ['p.x.y is required']],
    ['may be one of several forms', { anyOf: [{ required: ['a'] }, { required: ['b'] }] }, {}, 'passed'],
    ['is not what must not be', { not: { required: ['a'] } }, {}, 'passed'],
    ['may make it enough', { minProperties: 2 }, { x: 1 }, 'passed'],
    ['does not make it less', { maxProperties: 1 }, { x: 1, y: 1 }, ['p must have at most 1 entries']],
    [
      'may meet a condition',
      { if: { required: ['a'] }, then: { required: ['b'] }, else: { required: ['c'] } },
      {},
      'passed',
    ],
    ['may be needed', { dependentRequired: { x: ['y'] }, $schema: $schemas[2020] }, { x: 1 }, 'passed'],
    ['may make it equal', { const: { x: 1, y: 2 } }, { x: 1 }, 'passed'],
  ])('%s', (_name, schema, value, expected) => {
    expect(verdict(schema, { ...value }, { isPartial: true })).toEqual(expected);
  });

  it.each<[string, string, string]>([
    ['look-around', '^(?=a)b$', 'x'],
    ['a back reference', '^(a)\\1$', 'x'],
    ['a class of another dialect', '^[[:alpha:]]$', 'x'],
    ['what is no pattern', '(', 'x'],
    ['a text that is not plain', '^[a-z]+$', 'ä'],
    ['a text that is too long', '^[a-z]+$', 'A'.repeat(5000)],
    ['too many parts', '^((a{60}){60}){60}$', 'x'],
  ])('patterns: %s', (_name, pattern, x) => {
    expect(verdict(of({ pattern }), { x })).toBe('passed');
    expect(verdict({ not: of({ pattern }) }, { x })).toBe('passed');
  });
});
