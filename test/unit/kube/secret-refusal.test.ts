import { KubeApiError } from '../../../src/kube/errors.ts';
import { secretRefusal, withoutWords } from '../../../src/kube/secret-refusal.ts';

const password = 'correct horse battery staple';
const base64 = Buffer.from(password).toString('base64');

/** As a policy may quote it: in any encoding, and from the middle of something longer. */
const quoted: readonly string[] = [
  password,
  base64,
  base64.replace(/=+$/, ''),
  Buffer.from(password).toString('base64url'),
  ...[1, 2].map((offset) => Buffer.from(`${'x'.repeat(offset)}${password}y`).toString('base64')),
  Buffer.from(password).toString('hex'),
  encodeURIComponent(password),
  password.slice(3, 12),
];

const refusal = (message: string, status = 403, reason = 'Forbidden'): KubeApiError =>
  new KubeApiError({ status, reason, message });

describe('a refused write of a Secret', () => {
  it.each(quoted)('does not repeat what a policy quotes: %s', (words) => {
    const errors = [
      refusal(
        `secrets "db" is forbidden: ValidatingAdmissionPolicy 'strict' with binding 'all' denied request: ${words}`,
      ),
      refusal(`admission webhook "strict.example" denied the request: ${words}`),
      refusal(`admission webhook "strict.example" denied the request: exceeded quota: ${words}, `),
      refusal(words, 422, 'Invalid'),
    ];
    for (const error of errors) {
      expect(secretRefusal(error)).not.toContain(words);
      expect(withoutWords(error).message).not.toContain(words);
    }
  });

  it.each([
    [
      'secrets "db" is forbidden: exceeded quota: no-secrets, requested: count/secrets=1, used: count/secrets=0',
      '403 Forbidden (exceeded quota: no-secrets)',
    ],
    [
      `secrets "db" is forbidden: ValidatingAdmissionPolicy 'strict.example' with binding 'all' denied request: no`,
      '403 Forbidden (denied by ValidatingAdmissionPolicy strict.example)',
    ],
    [
      'admission webhook "strict.example" denied the request: no',
      '403 Forbidden (denied by admission webhook strict.example)',
    ],
    [
      'secrets is forbidden: User "system:serviceaccount:a:b" cannot create resource "secrets" in API group ""',
      '403 Forbidden (missing right to create)',
    ],
    ['whatever else', '403 Forbidden'],
  ])('says who refused it: %s', (message, told) => {
    expect(secretRefusal(refusal(message))).toBe(told);
  });

  it('keeps what decides how it goes on', () => {
    const error = new KubeApiError({
      status: 429,
      reason: 'TooManyRequests',
      message: password,
      retryAfterMs: 5,
    });
    expect(withoutWords(error)).toMatchObject({ status: 429, reason: 'TooManyRequests', retryAfterMs: 5 });
  });
});
