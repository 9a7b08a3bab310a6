import { keyedChecksum } from '../../../src/base/hash.ts';
import { parseExact } from '../../../src/base/json.ts';
import {
  namedSecrets,
  resolveParameters,
  type ParameterSource,
  type ResolvedParameters,
} from '../../../src/brokers/parameters.ts';
import { apiError, ObjectReader } from './object-reader.ts';

const key = { id: 'k', text: 'of the test' };
const marker = 'swordfish-7f3a';

describe('the parameters of an instance or binding', () => {
  it.each<[string, ParameterSource]>([
    ['nothing is given', {}],
    ['both are null', { parameters: null, parametersFrom: null }],
    ['both are empty', { parameters: {}, parametersFrom: [] }],
  ])('are none when %s', async (_name, spec) => {
    expect(await resolve(spec)).toEqual({ kind: 'resolved' });
  });

  it('are the inline ones, with a checksum that does not depend on the order of keys', async () => {
    const first = await resolve({ parameters: { b: [1, 'x'], a: { d: null, c: true } } });
    const second = await resolve({ parameters: { a: { c: true, d: null }, b: [1, 'x'] } });
    expect(first).toEqual({
      kind: 'resolved',
      parameters: { a: { c: true, d: null }, b: [1, 'x'] },
      redacted: { a: { c: true, d: null }, b: [1, 'x'] },
      origins: { fromSecrets: new Set(), fromDefaults: new Set() },
      checksum: `k.${keyedChecksum(key.text, { a: { c: true, d: null }, b: [1, 'x'] })}`,
      keyed: `k.${keyedChecksum(key.text, { a: { c: true, d: null }, b: [1, 'x'] })}`,
    });
    expect(second).toEqual(first);
  });

  it('are merged from Secrets and spec, and what came from a Secret is redacted', async () => {
    const reader = new ObjectReader()
      .secret('n/one', { json: `{"user":{"password":"${marker}"}}` })
      .secret('n/two', { a: '{"size":12345678901234567890}', b: '{"other":1}' });
    const spec = {
      parameters: { region: 'eu' },
      parametersFrom: [from('one', 'json'), from('two', 'a')],
    };
    const resolved = await resolve(spec, reader);
    expect(resolved).toMatchObject({
      kind: 'resolved',
      redacted: { user: '<redacted>', size: '<redacted>', region: 'eu' },
    });
    const text = JSON.stringify(resolved.kind === 'resolved' && resolved.parameters);
    expect(text).toBe(`{"user":{"password":"${marker}"},"size":12345678901234567890,"region":"eu"}`);
  });

  it('have a checksum that tells exact numbers apart', async () => {
    const checksums = await Promise.all(
      ['12345678901234567890', '12345678901234567891'].map(async (token) => {
        const found = await resolve({ parameters: parseExact(`{"n":${token}}`) as object });
        return found.kind === 'resolved' && found.checksum;
      }),
    );
    expect(new Set(checksums).size).toBe(2);
  });

  it('keep a key that is called __proto__ as an ordinary one', async () => {
    const resolved = await resolve({ parameters: parseExact('{"__proto__":{"polluted":1}}') as object });
    expect(resolved.kind === 'resolved' && JSON.stringify(resolved.parameters)).toBe(
      '{"__proto__":{"polluted":1}}',
    );
  });

  const unavailable: readonly [string, ParameterSource, string][] = [
    ['a Secret is missing', { parametersFrom: [from('absent', 'k')] }, 'Secret "n/absent" does not exist'],
    ['a Secret has no such key', { parametersFrom: [from('good', 'k')] }, 'Secret "n/good" has no key "k"'],
    [
      'the key is one that every object inherits',
      { parametersFrom: [from('good', 'constructor')] },
      'has no key "constructor"',
    ],
    ['a value is not JSON', { parametersFrom: [from('bad', 'text')] }, 'key "text" of Secret "n/bad"'],
    ['they are nested too deep', { parameters: nested(101) }, 'deeper than 100 levels'],
    ['they would overflow the stack', { parameters: nested(9000) }, 'deeper than 100 levels'],
    ['a value is nested too deep', { parametersFrom: [from('deep', 'json')] }, 'at most 100 levels'],
    ['a value is not an object', { parametersFrom: [from('bad', 'list')] }, 'does not hold a JSON object'],
    [
      'two Secrets give the same parameter',
      { parametersFrom: [from('good', 'json'), from('good', 'json')] },
      'parameter "a" comes from more than one source',
    ],
    [
      'a Secret and the spec give the same parameter',
      { parameters: { a: 1 }, parametersFrom: [from('good', 'json')] },
      'parameter "a" comes from more than one source',
    ],
    [
      'a reference is incomplete',
      { parametersFrom: [{ secretKeyRef: { name: 'good' } }] },
      'secretKeyRef.key',
    ],
    ['there is no reference', { parametersFrom: [{}] }, 'secretKeyRef.name'],
    ['the inline ones are a list', { parameters: [] }, 'spec.parameters is not an object'],
  ];

  it.each(unavailable)('are unavailable when %s, and no value is told', async (_name, spec, message) => {
    const reader = new ObjectReader()
      .secret('n/good', { json: `{"a":"${marker}"}` })
      .secret('n/deep', { json: JSON.stringify({ [marker]: nested(101) }) })
      .secret('n/bad', { text: `{"a":"${marker}`, list: `["${marker}"]` });
    const resolved = await resolve(spec, reader);
    expect(resolved).toEqual({ kind: 'unavailable', message: expect.stringContaining(message) });
    expect(JSON.stringify(resolved)).not.toContain(marker);
  });

  it('read a Secret once, however many of its keys are named', async () => {
    const reader = new ObjectReader().secret('n/many', { a: '{"a":1}', b: '{"b":2}' });
    const spec = { parametersFrom: [from('many', 'a'), from('many', 'b')] };
    expect(await resolve(spec, reader)).toMatchObject({ kind: 'resolved', parameters: { a: 1, b: 2 } });
    expect(reader.reads).toEqual(['Secret n/many']);
    expect(namedSecrets(spec)).toEqual(new Set(['many']));
  });

  it('are unavailable when the Secret may not be read, and an error when the API server is not well', async () => {
    const reader = new ObjectReader();
    reader.failure = apiError(403, 'Forbidden');
    expect(await resolve({ parametersFrom: [from('x', 'k')] }, reader)).toEqual({
      kind: 'unavailable',
      message: expect.stringContaining('may not be read'),
    });
    reader.failure = apiError(500, 'InternalError');
    await expect(resolve({ parametersFrom: [from('x', 'k')] }, reader)).rejects.toMatchObject({
      status: 500,
    });
  });
});

function from(name: string, key: string) {
  return { secretKeyRef: { name, key } };
}

function resolve(spec: ParameterSource, reader = new ObjectReader()): Promise<ResolvedParameters> {
  const deps = { client: reader.client, checksumKey: { get: () => Promise.resolve(key) } };
  return resolveParameters(spec, 'n', deps, [], new AbortController().signal);
}

/** An object of so many levels. */
function nested(levels: number): object {
  return JSON.parse(`${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`) as object;
}
