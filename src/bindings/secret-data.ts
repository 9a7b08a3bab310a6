import { JsonText } from '../base/json-text.ts';
import { isObject, parseExact, type JsonObject } from '../base/json.ts';
import { textOf } from '../shapes/additions.ts';
import { isLegalKey, maxKeys, maxSizeBytes } from '../shapes/secret-key.ts';

/** Data of a Secret before encoding: key → text. */
export type SecretText = Readonly<Record<string, string>>;

export type SecretData =
  | { readonly kind: 'data'; readonly data: SecretText; readonly type: string }
  /** It can not be stored as it is; `message` names keys and sizes, never values. */
  | { readonly kind: 'refused'; readonly message: string };

/**
 * Credentials as Secret data: a string as it is, anything else as compact JSON with its numbers unchanged. The
 * entries `type` and `provider` are added when the credentials have none: readers of the directory layout need them
 * (Service Binding Specification, Workload Projection).
 */
export function secretData(
  credentials: JsonObject,
  defaults: { readonly type: string; readonly provider: string },
): SecretData {
  const count = Object.keys(credentials).length;
  if (count > maxKeys) {
    const remedy =
      'the broker has to put them together, into one JSON value, or removeKey of spec.secretTransforms leaves some out';
    return {
      kind: 'refused',
      message: `the credentials have ${count} keys, ${maxKeys} are allowed; ${remedy}`,
    };
  }
  const entries = new Map<string, string>();
  for (const [key, value] of Object.entries(credentials)) {
    entries.set(key, textOf(value));
  }
  const illegal = [...entries.keys()].filter((key) => !isLegalKey(key));
  if (illegal.length > 0) {
    return { kind: 'refused', message: `credential names are not legal keys of a Secret: ${shown(illegal)}` };
  }
  // Half of a surrogate pair has no bytes: another value would be stored.
  const broken = [...entries].flatMap(([key, value]) => (value.isWellFormed() ? [] : [key]));
  if (broken.length > 0) return { kind: 'refused', message: `credentials are not text: ${shown(broken)}` };

  if (!entries.has('type')) entries.set('type', defaults.type);
  if (!entries.has('provider')) entries.set('provider', defaults.provider);
  const sizes = [...entries].map(([key, value]) => ({ key, bytes: Buffer.byteLength(value) }));
  const sizeBytes = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  if (sizeBytes > maxSizeBytes) {
    const largest = sizes.reduce((most, one) => (one.bytes > most.bytes ? one : most));
    const which = `the largest is ${JSON.stringify(largest.key)} with ${largest.bytes}`;
    return {
      kind: 'refused',
      message: `the credentials take ${sizeBytes} bytes, a Secret holds ${maxSizeBytes}; ${which}`,
    };
  }
  const type = secretType(entries.get('type') ?? defaults.type);
  return { kind: 'data', data: Object.fromEntries(entries), type };
}

function shown(keys: readonly string[]): string {
  return keys
    .slice(0, 3)
    .map((key) => JSON.stringify(key.slice(0, 40)))
    .join(', ');
}

/** Of what a broker says; less is used. */
const maxTypeLength = 256;

/** `servicebinding.io/<type>`; what is not fit for it is replaced (Service Binding Specification, Provisioned Service). */
export function secretType(type: string): string {
  // What ends a run of marks is looked for from each of them: a broker may say a megabyte of these.
  const fit = type
    .slice(0, maxTypeLength)
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 63);
  return `servicebinding.io/${fit || 'service'}`;
}

/** An empty object for a broker that sent none: legal for services that hand out no credentials. */
export function credentialsOf(credentials: unknown): JsonObject {
  if (credentials instanceof JsonText) return credentialsOf(parseExact(credentials.text));
  return isObject(credentials) ? credentials : {};
}
