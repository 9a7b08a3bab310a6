import type { ServiceBinding, ServiceBindingSecretContent } from '../api/generated/service-binding.ts';
import { keyedChecksum } from '../base/hash.ts';
import type { Key } from '../brokers/checksum-key.ts';
import type { SecretObject } from '../kube/data-objects.ts';

/** Base64, as in a Secret. */
type Data = NonNullable<SecretObject['data']>;

/** Characters of all names: a status is kept in memory, and written often. */
const maxNamesLength = 4096;
const maxNames = 256;

/**
 * What a status says of a Secret's content. The digest is keyed, as everybody may read a status and passwords can be guessed.
 * @param keys those that are ours; what else is there is somebody's, and may come and go
 */
export function secretContentOf(
  key: Key,
  data: Data,
  keys: readonly string[] = Object.keys(data),
): ServiceBindingSecretContent {
  const names = [...keys].sort();
  return areListable(names)
    ? { digest: digestOf(key, data, names), keys: names }
    : { digest: digestOf(key, data, undefined) };
}

/** Undefined when nothing is recorded, or by another key: then it can not be compared. */
export function isAsRecorded(key: Key, data: Data, { status }: ServiceBinding): boolean | undefined {
  const recorded = status?.secretContent;
  if (recorded?.digest.startsWith(`${key.id}.`) !== true) return undefined;
  return digestOf(key, data, recorded.keys) === recorded.digest;
}

/** Keys of a Secret that are not ours, but somebody's who has put them there. */
export function keysOfOthers(data: Data, { status }: ServiceBinding): readonly string[] {
  const ours = status?.secretContent?.keys;
  return ours === undefined ? [] : Object.keys(data).filter((name) => !ours.includes(name));
}

/** Whether names can be kept in a status. Where they can not, all of a Secret counts as ours. */
export function areListable(names: readonly string[]): boolean {
  return names.length <= maxNames && names.join('').length <= maxNamesLength;
}

/** Of all keys. */
export function keysDigest(key: Key, data: Data): string {
  return digestOf(key, data, Object.keys(data).sort());
}

function digestOf({ id, text }: Key, data: Data, names: readonly string[] = Object.keys(data)): string {
  const entries = names.map((name) => [name, data[name] ?? null] as const);
  return `${id}.${keyedChecksum(text, Object.fromEntries(entries))}`;
}
