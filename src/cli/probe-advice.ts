import { brokerAnnotations } from '../api/broker-annotations.ts';
import type { BrokerClientOptions } from '../osb/options.ts';
import type { FailureReason } from '../osb/outcome-types.ts';

/** What to do about a broker that is not usable, in one sentence: the flag or the setting that it is about. */
export function adviceAfter(reason: FailureReason, options: BrokerClientOptions): string {
  return advice[reason]?.(options) ?? 'see what the broker logs';
}

/** How the object of a usable broker has to look. */
export function registration(options: BrokerClientOptions): string {
  const parts = [
    `spec.url ${options.url}`,
    ...authParts(options),
    ...tlsParts(options),
    ...otherParts(options),
  ];
  return `register it: a ClusterServiceBroker or ServiceBroker with ${parts.join(', ')}`;
}

type Advice = (options: BrokerClientOptions) => string;

const advice: Partial<Record<FailureReason, Advice>> = {
  AddressRefused: () =>
    'where it is loopback and meant to be: --allow-loopback-brokers, here and for the controller',
  DNSFailure: () => 'check the host name; the controller may know names that are not known here',
  ConnectionRefused: () => 'check host and port, and that the broker is running',
  ConnectionFailed: () => 'check host and port, and the network between here and there',
  Timeout: () => 'check host and port, and firewalls on the way; --broker-timeout waits for longer',
  ProxyFailure: () => 'check HTTPS_PROXY, HTTP_PROXY and NO_PROXY',
  ConnectionReset: ({ url, tls }) => {
    if (!url.startsWith('https:')) return 'a port that speaks TLS does this: try https';
    // With TLS 1.3 a server sees our certificate after the handshake, and most then say nothing.
    return tls?.clientCertificate === undefined
      ? 'if it asks for a client certificate: --client-certificate-file'
      : 'check which authority it wants the client certificate to be from';
  },
  TLSUntrusted: ({ tls }) =>
    tls?.ca === undefined
      ? 'give the authority that signed it with --ca-file; on the object, in spec.caBundle'
      : 'the issuer is not among the authorities of --ca-file',
  TLSHostnameMismatch: () => 'use a host name that the certificate is valid for',
  TLSExpired: () => 'have its certificate renewed; or is the clock here wrong?',
  TLSFailure: () => 'does the port speak plain http, or only old versions of TLS?',
  TokenFailure: () => 'check --oauth2-token-url, the client and its secret',
  Unauthorized: login,
  Forbidden: login,
  UnsupportedVersion: () =>
    `try --api-version; on the object, the annotation ${brokerAnnotations.apiVersion}`,
  Redirect: () => 'use the URL that it redirects to',
  NotFound: address,
  MalformedResponse: address,
  BadCatalog: () => 'the broker has to mend its catalog',
};

function login({ auth, tls }: BrokerClientOptions): string {
  if (auth !== undefined) return 'check the credentials';
  const certificate = tls?.clientCertificate === undefined ? '' : ' besides the client certificate';
  return `no credentials were sent${certificate}: --username, --token-file or --oauth2-token-url`;
}

function address({ url }: BrokerClientOptions): string {
  return `is it a broker? The catalog was looked for at ${url}/v2/catalog`;
}

function authParts({ auth }: BrokerClientOptions): readonly string[] {
  switch (auth?.kind) {
    case undefined:
      return [];
    case 'basic':
      return ['spec.authInfo.basic naming a Secret with the keys username and password'];
    case 'bearer':
      return ['spec.authInfo.bearer naming a Secret with the key token'];
    case 'oauth2':
      return [`the annotations ${brokerAnnotations.oauth2TokenUrl} and ${brokerAnnotations.oauth2Secret}`];
  }
}

function tlsParts({ tls }: BrokerClientOptions): readonly string[] {
  return [
    ...(tls?.ca === undefined ? [] : ['the authorities in spec.caBundle']),
    ...(tls?.insecureSkipVerify === true ? ['spec.insecureSkipTLSVerify'] : []),
    ...(tls?.clientCertificate === undefined
      ? []
      : [`the annotation ${brokerAnnotations.clientCertificateSecret}`]),
  ];
}

function otherParts({ apiVersion, allowLoopback }: BrokerClientOptions): readonly string[] {
  return [
    ...(apiVersion === undefined ? [] : [`the annotation ${brokerAnnotations.apiVersion}`]),
    ...(allowLoopback === true ? ['and a controller that runs with --allow-loopback-brokers'] : []),
  ];
}
