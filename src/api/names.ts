/** Kubernetes names that follow from something else. */
import { md5Hex } from '../base/hash.ts';

/** A label's length: the most that a class or plan may have. */
const maxNameLength = 63;

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
