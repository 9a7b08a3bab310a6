import { brokerAnnotations } from '../api/broker-annotations.ts';
import {
  specificationOf,
  type AnyBroker,
  type BrokerSpecification,
  type MaterialRef,
} from '../brokers/broker-settings.ts';
import type { FailureReason } from '../osb/outcome-types.ts';

/**
 * What an operator can do about a catalog that can not be fetched, in the terms of the broker object: a sentence for
 * its condition, or undefined where the failure says it all.
 */
export function nextStep(reason: FailureReason, broker: AnyBroker): string | undefined {
  const parsed = specificationOf(broker);
  return parsed.kind === 'valid' ? steps[reason]?.(parsed.specification) : undefined;
}

type NextStep = (specification: BrokerSpecification) => string | undefined;

const steps: Partial<Record<FailureReason, NextStep>> = {
  AddressRefused: () => 'Of these only loopback can be allowed: --allow-loopback-brokers of the controller.',
  ConnectionReset: ({ url, clientCertificate }) => {
    if (!url.startsWith('https:')) return 'A port that speaks TLS does this: is it https?';
    return clientCertificate === undefined
      ? `A broker that asks for a client certificate does this: annotation ${brokerAnnotations.clientCertificateSecret}.`
      : `A broker that does not accept the client certificate does this: it is in Secret ${quoted(clientCertificate)}.`;
  },
  TLSUntrusted: ({ ca }) => {
    if (ca.kind === 'system') {
      return `The authority that signed it can be given in spec.caBundle, or with the annotation ${brokerAnnotations.caConfigMap}.`;
    }
    const place = ca.kind === 'inline' ? 'spec.caBundle' : quoted(ca.ref);
    return `The trusted authorities are those of ${place}.`;
  },
  Unauthorized: login,
  Forbidden: login,
  TokenFailure: login,
  UnsupportedVersion: () =>
    `The annotation ${brokerAnnotations.apiVersion} sets the version that is sent, 2.17 without it.`,
  NotFound: address,
  MalformedResponse: address,
  BodyTooLarge: () =>
    'The controller sets the limits: --max-catalog-bytes, --max-catalog-services, --max-catalog-plans.',
};

function login({ auth }: BrokerSpecification): string {
  return auth.kind === 'none'
    ? 'The broker object names no credentials: spec.authInfo.'
    : `The credentials are those of Secret ${quoted(auth.secret)}.`;
}

/** Without the URL: somebody may have put a password into it. */
function address(): string {
  return 'Is it a broker? Its catalog was looked for at spec.url with /v2/catalog appended.';
}

function quoted({ namespace, name }: MaterialRef): string {
  return `"${namespace}/${name}"`;
}
