import { secretKeysAnnotation } from '../api/group.ts';
import { isObject, parseExact, type JsonObject } from '../base/json.ts';
import { decodeBase64, type SecretObject } from '../kube/data-objects.ts';

/** What an annotation on a Secret says about its keys, so that what was received can be told from what was added. */
interface SecretNote {
  /** Added by us. All others are the broker's, or somebody has put them there. */
  readonly added: readonly string[];
  /** Of the others those whose text is JSON; the rest are texts. */
  readonly json: readonly string[];
  /** From other Secrets: neither the broker's nor ours. */
  readonly copied?: readonly string[];
}

/** Whoever watches Secrets gets it too. */
const maxLength = 16 * 1024;

/** Undefined when it would be too long: the Secret is stored all the same, and can not be shaped anew. */
export function noteOf({ added, json, copied = [] }: SecretNote): string | undefined {
  const text = JSON.stringify({ added, json, ...(copied.length === 0 ? {} : { copied }) });
  return text.length > maxLength ? undefined : text;
}

/** The credentials as they were when the Secret was written; undefined where nothing says which keys are theirs. */
export function credentialsIn(
  secret: SecretObject,
): (Required<SecretNote> & { readonly credentials: JsonObject }) | undefined {
  const text = secret.metadata.annotations?.[secretKeysAnnotation] ?? '';
  // A longer one is somebody else's.
  const note = text.length > maxLength ? undefined : parsed(text);
  if (!isObject(note)) return undefined;
  const { added, json, copied = [] } = note;
  if (!isTexts(added) || !isTexts(json) || !isTexts(copied)) return undefined;
  // Whoever may edit the Secret may have put a hundred thousand keys there.
  const [isOfOthers, isJson] = [new Set([...added, ...copied]), new Set(json)];
  const own = Object.entries(secret.data ?? {}).filter(([key]) => !isOfOthers.has(key));
  const credentials = own.map(([key, encoded]) => {
    const received = decodeBase64(encoded);
    const value = isJson.has(key) ? parsed(received) : undefined;
    // What is no JSON any more was edited by somebody. `null` is JSON.
    return [key, value === undefined ? received : value] as const;
  });
  return { credentials: Object.fromEntries(credentials), added, json, copied };
}

/** Keys of a Secret that came from other Secrets. */
export function copiedIn(secret: SecretObject | undefined): readonly string[] {
  return secret === undefined ? [] : (credentialsIn(secret)?.copied ?? []);
}

function parsed(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    return undefined;
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
