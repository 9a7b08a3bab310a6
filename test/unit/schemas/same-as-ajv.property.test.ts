import { Ajv } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import {
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  dictionary,
  integer,
  letrec,
  oneof,
  property,
  record,
  uniqueArray,
  type Arbitrary,
} from 'fast-check';
import type { JsonObject } from '../../../src/base/json.ts';
import { evaluate } from '../../../src/schemas/evaluate.ts';
import { $schemas, usable } from './schemas.ts';

type Schema = JsonObject | boolean;

const names = constantFrom('a', 'b', 'c', 'long name');
const texts = constantFrom('', 'a', 'ab', 'abc', '0', 'a-b');
const counts = integer({ min: 0, max: 3 });

const { value } = letrec<{ value: unknown }>((tie) => ({
  value: oneof(
    { maxDepth: 3 },
    constant(null),
    boolean(),
    integer({ min: -3, max: 6 }),
    constantFrom(0.5, 1.5),
    texts,
    array(tie('value'), { maxLength: 3 }),
    dictionary(names, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

const { schema } = letrec<{ schema: Schema }>((tie) => {
  const sub = tie('schema');
  const some = array(sub, { minLength: 1, maxLength: 3 });
  const limits = integer({ min: -2, max: 4 });
  const keywords: Readonly<Record<string, Arbitrary<unknown>>> = {
    type: oneof(
      constantFrom('object', 'array', 'string', 'integer', 'number', 'boolean', 'null'),
      constant(['string', 'object']),
    ),
    enum: array(value, { minLength: 1, maxLength: 3 }),
    const: value,
    minimum: limits,
    exclusiveMaximum: limits,
    multipleOf: constantFrom(1, 2, 0.5),
    minLength: counts,
    maxLength: counts,
    pattern: constantFrom('^a', 'b$', '^[a-c]*$', '^\\d+$', '-'),
    minItems: counts,
    uniqueItems: boolean(),
    contains: sub,
    required: uniqueArray(names, { maxLength: 2 }),
    properties: dictionary(names, sub, { maxKeys: 3, noNullPrototype: true }),
    patternProperties: dictionary(constantFrom('^a', 'n', '^[bc]$'), sub, {
      maxKeys: 2,
      noNullPrototype: true,
    }),
    additionalProperties: sub,
    propertyNames: sub,
    minProperties: counts,
    maxProperties: counts,
    allOf: some,
    anyOf: some,
    oneOf: some,
    not: sub,
    if: sub,
    then: sub,
    else: sub,
  };
  const object = record(keywords, { requiredKeys: [] });
  // With all keywords at once nothing fits: three of them at most.
  const few = uniqueArray(constantFrom(...Object.keys(keywords)), { maxLength: 3 }).chain((chosen) =>
    record(Object.fromEntries(chosen.map((name) => [name, keywords[name] as Arbitrary<unknown>]))),
  );
  return {
    schema: oneof(
      { maxDepth: 3 },
      boolean(),
      few,
      object.map((full) => Object.fromEntries(Object.entries(full).slice(0, 2))),
    ) as Arbitrary<Schema>,
  };
});

const parameters = dictionary(names, value, { maxKeys: 3, noNullPrototype: true });
const options = {
  strict: false,
  validateSchema: false,
  validateFormats: false,
  allErrors: false,
  logger: false,
} as const;

describe.each([
  ['07', $schemas[7], () => new Ajv(options)],
  ['2019-09', $schemas[2019], () => new Ajv2019(options)],
  ['2020-12', $schemas[2020], () => new Ajv2020(options)],
] as const)('draft %s', (_name, $schema, create) => {
  it('what fits and what does not is the same as for Ajv, and never more is refused of a part', () => {
    assert(
      property(schema, parameters, uniqueArray(names), (inner, whole, hidden) => {
        const full = { $schema, allOf: [inner] };
        const isValid = create().compile(full)(whole);
        const read = usable(full);
        expect(evaluate(read, whole).kind).toBe(isValid ? 'passed' : 'unfit');
        if (!isValid) return;
        const part = Object.fromEntries(
          Object.entries(whole).filter(([name]) => !(hidden as readonly string[]).includes(name)),
        );
        expect(evaluate(read, part, { isPartial: true }).kind).toBe('passed');
      }),
      { numRuns: 300 },
    );
  });
});
