import { isUtf8 } from 'node:buffer';
import type { SecretTransform } from '../api/generated/service-binding.ts';
import type { JsonObject } from '../base/json.ts';
import { parseTemplate, renderTemplate } from '../shapes/json-path.ts';
import { isLegalKey } from '../shapes/secret-key.ts';

type AddKey = NonNullable<SecretTransform['addKey']>;

export interface Transformed {
  readonly credentials: JsonObject;
  /** What could not be done, by names of keys only. */
  readonly notes: readonly string[];
}

/**
 * `spec.secretTransforms`, in order, on the credentials before they become Secret data. A key whose JSONPath leads nowhere is
 * left out, and told: it must not be in the way of the credentials. What `addKeysFrom` adds is beside them: `copied-keys.ts`.
 */
export function applyTransforms(
  credentials: JsonObject,
  transforms: readonly SecretTransform[],
): Transformed {
  const entries = new Map<string, unknown>(Object.entries(credentials));
  const notes: string[] = [];
  for (const { addKey, renameKey, removeKey } of transforms) {
    if (addKey !== undefined) {
      const value = addedValue(addKey, entries);
      if (value !== undefined) entries.set(addKey.key, value);
      else notes.push(`the credentials have nothing for the path of the key ${JSON.stringify(addKey.key)}`);
    } else if (renameKey !== undefined) rename(entries, renameKey.from, renameKey.to);
    else if (removeKey !== undefined) entries.delete(removeKey.key);
  }
  return { credentials: Object.fromEntries(entries), notes };
}

/** What is wrong with the transforms, said before the broker is called; undefined when they can be applied. */
export function transformProblem(transforms: readonly SecretTransform[], own: OwnSecret): string | undefined {
  for (const [index, transform] of transforms.entries()) {
    const problem = problemOf(transform) ?? problemOfSource(transform, own);
    if (problem !== undefined) return `spec.secretTransforms[${index}]${problem}`;
  }
  const count = transforms.filter(({ addKeysFrom }) => addKeysFrom !== undefined).length;
  return count > maxSources
    ? `spec.secretTransforms has addKeysFrom ${count} times, ${maxSources} are allowed`
    : undefined;
}

/** The Secret of the binding. */
interface OwnSecret {
  readonly namespace: string;
  readonly secretName: string;
}

/** Each is read whenever the Secret is looked at. */
const maxSources = 8;

/** In the original Service Catalog it let everybody read every Secret of the cluster. */
function problemOfSource({ addKeysFrom }: SecretTransform, own: OwnSecret): string | undefined {
  if (addKeysFrom === undefined) return undefined;
  const { namespace, name } = addKeysFrom.secretRef;
  if (namespace !== own.namespace) {
    return `.addKeysFrom.secretRef.namespace must be "${own.namespace}": keys are copied from Secrets of the own namespace only`;
  }
  return name === own.secretName ? '.addKeysFrom names the Secret of this binding itself' : undefined;
}

function problemOf({ addKey, addKeysFrom, renameKey, removeKey }: SecretTransform): string | undefined {
  if (addKeysFrom !== undefined) return undefined;
  if (addKey === undefined && renameKey === undefined && removeKey === undefined) {
    return ' says nothing: use one of addKey, renameKey, removeKey, addKeysFrom';
  }
  const wrong = illegalKeyOf({ 'addKey.key': addKey?.key, 'renameKey.to': renameKey?.to });
  if (wrong !== undefined) return `.${wrong} is not a legal key of a Secret`;
  return addKey && problemOfAdded(addKey);
}

function problemOfAdded({ key, jsonPathExpression, stringValue, value }: AddKey): string | undefined {
  if (jsonPathExpression) {
    const template = parseTemplate(jsonPathExpression);
    return template.kind === 'illegal' ? `.addKey.jsonPathExpression ${template.message}` : undefined;
  }
  if (stringValue !== undefined || isUtf8(Buffer.from(value ?? '', 'base64'))) return undefined;
  return `.addKey.value of ${JSON.stringify(key)} is not text in UTF-8, and would be changed`;
}

/** The first field whose value can be no key, in words; nothing of a Secret could be made of it. */
function illegalKeyOf(fields: Readonly<Record<string, string | undefined>>): string | undefined {
  const found = Object.entries(fields).find(([, key]) => key !== undefined && !isLegalKey(key));
  return found && `${found[0]} ${JSON.stringify(found[1]?.slice(0, 40))}`;
}

/** `jsonPathExpression` wins over `stringValue`, and that over `value`, as in the original; `value` is base64. */
function addedValue(
  { jsonPathExpression, stringValue, value }: AddKey,
  entries: ReadonlyMap<string, unknown>,
): string | undefined {
  if (!jsonPathExpression) return stringValue ?? Buffer.from(value ?? '', 'base64').toString('utf8');
  const template = parseTemplate(jsonPathExpression);
  return template.kind === 'illegal'
    ? undefined
    : renderTemplate(template.pieces, Object.fromEntries(entries));
}

function rename(entries: Map<string, unknown>, from: string, to: string): void {
  if (!entries.has(from)) return;
  entries.set(to, entries.get(from));
  if (from !== to) entries.delete(from);
}
