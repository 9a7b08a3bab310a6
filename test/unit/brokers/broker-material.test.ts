import { loadMaterial, type MaterialResult } from '../../../src/brokers/broker-material.ts';
import type { BrokerSpecification } from '../../../src/brokers/broker-settings.ts';
import { selfSigned } from '../../support/test-broker/certificates.ts';
import { apiError, ObjectReader } from './object-reader.ts';

const marker = 'swordfish-91c2';
const { certificate: pem } = await selfSigned({ commonName: 'ca' });
const nonsense = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const at = (name: string) => ({ namespace: 'n', name });

describe('what a broker needs from Secrets and ConfigMaps', () => {
  const found: readonly [string, Partial<BrokerSpecification>, object][] = [
    ['nothing', {}, { auth: undefined, tls: { ca: undefined, insecureSkipVerify: false } }],
    [
      'user name and password',
      { auth: { kind: 'basic', secret: at('basic') } },
      { auth: { kind: 'basic', username: 'u', password: marker } },
    ],
    [
      'a token, as it is',
      { auth: { kind: 'bearer', secret: at('bearer') } },
      { auth: { kind: 'bearer', token: `${marker}\n` } },
    ],
    [
      'OAuth2 client credentials',
      { auth: { kind: 'oauth2', secret: at('oauth'), tokenUrl: 'https://t', scopes: ['s'] } },
      {
        auth: {
          kind: 'oauth2',
          clientId: 'id',
          clientSecret: marker,
          tokenUrl: 'https://t',
          scopes: ['s'],
        },
      },
    ],
    [
      'an authority of a ConfigMap',
      { ca: { kind: 'configMap', ref: at('ca'), key: 'ca.crt' } },
      { tls: { ca: pem } },
    ],
    [
      'an authority of a Secret',
      { ca: { kind: 'secret', ref: at('ca'), key: 'root' } },
      { tls: { ca: pem } },
    ],
    ['an inline authority', { ca: { kind: 'inline', pem } }, { tls: { ca: pem } }],
    [
      'a client certificate',
      { clientCertificate: at('tls') },
      { tls: { clientCertificate: 'cert', clientKey: marker } },
    ],
  ];

  it.each(found)('can be %s', async (_name, specification, material) => {
    expect(await load(specification)).toMatchObject({ kind: 'found', material });
  });

  const missing: readonly [string, Partial<BrokerSpecification>, string][] = [
    [
      'the Secret does not exist',
      { auth: { kind: 'basic', secret: at('absent') } },
      'Secret "n/absent" does not exist',
    ],
    [
      'a key is not there',
      { auth: { kind: 'bearer', secret: at('basic') } },
      'Secret "n/basic" has no key "token"',
    ],
    [
      'the ConfigMap does not exist',
      { ca: { kind: 'configMap', ref: at('absent'), key: 'ca.crt' } },
      'ConfigMap "n/absent" does not exist',
    ],
    [
      'an authority is not PEM',
      { ca: { kind: 'secret', ref: at('basic'), key: 'password' } },
      'key "password" of Secret "n/basic" holds no PEM certificate',
    ],
    [
      'an inline authority is not PEM',
      { ca: { kind: 'inline', pem: 'hello' } },
      'spec.caBundle holds no PEM',
    ],
    [
      'an inline authority can not be read',
      { ca: { kind: 'inline', pem: nonsense } },
      'spec.caBundle holds a PEM certificate that can not be read',
    ],
    [
      'there are more authorities than anybody needs',
      { ca: { kind: 'inline', pem: pem.repeat(301) } },
      'spec.caBundle holds 301 PEM certificates, more than 300',
    ],
    [
      'one of several authorities can not be read',
      { ca: { kind: 'inline', pem: `${pem}${nonsense}` } },
      'spec.caBundle holds 2 PEM certificates, of which number 2 can not be read',
    ],
    [
      'a private key is not there',
      { clientCertificate: at('basic') },
      'Secret "n/basic" has no key "tls.crt"',
    ],
  ];

  it.each(missing)('is named when %s, without any value', async (_name, specification, message) => {
    const result = await load(specification);
    expect(result).toMatchObject({ kind: 'missing', message: expect.stringContaining(message) as unknown });
    expect(JSON.stringify(result)).not.toContain(marker);
  });

  it('is read once per object', async () => {
    const reader = cluster().secret('n/both', { token: marker, 'ca.crt': pem });
    await load(
      {
        auth: { kind: 'bearer', secret: at('both') },
        ca: { kind: 'secret', ref: at('both'), key: 'ca.crt' },
      },
      reader,
    );
    expect(reader.reads).toEqual(['Secret n/both']);
  });

  it('is missing when it may not be read, and an error when nobody can tell', async () => {
    const reader = cluster();
    const specification = { auth: { kind: 'bearer', secret: at('bearer') } } as const;
    reader.failure = apiError(403, 'Forbidden');
    expect(await load(specification, reader)).toEqual({
      kind: 'missing',
      message: 'Secret "n/bearer" may not be read',
      gone: false,
    });
    reader.failure = apiError(503, 'ServiceUnavailable');
    await expect(load(specification, reader)).rejects.toMatchObject({ status: 503 });
  });
});

function cluster(): ObjectReader {
  return new ObjectReader()
    .secret('n/basic', { username: 'u', password: marker })
    .secret('n/bearer', { token: `${marker}\n` })
    .secret('n/oauth', { client_id: 'id', client_secret: marker })
    .secret('n/tls', { 'tls.crt': 'cert', 'tls.key': marker })
    .secret('n/ca', { root: pem })
    .configMap('n/ca', { 'ca.crt': pem });
}

function load(specification: Partial<BrokerSpecification>, reader = cluster()): Promise<MaterialResult> {
  const whole: BrokerSpecification = {
    url: 'https://broker.example',
    apiVersion: undefined,
    insecureSkipVerify: false,
    auth: { kind: 'none' },
    ca: { kind: 'system' },
    clientCertificate: undefined,
    ...specification,
  };
  return loadMaterial(whole, reader.client, new AbortController().signal);
}
