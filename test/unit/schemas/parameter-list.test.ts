import { listParameters } from '../../../src/schemas/parameter-list.ts';
import { usable } from './schemas.ts';

const list = (schema: object) => listParameters(usable(schema));

describe('the parameters of a schema', () => {
  it('are listed with what people want to know', () => {
    const { parameters, others, isPartial } = list({
      required: ['version', 'backup'],
      additionalProperties: false,
      definitions: { days: { type: 'integer', description: 'How long' } },
      properties: {
        version: { enum: ['17', '18'], default: '18', title: 'Of PostgreSQL' },
        backup: { required: ['keep'], properties: { keep: { $ref: '#/definitions/days' }, at: {} } },
        users: { type: 'array', items: { properties: { name: { type: ['string', 'null'] } } } },
        mode: { const: null },
      },
    });
    expect({ others, isPartial }).toEqual({ others: false, isPartial: false });
    expect(parameters).toEqual([
      {
        name: 'version',
        type: 'any',
        required: true,
        default: '18',
        values: ['17', '18'],
        description: 'Of PostgreSQL',
      },
      { name: 'backup', type: 'object', required: true, description: '' },
      { name: 'backup.keep', type: 'integer', required: true, description: 'How long' },
      { name: 'backup.at', type: 'any', required: false, description: '' },
      { name: 'users', type: 'array', required: false, description: '' },
      { name: 'users[].name', type: 'string|null', required: false, description: '' },
      { name: 'mode', type: 'any', required: false, values: [null], description: '' },
    ]);
  });

  it.each<[string, object, readonly string[], boolean]>([
    [
      'of allOf are those of all',
      { allOf: [{ properties: { a: {} } }, { properties: { b: {} } }] },
      ['a', 'b'],
      false,
    ],
    ['of alternatives are told to be more', { properties: { a: {} }, oneOf: [{}] }, ['a'], true],
    [
      'of a tree end',
      { properties: { next: { $ref: '#' } } },
      ['next', 'next.next', 'next.next.next', 'next.next.next.next'],
      true,
    ],
    [
      'of a circle end',
      { allOf: [{ $ref: '#' }], properties: { a: {} } },
      Array.from({ length: 9 }, () => 'a'),
      true,
    ],
  ])('%s', (_name, schema, names, isPartial) => {
    const found = list(schema);
    expect(found.parameters.map(({ name }) => name)).toEqual(expect.arrayContaining([...names]));
    expect(found.isPartial).toBe(isPartial);
  });

  it('of a schema that doubles at each level are bounded', () => {
    const twice = (i: number): object => ({
      properties: { x: {} },
      allOf: [{ $ref: `#/definitions/d${i}` }, { $ref: `#/definitions/d${i}` }],
    });
    const definitions = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`d${i}`, i === 59 ? {} : twice(i + 1)]),
    );
    const found = list({ definitions, ...twice(0) });
    expect(found.isPartial).toBe(true);
    expect(found.parameters.length).toBeLessThanOrEqual(500);
  });
});
