import { isNumber, isObject, type JsonObject } from '../base/json.ts';

/** Facts that brokers say in a key of its own, and how they spell that key: lower case, letters and digits only. */
const spellings = {
  host: ['host', 'hostname', 'server', 'servername', 'address', 'fqdn', 'endpointaddress', 'endpoint'],
  port: ['port', 'portnumber', 'endpointport'],
  username: ['username', 'user', 'login', 'masterusername', 'userid', 'uid'],
  password: ['password', 'pass', 'passwd', 'pwd', 'masterpassword', 'masteruserpassword'],
  database: ['database', 'databasename', 'dbname', 'db'],
  uri: ['uri', 'url', 'connectionstring', 'connectionuri', 'connectionurl', 'connstring', 'dsn', 'composed'],
  jdbcUrl: ['jdbcurl', 'jdbcuri', 'jdbc', 'jdbcconnectionstring'],
  virtualHost: ['virtualhost', 'vhost'],
  servers: [
    'bootstrapservers',
    'bootstrapserver',
    'bootstrap',
    'brokers',
    'brokerlist',
    'brokerssasl',
    'bootstrapbrokers',
  ],
  urls: ['uris', 'urls', 'hosts', 'host', 'endpoints'],
  saslMechanism: ['saslmechanism', 'saslmechanisms'],
  securityProtocol: ['securityprotocol'],
} as const;

export type SpeltFact = keyof typeof spellings;

/** Words that stand before the name of a fact, as in `DB_HOST` or `PGPASSWORD`. */
const genericPrefixes = ['db', 'database', 'rds', 'service', 'connection'];

/** Objects in which brokers put what others say at the top, one in the other (IBM's three levels deep). */
const containers = [
  'credentials',
  'connection',
  'connectiondetails',
  'authentication',
  'details',
  'endpoint',
  'primary',
  'cluster',
];

/** Nobody nests more of these. */
const maxLevels = 32;

/** Finds what a broker says, however it spells it. */
export class Spelling {
  readonly #levels: readonly ReadonlyMap<string, unknown>[];
  readonly #prefixes: readonly string[];

  /** @param words of the binding type and its URIs, which may stand before a fact's name or name the object that has them */
  constructor(credentials: JsonObject, words: readonly string[]) {
    const top = normalized(credentials);
    const inside = (level: ReadonlyMap<string, unknown>): readonly ReadonlyMap<string, unknown>[] =>
      [...containers, ...words]
        .map((name) => level.get(name))
        .filter(isObject)
        .map(normalized);
    const inner = inside(top);
    const innermost = inner.flatMap(inside);
    this.#levels = [top, ...inner, ...innermost, ...innermost.flatMap(inside)].slice(0, maxLevels);
    this.#prefixes = ['', ...words, ...(words.includes('postgresql') ? ['pg'] : []), ...genericPrefixes];
  }

  /** The value of the first key that says it, of those that the caller can use. */
  find<T>(fact: SpeltFact, use: (value: unknown) => T | undefined): T | undefined {
    for (const level of this.#levels) {
      for (const prefix of this.#prefixes) {
        for (const spelling of spellings[fact]) {
          const value = level.get(prefix + spelling);
          const used = value === undefined ? undefined : use(value);
          if (used !== undefined) return used;
        }
      }
    }
    return undefined;
  }

  /** The value of exactly this key, at the top. */
  at(name: string): unknown {
    return this.#levels[0]?.get(name);
  }
}

/** The first of two keys that differ only in case and punctuation counts. */
function normalized(object: JsonObject): ReadonlyMap<string, unknown> {
  const entries = new Map<string, unknown>();
  for (const [key, value] of Object.entries(object)) {
    const name = key.toLowerCase().replace(/[^a-z0-9]/g, '');
    if (!entries.has(name)) entries.set(name, value);
  }
  return entries;
}

/** The only item of a list, anything else as it is. */
export function onlyOf(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : value;
}

/** A text that says something, or a number as its digits. */
export function scalar(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  return isNumber(value) ? JSON.stringify(value) : undefined;
}
