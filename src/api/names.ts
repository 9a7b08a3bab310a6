/** Kubernetes names that follow from something else. */
import { md5Hex, sha256Hex } from '../base/hash.ts';
import { canonicalJson, parseExact } from '../base/json.ts';

/** A label's length: the most that a class or plan, and the Secret of a binding, may have. */
const maxNameLength = 63;
const digestLength = 8;

/**
 * Kubernetes name of the class or plan with this id at its broker, as the original service catalog made it: existing
 * objects, manifests and owner references depend on every character of it.
 *
 * Lower-case letters up to `y`, digits and inner `-` and `.` stay, except where a dot would meet a dot or a dash;
 * everything else becomes `z<hex of the code point>z`. What is then longer than 63 characters is cut and ends in the
 * MD5 of the id.
 */
export function escapeName(id: string): string {
  const characters = Array.from(id);
  let name = '';
  // What stands unescaped right before; an escape ends in `z` and joins with anything.
  let before = '';
  for (const [index, character] of characters.entries()) {
    const isInner = index > 0 && index < characters.length - 1;
    const stays = /[a-y0-9]/.test(character) || (isInner && isSeparatorAfter(character, before));
    name += stays ? character : escapeCharacter(character);
    before = stays ? character : '';
  }
  return name.length > maxNameLength ? `${name.slice(0, 30).replace(/\.$/, '')}-${md5Hex(id)}` : name;
}

/**
 * Whether a class or plan of this name is what a catalog gave, as its name follows from its id. Service Catalog once used
 * the raw id. Whoever copies one by hand has to give it another name.
 */
export function isNamedAfter(id: string, name: string): boolean {
  return name === id || name === escapeName(id);
}

function isSeparatorAfter(character: string, before: string): boolean {
  return (character === '-' && before !== '.') || (character === '.' && before !== '.' && before !== '-');
}

function escapeCharacter(character: string): string {
  return `z${(character.codePointAt(0) ?? 0).toString(16)}z`;
}

/**
 * Name of the instance and the binding that are made for an annotation: the same for equal requests, whoever makes
 * them, and different when source or parameters differ. A legal object and Secret name of at most 63 characters.
 * @param name what follows the `/` in the annotation's key
 * @param source the annotation's value, such as `request/postgresql/small`
 * @param parameters value of the parameter annotation; JSON counts by its content, not by its spelling
 */
export function generatedName(name: string, source: string, parameters = ''): string {
  const room = maxNameLength - digestLength - 1;
  const request = `${source}\n${canonical(parameters)}`;
  if (name.length <= room) return `${name}-${sha256Hex(request).slice(0, digestLength)}`;
  // The part that is cut off still has to tell two names apart.
  const digest = sha256Hex(`${name}\n${request}`).slice(0, digestLength);
  return `${name.slice(0, room).replace(/[-.]+$/, '')}-${digest}`;
}

/** Whether a name has the form of those above. */
export function hasGeneratedName(name: string): boolean {
  return /^.+-[0-9a-f]{8}$/.test(name);
}

function canonical(parameters: string): string {
  try {
    return canonicalJson(parseExact(parameters));
  } catch {
    return parameters;
  }
}
