import { stepsOf } from '../../../src/cli/probe-steps.ts';
import type { Failure, FailureReason } from '../../../src/osb/outcome-types.ts';

const failure = (reason: FailureReason, status?: number): Failure => ({
  kind: 'failed',
  reason,
  message: 'why',
  disposition: 'retry',
  orphanMitigation: false,
  sent: true,
  brokerLevel: true,
  ...(status === undefined ? {} : { status }),
});

/** One letter per step: ok, Failed, unknown (?), not reached (-). */
function picture(outcome: Failure, hasToken = false): string {
  const letters = { ok: 'o', failed: 'F', unknown: '?', 'not-reached': '-', 'not-used': 'n', warning: 'w' };
  return stepsOf(outcome, { isTls: true, hasToken })
    .map(({ result }) => letters[result])
    .join('');
}

describe('how far a request came: address, connection, tls, http, login, version, catalog', () => {
  it.each([
    ['DNSFailure', undefined, 'F------'],
    ['AddressRefused', undefined, 'F------'],
    ['ConnectionRefused', undefined, 'oF-----'],
    ['ProxyFailure', undefined, '?F-----'],
    ['TLSUntrusted', undefined, 'ooF----'],
    ['TLSHostnameMismatch', undefined, 'ooF----'],
    ['TLSExpired', undefined, 'ooF----'],
    ['ConnectionReset', undefined, 'oo?F---'],
    ['Timeout', undefined, '???F---'],
    ['MalformedResponse', undefined, 'oooF---'],
    ['Redirect', 302, 'oooF---'],
    ['Unauthorized', 401, 'ooooF--'],
    ['Forbidden', 403, 'ooooF--'],
    ['UnsupportedVersion', 412, 'oooo?F-'],
    ['MalformedResponse', 200, 'oooo??F'],
    ['NotFound', 404, 'oooo??F'],
    ['ServerError', 500, 'oooo??F'],
    ['BadCatalog', 200, 'ooooooF'],
  ] as const)('%s, status %s: %s', (reason, status, expected) => {
    expect(picture(failure(reason, status))).toBe(expected);
  });

  it.each([
    ['TokenFailure', 'F-------'],
    ['TLSUntrusted', 'oooF----'],
    ['Unauthorized', 'oooooF--'],
    ['Cancelled', '????F---'],
  ] as const)('with an access token before all of it, %s: %s', (reason, expected) => {
    expect(picture(failure(reason), true)).toBe(expected);
  });
});
