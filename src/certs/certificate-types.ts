/** A certificate and its private key, PEM. The key is never logged. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** When a certificate is valid, milliseconds since the epoch. X.509 knows whole seconds only. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface LeafNames {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}
