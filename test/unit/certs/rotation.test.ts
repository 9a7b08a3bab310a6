import { createAuthority } from '../../../src/certs/authority.ts';
import type { CertificatePair } from '../../../src/certs/certificate-types.ts';
import {
  afterStep,
  bundleOf,
  defaultRotation,
  isRenewalDue,
  isValidAt,
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
  const previous = (sinceMs: number): AuthorityState => ({
    current: second,
    previous: { cert: first.cert, sinceMs },
  });
  const renewal = start + 245 * dayMs;

  it.each([
    ['young', () => ({ current: first }), start + dayMs, true, 'none'],
    ['after two thirds', () => ({ current: first }), renewal, true, 'prepare'],
    [
      'a new one that API servers may not know yet',
      () => next(renewal),
      renewal + times.settleMs - 1,
      true,
      'none',
    ],
    ['a new one that has settled', () => next(renewal), renewal + times.settleMs, true, 'promote'],
    ['a settled one that is not published', () => next(renewal), renewal + dayMs, false, 'none'],
    [
      'the old one while certificates of it may be served',
      () => previous(renewal),
      renewal + times.leafMs - 1,
      true,
      'none',
    ],
    ['the old one afterwards', () => previous(renewal), renewal + times.leafMs, true, 'retire'],
    ['expired, without a next one', () => ({ current: first }), start + 400 * dayMs, true, 'replace'],
    ['expired, with a next one', () => next(renewal), start + 400 * dayMs, false, 'promote'],
    [
      'not yet valid: the clock was set back',
      () => ({ current: first }),
      start - 40 * dayMs,
      true,
      'replace',
    ],
  ] as const)('%s', (_title, state, nowMs, isPublished, step) => {
    expect(rotationStep(state(), nowMs, times, isPublished)).toBe(step);
  });
});

it('a whole rotation overlaps: everything served is signed by something published long enough', () => {
  let state: AuthorityState = { current: first };
  const seen: string[] = [];
  const knownSince = new Map([[first.cert, start]]);
  for (let nowMs = start + 240 * dayMs; nowMs < start + 262 * dayMs; nowMs += 3_600_000) {
    const step = rotationStep(state, nowMs, times, true);
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
  expect(state).toEqual({ current: second });
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
