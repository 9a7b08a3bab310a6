import { silentLogger } from '../../../src/base/logger.ts';
import { CaSecret } from '../../../src/certs/ca-secret.ts';
import { readAuthorityState, writeAuthorityState } from '../../../src/certs/authority-data.ts';
import { certificateFacts } from '../../../src/certs/certificate-facts.ts';
import { notePublished, readPublicAuthority } from '../../../src/certs/ca-note.ts';
import { bundleOf, defaultRotation, publishedNote } from '../../../src/certs/rotation.ts';
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
  // As the manifests bring it.
  api.add('Secret', { metadata: { name, namespace: 'bindery' } });
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

/** What whoever publishes does: the webhook configurations hold the bundle from now on. */
async function publish(): Promise<void> {
  const ref = { namespace: 'bindery', name };
  const state = await readPublicAuthority(api.client, ref, signal);
  const note = state && publishedNote(state, clock.now());
  if (note !== undefined) await notePublished(api.client, ref, note, signal);
}

function secretData(): Record<string, string> {
  return api.find('Secret', key)!['data'] as Record<string, string>;
}

it('the first replica makes the authority, the next ones take it', async () => {
  const state = await replica().agree(signal);
  expect(await replica().agree(signal)).toEqual(state);
  expect(api.writes).toEqual([`replace Secret/${key}`]);
});

it('replicas that start at once end with one authority', async () => {
  const states = await Promise.all(Array.from({ length: 4 }, () => replica().agree(signal)));
  expect(new Set(states.map(bundleOf)).size).toBe(1);
  expect(api.writes).toHaveLength(1);
});

it('a restarted replica finds the authority of before', async () => {
  const before = await replica().agree(signal);
  clock.nowMs += 100 * dayMs;
  expect(await replica().agree(signal)).toEqual(before);
});

it('a Secret that was emptied is filled with the same authority, and with what is known to be published', async () => {
  const one = replica();
  await one.agree(signal);
  await publish();
  const before = await one.agree(signal);
  expect(before.published?.fingerprints).toHaveLength(1);
  api.change('Secret', key, ({ data: _, ...secret }) => secret);
  expect(await one.agree(signal)).toEqual(before);
  expect(await replica().agree(signal)).toEqual(before);
});

it.each([
  ['no certificate', { 'ca.crt': 'Z2FyYmFnZQ==' }],
  ['a key of something else', { 'ca.key': Buffer.from('no key').toString('base64') }],
  ['no key', { 'ca.key': '' }],
])('a Secret with %s is mended with what is known', async (_title, damage) => {
  const one = replica();
  const before = await one.agree(signal);
  api.change('Secret', key, (secret) => ({ ...secret, data: { ...secretData(), ...damage } }));
  expect(await one.agree(signal)).toEqual(before);
  expect(readAuthorityState(secretData())).toEqual(before);
});

it('a Secret that is not there is waited for, and never created', async () => {
  const one = replica();
  const before = await one.agree(signal);
  api.remove('Secret', key);
  await expect(one.agree(signal)).rejects.toMatchObject({ status: 404 });
  expect(one.known).toEqual(before);
  // As the controller makes it again.
  expect(await readPublicAuthority(api.client, { namespace: 'bindery', name }, signal)).toBeUndefined();
  expect(await one.agree(signal)).toEqual(before);
});

it('what was noted while a replica takes a step is not lost, and the step is not undone', async () => {
  await replica().agree(signal);
  await publish();
  clock.nowMs += 245 * dayMs;
  const [prepared] = await Promise.all([replica().agree(signal), publish(), publish()]);
  await publish();
  const after = await replica().agree(signal);
  expect(after.next).toEqual(prepared.next);
  expect(after.published?.fingerprints).toHaveLength(2);
});

it('a Secret that nobody can mend is filled anew', async () => {
  api.change('Secret', key, (secret) => ({ ...secret, data: { 'ca.crt': 'x' } }));
  const state = await replica().agree(signal);
  expect(certificateFacts(state.current.cert)).toMatchObject({ isAuthority: true });
});

it('rotation: the new authority is published before it signs, the old one for as long as it is in use', async () => {
  const [one, two] = [replica(), replica()];
  const first = await one.agree(signal);

  clock.nowMs += 245 * dayMs;
  const [prepared, same] = await Promise.all([one.agree(signal), two.agree(signal)]);
  expect(same).toEqual(prepared);
  expect(prepared.current).toEqual(first.current);
  expect(prepared.next).toBeDefined();

  clock.nowMs += dayMs;
  expect(await two.agree(signal)).toEqual(prepared);
  await publish();
  clock.nowMs += defaultRotation.settleMs - 1;
  expect(await two.agree(signal)).toMatchObject({ current: prepared.current });
  clock.nowMs += 1;
  const promoted = await two.agree(signal);
  expect(promoted.current).toEqual(prepared.next!.pair);
  expect(promoted.previous!.cert).toBe(first.current.cert);
  expect(await one.agree(signal)).toEqual(promoted);

  clock.nowMs += defaultRotation.leafMs;
  const { previous: _, ...retired } = promoted;
  expect(await one.agree(signal)).toEqual(retired);
});

it.each([
  ['forty days', 40, false],
  ['two years', 730, true],
])('a clock that jumps by %s', async (_title, days, isNew) => {
  const one = replica();
  const before = await one.agree(signal);
  clock.nowMs += days * dayMs;
  const after = await one.agree(signal);
  expect(bundleOf(after) !== bundleOf(before)).toBe(isNew);
  expect(certificateFacts(after.current.cert)!.notAfterMs).toBeGreaterThan(clock.nowMs);
});

it('foreign keys of the Secret and its labels are kept as far as they go', async () => {
  const one = replica();
  await one.agree(signal);
  api.change('Secret', key, (secret) => ({
    ...secret,
    metadata: { ...secret.metadata, labels: { mine: '1' } },
  }));
  clock.nowMs += 245 * dayMs;
  await one.agree(signal);
  expect(api.find('Secret', key)!.metadata.labels).toEqual({ mine: '1' });
});

it('state survives the Secret', async () => {
  const state = await replica().agree(signal);
  const full = {
    current: state.current,
    next: { pair: state.current, sinceMs: 1_000 },
    previous: { cert: state.current.cert, sinceMs: 2_000 },
    published: { fingerprints: ['AA:BB', 'CC:DD'], sinceMs: 3_000 },
  };
  expect(readAuthorityState(writeAuthorityState(full))).toEqual(full);
  expect(readAuthorityState({})).toBeUndefined();
  const { 'next-since': _since, ...withoutTime } = writeAuthorityState(full);
  expect(readAuthorityState(withoutTime)).toEqual({
    current: full.current,
    previous: full.previous,
    published: full.published,
  });
});

it('an API server that is away is an error, not a new authority', async () => {
  const one = replica();
  await one.agree(signal);
  api.failure = new Error('away');
  await expect(one.agree(signal)).rejects.toThrow('away');
  expect(api.writes).toHaveLength(1);
});
