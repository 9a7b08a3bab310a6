import {
  extensions,
  instanceParametersSchema,
  isEmptyParameters,
  parseInstanceParameters,
} from '../../../demo/postgres-broker/parameters.ts';

it.each([
  ['nothing', undefined, {}],
  ['null', null, {}],
  ['an empty object', {}, {}],
  ['a connection limit', { connectionLimit: 7 }, { connectionLimit: 7 }],
  ['extensions, in any order', { extensions: ['hstore', 'citext'] }, { extensions: ['citext', 'hstore'] }],
])('takes %s', (_name, given, expected) => {
  expect(parseInstanceParameters(given)).toEqual(expected);
});

it.each([
  ['a list', []],
  ['a text', 'small'],
  ['another key', { size: 3 }],
  ['a limit of zero', { connectionLimit: 0 }],
  ['a limit above the maximum', { connectionLimit: 101 }],
  ['half a connection', { connectionLimit: 1.5 }],
  ['a limit as text', { connectionLimit: '5' }],
  ['an extension that is not offered', { extensions: ['plpython3u'] }],
  ['an extension twice', { extensions: ['citext', 'citext'] }],
  ['extensions as text', { extensions: 'citext' }],
])('refuses %s with a sentence', (_name, given) => {
  expect(parseInstanceParameters(given)).toEqual(expect.stringMatching(/^parameters/));
});

it('offers in the schema what it takes', () => {
  expect(instanceParametersSchema.properties.extensions.items.enum).toBe(extensions);
  expect(parseInstanceParameters({ extensions })).toEqual({ extensions: extensions.toSorted() });
});

it.each([
  [undefined, true],
  [null, true],
  [{}, true],
  [{ a: 1 }, false],
  [[], false],
  ['', false],
])('parameters of a binding %j: empty is %j', (given, expected) => {
  expect(isEmptyParameters(given)).toBe(expected);
});
