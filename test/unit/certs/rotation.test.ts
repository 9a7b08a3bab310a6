import { createAuthority } from '../../../src/certs/authority.ts';
import type { CertificatePair } from '../../../src/certs/certificate-types.ts';
import {
  afterStep,
  bundleOf,
  defaultRotation,
  isRenewalDue,
  isValidAt,
  publishedNote,
  rotationStep,
  validityFrom,
  type AuthorityState,
} from '../../../src/certs/rotation.ts';

const dayMs = 24 * 3600 * 1000;
const start = Date.UTC(2030, 0, 1);
const times = defaultRotation;

async function authorityFrom(timeMs: number): Promise<CertificatePair> {
  return createAuthority(validityFrom(timeMs, times.authorityMs, times));
}

let first: CertificatePair;
let second: CertificatePair;
beforeAll(async () => {
  [first, second] = await Promise.all([authorityFrom(start), authorityFrom(start + 243 * dayMs)]);
});

describe('renewal is due after two thirds of a life', () => {
  const life = { notBeforeMs: 0, notAfterMs: 9 * dayMs };
  it.each([
    [0, false],
    [6 * dayMs - 1, false],
    [6 * dayMs, true],
    [20 * dayMs, true],
  ])('at %d: %s', (nowMs, due) => {
    expect(isRenewalDue(life, nowMs)).toBe(due);
  });
});

it('a certificate is valid from its first moment to before its last', () => {
  expect(isValidAt(first.cert, start)).toBe(true);
  expect(isValidAt(first.cert, start - 2 * times.backdateMs)).toBe(false);
  expect(isValidAt(first.cert, start + times.authorityMs)).toBe(false);
  expect(isValidAt('no certificate', start)).toBe(false);
});

describe('the step that is due', () => {
  const next = (sinceMs: number): AuthorityState => ({ current: first, next: { pair: second, sinceMs } });
  const published = (sinceMs: number, noteMs: number): AuthorityState => {
    const state = next(sinceMs);
    return { ...state, published: publishedNote(state, noteMs)! };
  };
  const previous = (sinceMs: number): AuthorityState => ({
    current: second,
    previous: { cert: first.cert, sinceMs },
  });
  const renewal = start + 245 * dayMs;

  it.each([
    ['young', () => ({ current: first }), start + dayMs, 'none'],
    ['after two thirds', () => ({ current: first }), renewal, 'prepare'],
    [
      'a new one that API servers may not know yet',
      () => published(renewal, renewal),
      renewal + times.settleMs - 1,
      'none',
    ],
    ['a new one that has settled', () => published(renewal, renewal), renewal + times.settleMs, 'promote'],
    [
      'one that is old, and was published a moment ago',
      () => published(renewal, renewal + dayMs),
      renewal + dayMs + times.settleMs - 1,
      'none',
    ],
    ['a settled one that is not published', () => next(renewal), renewal + dayMs, 'none'],
    [
      'one beside which only the current one is published',
      () => ({ ...next(renewal), published: publishedNote({ current: first }, renewal)! }),
      renewal + dayMs,
      'none',
    ],
    [
      'the old one while certificates of it may be served',
      () => previous(renewal),
      renewal + times.leafMs - 1,
      'none',
    ],
    ['the old one afterwards', () => previous(renewal), renewal + times.leafMs, 'retire'],
    ['expired, without a next one', () => ({ current: first }), start + 400 * dayMs, 'replace'],
    ['expired, with a next one', () => next(renewal), start + 400 * dayMs, 'promote'],
    ['not yet valid: the clock was set back', () => ({ current: first }), start - 40 * dayMs, 'replace'],
  ] as const)('%s', (_title, state, nowMs, step) => {
    expect(rotationStep(state(), nowMs, times)).toBe(step);
  });
});

it('a whole rotation overlaps: everything served is signed by something published long enough', () => {
  let state: AuthorityState = { current: first };
  const seen: string[] = [];
  const knownSince = new Map([[first.cert, start]]);
  for (let nowMs = start + 240 * dayMs; nowMs < start + 262 * dayMs; nowMs += 3_600_000) {
    const step = rotationStep(state, nowMs, times);
    const note = publishedNote(state, nowMs);
    if (note !== undefined) state = { ...state, published: note };
    if (step === 'none' || step === 'replace') continue;
    seen.push(step);
    state = afterStep(state, step, nowMs, second);
    if (step === 'prepare') knownSince.set(second.cert, nowMs);
    // What signs from now on has been in the bundle for the settling time.
    const knownMs = nowMs - knownSince.get(state.current.cert)!;
    expect(knownMs).toBeGreaterThanOrEqual(step === 'promote' ? times.settleMs : 0);
    expect(bundleOf(state)).toContain(state.current.cert.trim());
    if (step === 'promote') expect(bundleOf(state)).toContain(first.cert.trim());
  }
  expect(seen).toEqual(['prepare', 'promote', 'retire']);
  expect(state).toMatchObject({ current: second });
  expect(state.next ?? state.previous).toBeUndefined();
});

it('the bundle holds each certificate once, the oldest first', () => {
  const certs = (pem: string): number => pem.match(/BEGIN CERTIFICATE/g)?.length ?? 0;
  expect(certs(bundleOf({ current: first }))).toBe(1);
  expect(certs(bundleOf({ current: first, previous: { cert: `${first.cert}\n`, sinceMs: 0 } }))).toBe(1);
  const full = bundleOf({ current: second, previous: { cert: first.cert, sinceMs: 0 } });
  expect(full).toBe(`${first.cert.trim()}\n${second.cert.trim()}\n`);
});

it('a promotion does not change the bundle', () => {
  const prepared: AuthorityState = { current: first, next: { pair: second, sinceMs: start } };
  expect(bundleOf(afterStep(prepared, 'promote', start))).toBe(bundleOf(prepared));
});
