import type { ClusterServiceBroker } from '../api/generated/cluster-service-broker.ts';
import type { ServiceBroker } from '../api/generated/service-broker.ts';
import { memoized } from '../base/memo.ts';
import { Withheld } from '../control/withheld.ts';
import { decodeBase64 } from '../kube/data-objects.ts';
import { maxCaBundleLength } from '../model/kept-form.ts';
import { brokerAnnotations } from '../api/broker-annotations.ts';
import { contextAnnotationsProblem } from './context-annotations.ts';

export type AnyBroker = ClusterServiceBroker | ServiceBroker;

/** A Secret or ConfigMap in a namespace, or one key of it. */
export interface MaterialRef {
  readonly namespace: string;
  readonly name: string;
}

export type AuthSource =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly secret: MaterialRef }
  | { readonly kind: 'bearer'; readonly secret: MaterialRef }
  | {
      readonly kind: 'oauth2';
      readonly secret: MaterialRef;
      readonly tokenUrl: string;
      readonly scopes: readonly string[];
    };

export type CaSource =
  | { readonly kind: 'system' }
  | { readonly kind: 'inline'; readonly pem: string }
  | { readonly kind: 'configMap' | 'secret'; readonly ref: MaterialRef; readonly key: string };

/** What a broker object says about how to reach it, with nothing read yet. */
export interface BrokerSpecification {
  readonly url: string;
  readonly apiVersion: string | undefined;
  readonly insecureSkipVerify: boolean;
  readonly auth: AuthSource;
  readonly ca: CaSource;
  readonly clientCertificate: MaterialRef | undefined;
}

export type SpecificationResult =
  | { readonly kind: 'valid'; readonly specification: BrokerSpecification }
  | { readonly kind: 'invalid'; readonly message: string };

/** Thrown inside this file only, to leave nested parsing with a message for the condition. */
class InvalidBroker extends Error {}

/** Reads spec and annotations; an annotation wins over nothing, and never contradicts the spec silently. */
export const specificationOf = memoized((broker: AnyBroker): SpecificationResult => {
  try {
    return { kind: 'valid', specification: parse(broker) };
  } catch (error) {
    if (error instanceof InvalidBroker) return { kind: 'invalid', message: error.message };
    throw error;
  }
});

function parse(broker: AnyBroker): BrokerSpecification {
  const annotations = broker.metadata.annotations ?? {};
  const apiVersion = annotations[brokerAnnotations.apiVersion];
  if (apiVersion !== undefined && !/^[1-9]\d?\.\d{1,3}$/.test(apiVersion)) {
    throw new InvalidBroker(`annotation ${brokerAnnotations.apiVersion} must be MAJOR.MINOR, such as 2.17`);
  }
  const problem = contextAnnotationsProblem(annotations[brokerAnnotations.contextAnnotations] ?? '');
  if (problem !== undefined) {
    throw new InvalidBroker(`annotation ${brokerAnnotations.contextAnnotations}: ${problem}`);
  }
  const clientCertificate = annotations[brokerAnnotations.clientCertificateSecret];
  return {
    url: broker.spec.url.replace(/\/+$/, ''),
    apiVersion,
    insecureSkipVerify: broker.spec.insecureSkipTLSVerify === true,
    auth: authSource(broker),
    ca: caSource(broker),
    clientCertificate:
      clientCertificate === undefined
        ? undefined
        : annotatedRef(broker, brokerAnnotations.clientCertificateSecret, clientCertificate),
  };
}

function authSource(broker: AnyBroker): AuthSource {
  const annotations = broker.metadata.annotations ?? {};
  const { basic, bearer } = broker.spec.authInfo ?? {};
  const oauth2 = annotations[brokerAnnotations.oauth2Secret];
  const named = [basic?.secretRef, bearer?.secretRef, oauth2].filter(
    (ref) => ref !== undefined && ref !== null,
  );
  if (named.length > 1) {
    throw new InvalidBroker('only one of basic, bearer and OAuth2 authentication can be used');
  }

  if (oauth2 !== undefined) return oauth2Source(broker, oauth2);
  if (basic?.secretRef) return { kind: 'basic', secret: specRef(broker, basic.secretRef) };
  if (bearer?.secretRef) return { kind: 'bearer', secret: specRef(broker, bearer.secretRef) };
  return { kind: 'none' };
}

