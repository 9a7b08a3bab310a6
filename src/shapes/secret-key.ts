const legalKey = /^[-._a-zA-Z0-9]+$/;

/** Kubernetes: ConfigMap and Secret keys. */
export const maxKeyLength = 253;

export function isLegalKey(key: string): boolean {
  return key.length <= maxKeyLength && legalKey.test(key) && key !== '.' && !key.startsWith('..');
}

/** Kubernetes: the sum of all values of a Secret. */
export const maxSizeBytes = 1024 * 1024;

/** Nobody mounts more. 100,000 small ones would fit into a Secret, and writing it takes seconds of everybody's time. */
export const maxKeys = 1000;
