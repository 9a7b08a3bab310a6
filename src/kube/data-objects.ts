import type { KubeObject } from './objects.ts';

/** The part of a v1 Secret that is read here. Never kept in a store. */
export interface SecretObject extends KubeObject {
  readonly type?: string;
  /** Base64. */
  readonly data?: Readonly<Record<string, string>>;
}

/** The part of a v1 ConfigMap that is read here. */
export interface ConfigMapObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** A Secret's value as UTF-8 text. */
export function decodeBase64(encoded: string): string {
  return Buffer.from(encoded, 'base64').toString('utf8');
}
