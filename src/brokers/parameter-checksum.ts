import { jsonChecksum, keyedChecksum } from '../base/hash.ts';
import { foldedFrom } from '../base/folded-json.ts';
import { jsonEqual, type JsonObject } from '../base/json.ts';
import type { Key } from './checksum-key.ts';

/** What a status says of parameters that were sent, or were about to be. */
export interface RecordedParameters {
  readonly parameterChecksum?: string;
  /** Values from Secrets are "<redacted>"; see `shownInStatus`. */
  readonly parameters?: object;
}

/**
 * The checksum of parameters for a status, as `<id of the key>.<HMAC>`: whoever reads it can not try out passwords. It
 * is the recorded one when that is of the same parameters, also one of before there were keys. One of a key that is lost
 * tells nothing; then parameters of which everything that is no secret is as it was are taken for unchanged, since
 * changing a service, or cleaning up after an attempt, for no reason would be worse than to wait for
 * `spec.updateRequests`.
 */
export function parameterChecksum(
  key: Key,
  parameters: JsonObject,
  redacted: JsonObject,
  recorded: readonly (RecordedParameters | null | undefined)[],
): string {
  const checksum = checksumBy(key, parameters);
  const known = recorded.find((record) => isOfSame(record, key, checksum, parameters, redacted));
  return known?.parameterChecksum ?? checksum;
}

export function checksumBy(key: Key, parameters: JsonObject): string {
  return `${key.id}.${keyedChecksum(key.text, parameters)}`;
}

/** The id of the key that made a checksum; undefined for one of before there were keys. */
export function keyIdOf(checksum: string): string | undefined {
  const at = checksum.indexOf('.');
  return at < 0 ? undefined : checksum.slice(0, at);
}

function isOfSame(
  record: RecordedParameters | null | undefined,
  key: Key,
  checksum: string,
  parameters: JsonObject,
  redacted: JsonObject,
): boolean {
  const known = record?.parameterChecksum;
  if (!known) return false;
  const [id, keyed] = known.split('.');
  if (keyed === undefined) return known === jsonChecksum(parameters);
  if (id === key.id) return known === checksum;
  // Whole ones were written once, however large.
  const shown = record?.parameters;
  return jsonEqual(shown, shownInStatus(redacted)) || jsonEqual(shown, redacted);
}

/**
 * Parameters as a status has them. It holds them twice at times, beside those of the spec: large ones would not fit into
 * the object any more, so there is only what tells them from others.
 */
export function shownInStatus(redacted: JsonObject): JsonObject {
  const text = JSON.stringify(redacted);
  if (text.length < foldedFrom) return redacted;
  return { '<omitted>': `${Buffer.byteLength(text)} bytes, sha256:${jsonChecksum(redacted)}` };
}
