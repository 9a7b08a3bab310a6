import { isLegalKey } from './secret-key.ts';

/** What else than the broker's own keys a Secret shall have, as an annotation says it. */
export interface ShapeRule {
  /** New keys with the values of others. */
  readonly aliases: readonly { readonly key: string; readonly from: string }[];
  /** Nested objects as keys of their own, `a.b` as `a_b`. */
  readonly flatten: boolean;
  /** All of the credentials as one JSON document under this key. */
  readonly json?: string;
  /** A `VCAP_SERVICES` document under this key. */
  readonly vcap?: string;
  /** Each key once more, with this before it. */
  readonly prefix?: string;
}

export const noShape: ShapeRule = { aliases: [], flatten: false };

export type ParsedShape =
  | { readonly kind: 'rule'; readonly rule: ShapeRule }
  /** In words that repeat keys only. */
  | { readonly kind: 'illegal'; readonly message: string };

const maxItems = 64;
const maxLength = 4096;
const words = ['flatten', 'json', 'vcap', 'prefix'] as const;
type Word = (typeof words)[number];
/** The two entries by which readers choose have settings of their own. */
const chosenElsewhere = ['type', 'provider'];

/**
 * Reads `flatten`, `json=<key>`, `vcap` or `vcap=<key>`, `prefix=<text>` and `<new key>=<key>`, separated by commas. The
 * empty text is the empty rule.
 */
export function parseShape(value: string): ParsedShape {
  if (value.length > maxLength) return illegal(`is longer than ${maxLength} characters`);
  const items = value
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '');
  if (items.length > maxItems) return illegal(`has ${items.length} items, ${maxItems} are allowed`);
  let rule: ShapeRule = noShape;
  const taken = new Set<string>();
  for (const item of items) {
    const parsed = parseItem(item, rule);
    if (parsed.kind === 'illegal') return parsed;
    if (taken.has(parsed.target)) return illegal(`says ${quoted(parsed.target)} twice`);
    taken.add(parsed.target);
    rule = parsed.rule;
  }
  return { kind: 'rule', rule };
}

/** True when there is nothing that only the one who writes the Secret can do. */
export function isAliasesOnly({ flatten, json, vcap, prefix }: ShapeRule): boolean {
  return !flatten && json === undefined && vcap === undefined && prefix === undefined;
}

type ParsedItem =
  | { readonly kind: 'item'; readonly rule: ShapeRule; readonly target: string }
  | Extract<ParsedShape, { kind: 'illegal' }>;

function parseItem(item: string, rule: ShapeRule): ParsedItem {
  const equals = item.indexOf('=');
  const name = (equals < 0 ? item : item.slice(0, equals)).trim();
  const value = equals < 0 ? undefined : item.slice(equals + 1).trim();
  const word = words.find((known) => known === name);
  if (word !== undefined) return parseWord(word, value, rule);
  if (value === undefined) {
    return illegal(`${quoted(item)} is not flatten, json=<key>, vcap, prefix=<text> or <new key>=<key>`);
  }
  const wrong = [name, value].find((key) => !isLegalKey(key));
  if (wrong !== undefined) return illegal(`${quoted(wrong)} can not be a key of a Secret`);
  if (chosenElsewhere.includes(name)) {
    return illegal(`${quoted(name)} has an annotation of its own: ${name}.bind.servicecatalog.k8s.io/<name>`);
  }
  return {
    kind: 'item',
    rule: { ...rule, aliases: [...rule.aliases, { key: name, from: value }] },
    target: name,
  };
}

function parseWord(word: Word, value: string | undefined, rule: ShapeRule): ParsedItem {
  if (word === 'flatten') {
    if (value !== undefined) return illegal('flatten takes no value');
    return { kind: 'item', rule: { ...rule, flatten: true }, target: word };
  }
  const key = value ?? (word === 'vcap' ? 'VCAP_SERVICES' : '');
  if (!isLegalKey(key)) {
    return illegal(key === '' ? `${word} needs a value` : `${quoted(key)} can not be a key of a Secret`);
  }
  if (word !== 'prefix' && chosenElsewhere.includes(key))
    return illegal(`${word} can not take the key ${quoted(key)}`);
  return { kind: 'item', rule: { ...rule, [word]: key }, target: word === 'prefix' ? 'prefix=' : key };
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}

function illegal(message: string): Extract<ParsedShape, { kind: 'illegal' }> {
  return { kind: 'illegal', message };
}
