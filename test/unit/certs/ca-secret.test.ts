import { silentLogger } from '../../../src/base/logger.ts';
import { CaSecret } from '../../../src/certs/ca-secret.ts';
import { readAuthorityState, writeAuthorityState } from '../../../src/certs/authority-data.ts';
import { certificateFacts } from '../../../src/certs/certificate-facts.ts';
import { bundleOf, defaultRotation } from '../../../src/certs/rotation.ts';
import type { KeySource } from '../../../src/certs/authority.ts';
import { keyPool } from './key-pool.ts';
import { MemoryApi } from './memory-api.ts';

const dayMs = 24 * 3600 * 1000;
const name = 'bindery-webhook-ca';
const key = `bindery/${name}`;

class TestClock {
  nowMs = Date.UTC(2030, 0, 1);
  now(): number {
    return this.nowMs;
  }
}

let keySource: KeySource;
beforeAll(async () => {
  keySource = await keyPool();
});

let api: MemoryApi;
let clock: TestClock;
beforeEach(() => {
  api = new MemoryApi();
  clock = new TestClock();
});

function replica(): CaSecret {
  return new CaSecret({
    client: api.client,
    namespace: 'bindery',
    name,
    clock,
    logger: silentLogger,
    times: defaultRotation,
    keySource,
  });
}

const signal = new AbortController().signal;
const published = (): boolean => true;

function secretData(): Record<string, string> {
  return api.find('Secret', key)!['data'] as Record<string, string>;
}

it('the first replica makes the authority, the next ones take it', async () => {
  const state = await replica().agree(signal, published);
  expect(await replica().agree(signal, published)).toEqual(state);
  expect(api.writes).toEqual([`create Secret/${key}`]);
});

it('replicas that start at once end with one authority', async () => {
  const states = await Promise.all(Array.from({ length: 4 }, () => replica().agree(signal, published)));
  expect(new Set(states.map(bundleOf)).size).toBe(1);
  expect(api.writes).toHaveLength(1);
});

it('a restarted replica finds the authority of before', async () => {
  const before = await replica().agree(signal, published);
  clock.nowMs += 100 * dayMs;
  expect(await replica().agree(signal, published)).toEqual(before);
});

it('a Secret that was deleted comes back with the same authority', async () => {
  const one = replica();
  const before = await one.agree(signal, published);
  api.remove('Secret', key);
  expect(await one.agree(signal, published)).toEqual(before);
  expect(await replica().agree(signal, published)).toEqual(before);
});

it.each([
  ['no certificate', { 'ca.crt': 'Z2FyYmFnZQ==' }],
  ['a key of something else', { 'ca.key': Buffer.from('no key').toString('base64') }],
  ['no key', { 'ca.key': '' }],
])('a Secret with %s is mended with what is known', async (_title, damage) => {
  const one = replica();
  const before = await one.agree(signal, published);
  api.change('Secret', key, (secret) => ({ ...secret, data: { ...secretData(), ...damage } }));
  expect(await one.agree(signal, published)).toEqual(before);
  expect(readAuthorityState(secretData())).toEqual(before);
});

it('a Secret that nobody can mend is filled anew', async () => {
  api.add('Secret', { metadata: { name, namespace: 'bindery' }, data: { 'ca.crt': 'x' } });
  const state = await replica().agree(signal, published);
  expect(certificateFacts(state.current.cert)).toMatchObject({ isAuthority: true });
});

it('rotation: the new authority is published before it signs, the old one for as long as it is in use', async () => {
  const [one, two] = [replica(), replica()];
  const first = await one.agree(signal, published);

  clock.nowMs += 245 * dayMs;
  const [prepared, same] = await Promise.all([one.agree(signal, published), two.agree(signal, published)]);
  expect(same).toEqual(prepared);
  expect(prepared.current).toEqual(first.current);
  expect(prepared.next).toBeDefined();

  clock.nowMs += defaultRotation.settleMs;
  expect(await two.agree(signal, () => false)).toEqual(prepared);
  const promoted = await two.agree(signal, published);
  expect(promoted.current).toEqual(prepared.next!.pair);
  expect(promoted.previous!.cert).toBe(first.current.cert);
  expect(await one.agree(signal, published)).toEqual(promoted);

  clock.nowMs += defaultRotation.leafMs;
  expect(await one.agree(signal, published)).toEqual({ current: promoted.current });
});

it.each([
  ['forty days', 40, false],
  ['two years', 730, true],
])('a clock that jumps by %s', async (_title, days, isNew) => {
  const one = replica();
  const before = await one.agree(signal, published);
  clock.nowMs += days * dayMs;
  const after = await one.agree(signal, published);
  expect(bundleOf(after) !== bundleOf(before)).toBe(isNew);
  expect(certificateFacts(after.current.cert)!.notAfterMs).toBeGreaterThan(clock.nowMs);
});

it('foreign keys of the Secret and its labels are kept as far as they go', async () => {
  const one = replica();
  await one.agree(signal, published);
  api.change('Secret', key, (secret) => ({
    ...secret,
    metadata: { ...secret.metadata, labels: { mine: '1' } },
  }));
  clock.nowMs += 245 * dayMs;
  await one.agree(signal, published);
  expect(api.find('Secret', key)!.metadata.labels).toEqual({ mine: '1' });
});

it('state survives the Secret', async () => {
  const state = await replica().agree(signal, published);
  const full = {
    current: state.current,
    next: { pair: state.current, sinceMs: 1_000 },
    previous: { cert: state.current.cert, sinceMs: 2_000 },
  };
  expect(readAuthorityState(writeAuthorityState(full))).toEqual(full);
  expect(readAuthorityState({})).toBeUndefined();
  const { 'next-since': _since, ...withoutTime } = writeAuthorityState(full);
  expect(readAuthorityState(withoutTime)).toEqual({ current: full.current, previous: full.previous });
});

it('an API server that is away is an error, not a new authority', async () => {
  const one = replica();
  await one.agree(signal, published);
  api.failure = new Error('away');
  await expect(one.agree(signal, published)).rejects.toThrow('away');
  expect(api.writes).toHaveLength(1);
});
