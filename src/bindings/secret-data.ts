import type { SecretTransform } from '../api/generated/service-binding.ts';
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
    const shown = illegal
      .slice(0, 3)
      .map((key) => JSON.stringify(key.slice(0, 40)))
      .join(', ');
    return { kind: 'refused', message: `credential names are not legal keys of a Secret: ${shown}` };
  }

  if (!entries.has('type')) entries.set('type', defaults.type);
  if (!entries.has('provider')) entries.set('provider', defaults.provider);
  let sizeBytes = 0;
  for (const value of entries.values()) sizeBytes += Buffer.byteLength(value);
  if (sizeBytes > maxSizeBytes) {
    return {
      kind: 'refused',
      message: `the credentials take ${sizeBytes} bytes, a Secret holds ${maxSizeBytes}`,
    };
  }
  const type = secretType(entries.get('type') ?? defaults.type);
  return { kind: 'data', data: Object.fromEntries(entries), type };
}

/** `servicebinding.io/<type>`; what is not fit for it is replaced (Service Binding Specification, Provisioned Service). */
export function secretType(type: string): string {
  const fit = type
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

/**
 * `spec.secretTransforms`, in order, on the credentials before they become Secret data. `addKeysFrom` is refused: in
 * the original Service Catalog it let everybody read every Secret of the cluster. JSONPath is not evaluated.
 */
export function applyTransforms(credentials: JsonObject, transforms: readonly SecretTransform[]): JsonObject {
  const entries = new Map<string, unknown>(Object.entries(credentials));
  for (const { addKey, renameKey, removeKey } of transforms) {
    if (addKey !== undefined) entries.set(addKey.key, addedValue(addKey));
    else if (renameKey !== undefined) rename(entries, renameKey.from, renameKey.to);
    else if (removeKey !== undefined) entries.delete(removeKey.key);
  }
  return Object.fromEntries(entries);
}

/** What is wrong with the transforms, said before the broker is called; undefined when they can be applied. */
export function transformProblem(transforms: readonly SecretTransform[]): string | undefined {
  for (const [index, { addKey, addKeysFrom, renameKey, removeKey }] of transforms.entries()) {
    const where = `spec.secretTransforms[${index}]`;
    if (addKeysFrom !== undefined) {
      return `${where}.addKeysFrom is not supported: it would read Secrets with the controller's rights; mount that Secret into the Pod instead`;
    }
    if (addKey?.jsonPathExpression) {
      return `${where}.addKey.jsonPathExpression is not supported yet; use stringValue or value, or rename a key`;
    }
    if (addKey === undefined && renameKey === undefined && removeKey === undefined) {
      return `${where} says nothing: use one of addKey, renameKey, removeKey`;
    }
    const wrong = illegalKeyOf({ 'addKey.key': addKey?.key, 'renameKey.to': renameKey?.to });
    if (wrong !== undefined) return `${where}.${wrong} is not a legal key of a Secret`;
  }
  return undefined;
}

/** The first field whose value can be no key, in words; nothing of a Secret could be made of it. */
function illegalKeyOf(fields: Readonly<Record<string, string | undefined>>): string | undefined {
  const found = Object.entries(fields).find(([, key]) => key !== undefined && !isLegalKey(key));
  return found && `${found[0]} ${JSON.stringify(found[1]?.slice(0, 40))}`;
}

function addedValue({ stringValue, value }: NonNullable<SecretTransform['addKey']>): string {
  // `stringValue` wins over `value`, as in the original; `value` is base64.
  return stringValue ?? Buffer.from(value ?? '', 'base64').toString('utf8');
}

function rename(entries: Map<string, unknown>, from: string, to: string): void {
  if (!entries.has(from)) return;
  entries.set(to, entries.get(from));
  if (from !== to) entries.delete(from);
}
