import { brokerAnnotations } from '../../../src/api/broker-annotations.ts';
import { specificationOf, type AnyBroker } from '../../../src/brokers/broker-settings.ts';

const secretRef = { namespace: 's', name: 'auth' };
const {
  contextAnnotations,
  apiVersion,
  caConfigMap,
  caSecret,
  clientCertificateSecret,
  oauth2Scopes,
  oauth2Secret,
  oauth2TokenUrl,
} = brokerAnnotations;

describe('what a broker object says about reaching it', () => {
  it('is its URL alone in the simplest case', () => {
    expect(specificationOf(broker({ url: 'https://broker.example/' }))).toEqual({
      kind: 'valid',
      specification: {
        url: 'https://broker.example',
        apiVersion: undefined,
        insecureSkipVerify: false,
        auth: { kind: 'none' },
        ca: { kind: 'system' },
        clientCertificate: undefined,
      },
    });
  });

  const valid: readonly [string, AnyBroker, object][] = [
    [
      'basic authentication',
      broker({ authInfo: { basic: { secretRef } } }),
      { auth: { kind: 'basic', secret: secretRef } },
    ],
    [
      'a bearer token',
      broker({ authInfo: { bearer: { secretRef } } }),
      { auth: { kind: 'bearer', secret: secretRef } },
    ],
    [
      "a Secret in a ServiceBroker's own namespace",
      namespacedBroker({ authInfo: { basic: { secretRef: { name: 'auth' } } } }),
      { auth: { kind: 'basic', secret: { namespace: 'n', name: 'auth' } } },
    ],
    [
      'a Secret of a ServiceBroker, whatever namespace it names',
      namespacedBroker({ authInfo: { basic: { secretRef } } }),
      { auth: { kind: 'basic', secret: { namespace: 'n', name: 'auth' } } },
    ],
    [
      'OAuth2 client credentials',
      broker({}, { [oauth2Secret]: 's/oauth', [oauth2TokenUrl]: 'https://t/', [oauth2Scopes]: ' a  b ' }),
      {
        auth: {
          kind: 'oauth2',
          secret: { namespace: 's', name: 'oauth' },
          tokenUrl: 'https://t/',
          scopes: ['a', 'b'],
        },
      },
    ],
    ['an API version', broker({}, { [apiVersion]: '2.14' }), { apiVersion: '2.14' }],
    ['no verification', broker({ insecureSkipTLSVerify: true }), { insecureSkipVerify: true }],
    [
      'an inline authority',
      broker({ caBundle: Buffer.from('PEM').toString('base64') }),
      { ca: { kind: 'inline', pem: 'PEM' } },
    ],
    ['an empty inline authority', broker({ caBundle: '' }), { ca: { kind: 'system' } }],
    [
      'an authority from a ConfigMap',
      broker({}, { [caConfigMap]: 's/ca' }),
      { ca: { kind: 'configMap', ref: { namespace: 's', name: 'ca' }, key: 'ca.crt' } },
    ],
    [
      'an authority from a key of a Secret',
      namespacedBroker({}, { [caSecret]: 'ca:root.pem' }),
      { ca: { kind: 'secret', ref: { namespace: 'n', name: 'ca' }, key: 'root.pem' } },
    ],
    [
      'a client certificate',
      namespacedBroker({}, { [clientCertificateSecret]: 'tls' }),
      { clientCertificate: { namespace: 'n', name: 'tls' } },
    ],
  ];

  it.each(valid)('can be %s', (_name, object, expected) => {
    expect(specificationOf(object)).toMatchObject({ kind: 'valid', specification: expected });
  });

  const invalid: readonly [string, AnyBroker, string][] = [
    ['an API version that is none', broker({}, { [apiVersion]: 'two' }), 'MAJOR.MINOR'],
    ['an API version with a line break', broker({}, { [apiVersion]: '2.17\nX: y' }), 'MAJOR.MINOR'],
    [
      'two kinds of authentication',
      broker(
        { authInfo: { basic: { secretRef } } },
        { [oauth2Secret]: 's/o', [oauth2TokenUrl]: 'https://t' },
      ),
      'only one of basic, bearer and OAuth2',
    ],
    ['OAuth2 without a token URL', broker({}, { [oauth2Secret]: 's/o' }), oauth2TokenUrl],
    ['two authorities', broker({ caBundle: 'UEVN' }, { [caConfigMap]: 's/ca' }), 'only one of spec.caBundle'],
    [
      'a reference without namespace on a ClusterServiceBroker',
      broker({}, { [caSecret]: 'ca' }),
      'namespace/name',
    ],
    [
      'a list of annotations that means nothing',
      broker({}, { [contextAnnotations]: 'a*b' }),
      '"a*b" is neither',
    ],
    ['a reference with an empty name', broker({}, { [caSecret]: 's/' }), 'namespace/name'],
    [
      'a reference of a ServiceBroker to another namespace',
      namespacedBroker({}, { [clientCertificateSecret]: 'other/tls' }),
      "in the broker's own namespace",
    ],
  ];

  it.each(invalid)('can not be %s', (_name, object, message) => {
    expect(specificationOf(object)).toEqual({ kind: 'invalid', message: expect.stringContaining(message) });
  });
});

function broker(spec: object, annotations?: Readonly<Record<string, string>>): AnyBroker {
  return {
    metadata: { name: 'b', ...(annotations === undefined ? {} : { annotations }) },
    spec: { url: 'https://broker.example', ...spec },
  };
}

function namespacedBroker(spec: object, annotations?: Readonly<Record<string, string>>): AnyBroker {
  const { metadata, ...rest } = broker(spec, annotations);
  return { ...rest, metadata: { ...metadata, namespace: 'n' } };
}