function oauth2Source(broker: AnyBroker, secret: string): AuthSource {
  const annotations = broker.metadata.annotations ?? {};
  const tokenUrl = annotations[brokerAnnotations.oauth2TokenUrl];
  if (tokenUrl === undefined || !URL.canParse(tokenUrl)) {
    throw new InvalidBroker(`annotation ${brokerAnnotations.oauth2TokenUrl} must be a URL`);
  }
  return {
    kind: 'oauth2',
    secret: annotatedRef(broker, brokerAnnotations.oauth2Secret, secret),
    tokenUrl,
    scopes: (annotations[brokerAnnotations.oauth2Scopes] ?? '').split(/\s+/).filter((scope) => scope !== ''),
  };
}

function caSource(broker: AnyBroker): CaSource {
  const annotations = broker.metadata.annotations ?? {};
  const { caBundle } = broker.spec;
  const configMap = annotations[brokerAnnotations.caConfigMap];
  const secret = annotations[brokerAnnotations.caSecret];
  if ([caBundle || undefined, configMap, secret].filter((source) => source !== undefined).length > 1) {
    throw new InvalidBroker(
      `only one of spec.caBundle, ${brokerAnnotations.caConfigMap} and ${brokerAnnotations.caSecret} can be used`,
    );
  }

  if (configMap !== undefined) {
    return { kind: 'configMap', ...annotatedKey(broker, brokerAnnotations.caConfigMap, configMap) };
  }
  if (secret !== undefined) {
    return { kind: 'secret', ...annotatedKey(broker, brokerAnnotations.caSecret, secret) };
  }
  const withheld: unknown = caBundle;
  if (withheld instanceof Withheld) {
    throw new InvalidBroker(`spec.caBundle has ${withheld.bytes} bytes, ${maxCaBundleLength} are allowed`);
  }
  return caBundle ? { kind: 'inline', pem: decodeBase64(caBundle) } : { kind: 'system' };
}

/** `authInfo.*.secretRef`: with a namespace on a ClusterServiceBroker, always the own one on a ServiceBroker. */
function specRef(
  broker: AnyBroker,
  ref: { readonly namespace?: string | null; readonly name?: string | null },
): MaterialRef {
  const namespace = broker.metadata.namespace ?? ref.namespace;
  if (!ref.name || !namespace)
    throw new InvalidBroker('spec.authInfo has a secretRef without name or namespace');
  return { namespace, name: ref.name };
}

function annotatedKey(
  broker: AnyBroker,
  annotation: string,
  value: string,
): { readonly ref: MaterialRef; readonly key: string } {
  const colon = value.indexOf(':');
  return colon < 0
    ? { ref: annotatedRef(broker, annotation, value), key: 'ca.crt' }
    : { ref: annotatedRef(broker, annotation, value.slice(0, colon)), key: value.slice(colon + 1) };
}

/** A ServiceBroker can not reach into another namespace: its author may have no rights there. */
function annotatedRef(broker: AnyBroker, annotation: string, value: string): MaterialRef {
  const own = broker.metadata.namespace;
  const parts = value.split('/');
  const [first, second] = parts;
  if (own !== undefined) {
    if (!first || parts.length !== 1) {
      throw new InvalidBroker(`annotation ${annotation} must be a name in the broker's own namespace`);
    }
    return { namespace: own, name: first };
  }
  if (!first || !second || parts.length !== 2) {
    throw new InvalidBroker(`annotation ${annotation} must be namespace/name`);
  }
  return { namespace: first, name: second };
}
