import { expiryOf } from '../../../src/bindings/expiry.ts';

const now = Date.parse('2026-06-15T12:00:00Z');
const soon = '2026-06-20T12:00:00.000Z';
const far = '2026-07-20T12:00:00.000Z';
const past = '2026-06-15T12:00:00.000Z';

describe('P67 P68: the end of credentials is', () => {
  it.each<[string | undefined, string | undefined, string | undefined]>([
    [undefined, undefined, undefined],
    [far, undefined, undefined],
    [far, far, undefined],
    [undefined, far, undefined],
    ['', '', undefined],
    ['no time', undefined, undefined],
    [soon, undefined, 'ExpiringSoon'],
    [soon, far, 'ExpiringSoon'],
    [far, soon, 'ExpiringSoon'],
    [undefined, soon, 'ExpiringSoon'],
    [far, past, 'RenewalDue'],
    [soon, past, 'RenewalDue'],
    [undefined, past, 'RenewalDue'],
    [past, undefined, 'Expired'],
    [past, past, 'Expired'],
    [past, far, 'Expired'],
  ])('with expires_at %s and renew_before %s: %s', (expiresAt, renewBefore, reason) => {
    const status = {
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(renewBefore === undefined ? {} : { renewBefore }),
    };
    const expiry = expiryOf({ metadata: { name: 'b' }, spec: { instanceRef: { name: 'db' } }, status }, now);
    expect(expiry?.reason).toBe(reason);
    if (expiry !== undefined) expect(expiry.message).toContain('another ServiceBinding to instance "db"');
  });
});

it('says the same for as long as its reason is, so that nothing is written meanwhile', () => {
  const binding = {
    metadata: { name: 'b' },
    spec: { instanceRef: { name: 'db' } },
    status: { expiresAt: soon },
  };
  expect(expiryOf(binding, now + 1000)).toEqual(expiryOf(binding, now));
});
