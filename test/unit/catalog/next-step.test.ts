import { nextStep } from '../../../src/catalog/next-step.ts';
import type { FailureReason } from '../../../src/osb/outcome-types.ts';

const basic = { authInfo: { basic: { secretRef: { namespace: 'n', name: 'login' } } } };
const annotated = (name: string, value: string) => ({
  annotations: { [`servicecatalog.k8s.io/${name}`]: value },
});

function stepFor(
  reason: FailureReason,
  spec: object = {},
  metadata: object = {},
  url = 'https://b.example/osb/',
): string | undefined {
  return nextStep(reason, { metadata: { name: 'acme', ...metadata }, spec: { url, ...spec } });
}

describe('what to do about a catalog that can not be fetched', () => {
  it.each<[string, string | undefined, string]>([
    ['the Secret of refused credentials', stepFor('Unauthorized', basic), 'Secret "n/login"'],
    ['that no credentials are named', stepFor('Unauthorized'), 'names no credentials: spec.authInfo'],
    ['where an authority can be given', stepFor('TLSUntrusted'), 'spec.caBundle, or with the annotation'],
    [
      'the authorities that were not enough',
      stepFor('TLSUntrusted', {}, annotated('ca-configmap', 'n/roots')),
      'are those of "n/roots"',
    ],
    ['the flag for loopback', stepFor('AddressRefused'), '--allow-loopback-brokers of the controller'],
    [
      'the annotation for client certificates',
      stepFor('ConnectionReset'),
      'servicecatalog.k8s.io/client-certificate-secret',
    ],
    [
      'the Secret of a client certificate that is there',
      stepFor('ConnectionReset', {}, annotated('client-certificate-secret', 'n/tls')),
      'Secret "n/tls"',
    ],
    ['that it may be https', stepFor('ConnectionReset', {}, {}, 'http://b.example'), 'is it https?'],
    [
      'the annotation for the version',
      stepFor('UnsupportedVersion'),
      'servicecatalog.k8s.io/osb-api-version',
    ],
    ['where the catalog was looked for', stepFor('NotFound'), 'at spec.url with /v2/catalog appended'],
  ])('names %s', (_name, step, expected) => {
    expect(step).toContain(expected);
  });

  it.each<FailureReason>(['DNSFailure', 'TLSExpired', 'ServerError'])('adds nothing to %s', (reason) => {
    expect(stepFor(reason)).toBeUndefined();
  });
});
