/** Kubernetes: ConfigMap and Secret keys. */
const legalKey = /^[-._a-zA-Z0-9]{1,253}$/;

export function isLegalKey(key: string): boolean {
  return legalKey.test(key) && key !== '.' && !key.startsWith('..');
}

/** Kubernetes: the sum of all values of a Secret. */
export const maxSizeBytes = 1024 * 1024;

/** Nobody mounts more. 100,000 small ones would fit into a Secret, and writing it takes seconds of everybody's time. */
export const maxKeys = 1000;
