import type { JsonObject } from '../base/json.ts';
import {
  bindingTypeNamed,
  bindingTypeOfScheme,
  bindingTypes,
  missingKeys,
  type BindingType,
} from './binding-types.ts';
import { factsOf } from './facts.ts';
import { onlyOf, Spelling } from './spellings.ts';

/** What a class says about itself. */
export interface ClassWords {
  readonly externalName: string;
  readonly tags: readonly string[];
}

/**
 * The binding type of credentials, from what is surest: the entry `type` of the broker, the scheme of a URI, one tag
 * that names it, and last the name of the class, where the credentials have what readers of that type need. Undefined
 * where nothing says it, or several say different things.
 */
export function bindingTypeOf(credentials: JsonObject, words: ClassWords): BindingType | undefined {
  const said = credentials['type'];
  return (
    (typeof said === 'string' ? bindingTypeNamed(said) : undefined) ??
    typeOfUri(credentials) ??
    onlyOne(words.tags.flatMap((tag) => bindingTypeNamed(tag) ?? [])) ??
    typeOfName(credentials, words.externalName)
  );
}

/**
 * The keys that readers of this type look for and the credentials do not have, in the order of the table. Never one that
 * the broker has said itself.
 */
export function wellKnownKeys(credentials: JsonObject, type: BindingType): ReadonlyMap<string, string> {
  const facts = factsOf(credentials, type);
  const keys = new Map<string, string>();
  for (const [key, fact] of Object.entries(type.keys)) {
    const value = facts[fact];
    if (value === undefined || Object.hasOwn(credentials, key)) continue;
    keys.set(key, value);
  }
  return keys;
}

function typeOfUri(credentials: JsonObject): BindingType | undefined {
  const spelling = new Spelling(
    credentials,
    bindingTypes.flatMap(({ words, schemes }) => [...words, ...schemes]),
  );
  return spelling.find('uri', typeOfText) ?? spelling.find('jdbcUrl', typeOfText);
}

function typeOfText(value: unknown): BindingType | undefined {
  const only = onlyOf(value);
  if (typeof only !== 'string') return undefined;
  const text = only.trim();
  if (text.startsWith('jdbc:mariadb:')) return bindingTypeNamed('mysql');
  const ofJdbc = bindingTypes.find(({ jdbc }) => jdbc !== undefined && text.startsWith(jdbc));
  return ofJdbc ?? bindingTypeOfScheme(text.split('://', 1)[0]?.toLowerCase() ?? '');
}

function typeOfName(credentials: JsonObject, name: string): BindingType | undefined {
  const letters = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  const type = onlyOne(
    bindingTypes.filter(({ name: own, words }) => [own, ...words].some((word) => letters.includes(word))),
  );
  if (type === undefined) return undefined;
  const derived = wellKnownKeys(credentials, type);
  const missing = missingKeys(type.name, (key) => derived.has(key) || Object.hasOwn(credentials, key));
  return missing.length === 0 ? type : undefined;
}

function onlyOne(types: readonly BindingType[]): BindingType | undefined {
  const different = new Set(types);
  return different.size === 1 ? [...different][0] : undefined;
}
