import { excessOfList } from './limits.ts';
import { quote } from './problem.ts';

/** What of a Secret becomes environment variables. */
export interface EnvRule {
  /** One variable from one key. */
  readonly variables: readonly { readonly name: string; readonly key: string }[];
  /** All keys, with this put before each; the empty string for the keys as they are. */
  readonly prefixes: readonly string[];
}

export type ParsedEnvRule =
  | { readonly kind: 'rule'; readonly rule: EnvRule; readonly unreadable: readonly string[] }
  | { readonly kind: 'illegal'; readonly message: string };

export const noEnv: EnvRule = { variables: [], prefixes: [] };

/** Printable ASCII without `=` (RelaxedEnvironmentVariableValidation), and without our own separators. */
const variableName = /^[!-+\--<>-~]+$/;
/** What a shell can read; other names reach the process all the same. */
const shellName = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Keys of a Secret. */
const secretKey = /^(?!\.\.)[-._a-zA-Z0-9]{1,253}$/;

/** Reads `VAR=key,VAR2=key2`, `PREFIX_*`, `*`, or a mixture of them. */
export function parseEnvRule(value: string): ParsedEnvRule {
  const excess = excessOfList('variables', value, 'PREFIX_* takes all of a Secret');
  if (excess !== undefined) return illegal(excess);
  const items = value
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map(parseItem);
  const unreadableItem = items.find((item) => item.kind === 'illegal');
  if (unreadableItem !== undefined) return unreadableItem;

  const variables = items.filter((item) => item.kind === 'variable').map(({ name, key }) => ({ name, key }));
  const prefixes = items.filter((item) => item.kind === 'prefix').map(({ prefix }) => prefix);
  const names = [...variables.map(({ name }) => name), ...prefixes.filter((prefix) => prefix !== '')];
  return {
    kind: 'rule',
    rule: { variables, prefixes },
    unreadable: names.filter((name) => !shellName.test(name)),
  };
}

type Item =
  | { readonly kind: 'variable'; readonly name: string; readonly key: string }
  | { readonly kind: 'prefix'; readonly prefix: string }
  | { readonly kind: 'illegal'; readonly message: string };

function parseItem(item: string): Item {
  const equals = item.indexOf('=');
  if (equals < 0) {
    const prefix = item.slice(0, -1);
    if (!item.endsWith('*')) return illegal(`${quote(item)} is not VAR=key, PREFIX_* or *`);
    return prefix === '' || variableName.test(prefix) ? { kind: 'prefix', prefix } : illegalName(prefix);
  }
  const name = item.slice(0, equals).trim();
  const key = item.slice(equals + 1).trim();
  if (!variableName.test(name)) return illegalName(name);
  return secretKey.test(key)
    ? { kind: 'variable', name, key }
    : illegal(`${quote(key)} can not be a key of a Secret`);
}

function illegalName(name: string): Item & { readonly kind: 'illegal' } {
  return illegal(`${quote(name)} can not be the name of a variable`);
}

function illegal(message: string): Item & { readonly kind: 'illegal' } {
  return { kind: 'illegal', message };
}
