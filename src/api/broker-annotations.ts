import { orphanMitigationAnnotation } from '../api/group.ts';

/**
 * Annotations on a ClusterServiceBroker or ServiceBroker, for what the v1beta1 spec has no field for: clients of
 * Service Catalog v0.3 drop unknown spec fields when they write, annotations survive.
 *
 * A reference is `name` on a ServiceBroker (its own namespace) and `namespace/name` on a ClusterServiceBroker;
 * a certificate authority's may end with `:key`.
 */
export const brokerAnnotations = {
  /** Value of X-Broker-API-Version, e.g. "2.14". Default "2.17". */
  apiVersion: 'servicecatalog.k8s.io/osb-api-version',
  /** ConfigMap with the PEM certificates that replace the system's roots. Key `ca.crt` unless `:key` is given. */
  caConfigMap: 'servicecatalog.k8s.io/ca-configmap',
  /** The same from a Secret. */
  caSecret: 'servicecatalog.k8s.io/ca-secret',
  /** Secret of type kubernetes.io/tls with the client certificate for mutual TLS: keys `tls.crt`, `tls.key`. */
  clientCertificateSecret: 'servicecatalog.k8s.io/client-certificate-secret',
  /** Secret with the OAuth2 client credentials: keys `client_id`, `client_secret`. */
  oauth2Secret: 'servicecatalog.k8s.io/oauth2-secret',
  /** Where the OAuth2 token comes from; https, or http to a loopback address where that is allowed. */
  oauth2TokenUrl: 'servicecatalog.k8s.io/oauth2-token-url',
  /** Scopes to ask for, separated by spaces. */
  oauth2Scopes: 'servicecatalog.k8s.io/oauth2-scopes',
  /** Annotations of namespaces and instances that the broker is shown: see context-annotations.ts. None by default. */
  contextAnnotations: 'servicecatalog.k8s.io/context-annotations',
  /** Also on instances: see orphan-mitigation.ts. */
  orphanMitigation: orphanMitigationAnnotation,
} as const;
