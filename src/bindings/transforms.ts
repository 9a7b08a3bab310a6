import type { SecretTransform } from '../api/generated/service-binding.ts';
import type { JsonObject } from '../base/json.ts';

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
  }
  return undefined;
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
