import { createHmac, hash } from 'node:crypto';
import { canonicalJson } from './json.ts';

/** Lower-case hex SHA-224, 56 characters: the value of Service Catalog's query labels. */
export function sha224Hex(text: string): string {
  return hash('sha224', text);
}

/** Lower-case hex SHA-256, 64 characters. */
export function sha256Hex(text: string): string {
  return hash('sha256', text);
}

/** Lower-case hex MD5, 32 characters. Only for names that the original Service Catalog built with it. */
export function md5Hex(text: string): string {
  return hash('md5', text);
}

/** Checksum of a JSON value that does not depend on key order. */
export function jsonChecksum(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}

/** Checksum that can not be guessed from a dictionary of values without the key. */
export function keyedChecksum(key: string, value: unknown): string {
  return createHmac('sha256', key).update(canonicalJson(value)).digest('hex');
}
