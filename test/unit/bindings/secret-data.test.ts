import { JsonText } from '../../../src/base/json-text.ts';
import { parseExact } from '../../../src/base/json.ts';
import { credentialsOf, secretData, secretType } from '../../../src/bindings/secret-data.ts';

const defaults = { type: 'postgresql', provider: 'acme' };

function stored(json: string): Record<string, string> {
  const result = secretData(credentialsOf(parseExact(json)), defaults);
  if (result.kind === 'refused') throw new Error(result.message);
  return { ...result.data };
}

describe('credentials as Secret data', () => {
  it.each([
    ['text as it is', '{"a":"<b>&"}', '<b>&'],
    ['an integer', '{"a":5432}', '5432'],
    ['an integer beyond 2^53', '{"a":12345678901234567890}', '12345678901234567890'],
    ['a fraction that JavaScript shortens', '{"a":1.0}', '1.0'],
    ['a number beyond all doubles', '{"a":1e400}', '1e400'],
    ['true', '{"a":true}', 'true'],
    ['null', '{"a":null}', 'null'],
    ['an array', '{"a":[1, "x"]}', '[1,"x"]'],
    [
      'an object with an exact number inside',
      '{"a":{"b":12345678901234567890}}',
      '{"b":12345678901234567890}',
    ],
    ['unicode', '{"a":"ü€"}', 'ü€'],
  ])('%s', (_name, json, expected) => {
    expect(stored(json)['a']).toBe(expected);
  });

  it('are the same when they are large, and came as text', () => {
    const text = `{"a":12345678901234567890,"b":"${'x'.repeat(5000)}","c":{"d":[1.0]}}`;
    expect(secretData(credentialsOf(new JsonText(text)), defaults)).toEqual(
      secretData(credentialsOf(parseExact(text)), defaults),
    );
  });

  it('adds type and provider for readers of the directory layout, unless the broker said them', () => {
    expect(stored('{}')).toEqual({ type: 'postgresql', provider: 'acme' });
    expect(stored('{"type":"mysql","provider":"me"}')).toEqual({ type: 'mysql', provider: 'me' });
  });

  it.each(['a/b', '', '..', '..x', 'ü', 'a b', 'x'.repeat(254)])(
    'refuses the key %j, and names it',
    (key) => {
      const result = secretData({ [key]: 'top-secret' }, defaults);
      expect(result.kind).toBe('refused');
      expect(JSON.stringify(result)).not.toContain('top-secret');
    },
  );

  it('refuses half of a surrogate pair, which has no bytes, and names the key only', () => {
    const result = secretData({ fine: 'x', broken: 'top-secret\ud800' }, defaults);
    expect(result).toEqual({ kind: 'refused', message: 'credentials are not text: "broken"' });
  });

  it('refuses what is larger than a Secret', () => {
    const result = secretData({ a: 'x'.repeat(1024 * 1024) }, defaults);
    expect(result).toMatchObject({ kind: 'refused', message: expect.stringContaining('1048576') });
  });

  it('refuses more keys than anybody reads, and says what can be done', () => {
    const manyOf = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'v']));
    expect(secretData(manyOf(1000), defaults)).toMatchObject({ kind: 'data' });
    const message = '1001 keys, 1000 are allowed; the broker has to put them together, into one JSON value';
    expect(secretData(manyOf(1001), defaults)).toEqual({
      kind: 'refused',
      message: `the credentials have ${message}, or removeKey of spec.secretTransforms leaves some out`,
    });
  });

  it('keeps an own key named __proto__ harmless', () => {
    const result = secretData(credentialsOf(parseExact('{"__proto__":"x"}')), defaults);
    expect(result.kind).toBe('data');
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});

describe('type of the Secret', () => {
  it.each([
    ['postgresql', 'servicebinding.io/postgresql'],
    ['My Type!', 'servicebinding.io/my-type'],
    ['--', 'servicebinding.io/service'],
  ])('%s → %s', (type, expected) => {
    expect(secretType(type)).toBe(expected);
  });

  it('takes the time of its beginning, whatever follows', () => {
    expect(secretType(`a${'-'.repeat(900_000)}a`)).toBe('servicebinding.io/a');
    expect(secretType(`${'.'.repeat(900_000)}a`)).toBe('servicebinding.io/service');
  });
});
