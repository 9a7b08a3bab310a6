import { isNumber, isObject, type JsonObject } from '../base/json.ts';

/** Facts that brokers say in a key of its own, and how they spell that key: lower case, letters and digits only. */
const spellings = {
  host: ['host', 'hostname', 'server', 'servername', 'address', 'fqdn', 'endpointaddress', 'endpoint'],
  port: ['port', 'portnumber', 'endpointport'],
  username: ['username', 'user', 'login', 'masterusername', 'userid', 'uid'],
  password: ['password', 'pass', 'passwd', 'pwd', 'masterpassword', 'masteruserpassword'],
  database: ['database', 'databasename', 'dbname', 'db'],
  uri: ['uri', 'url', 'connectionstring', 'connectionuri', 'connectionurl', 'connstring', 'dsn'],
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
  urls: ['uris', 'urls', 'hosts', 'endpoints'],
  saslMechanism: ['saslmechanism', 'saslmechanisms'],
  securityProtocol: ['securityprotocol'],
} as const;

export type SpeltFact = keyof typeof spellings;

/** Words that stand before the name of a fact, as in `DB_HOST` or `PGPASSWORD`. */
const genericPrefixes = ['db', 'database', 'rds', 'service', 'connection'];

/** Objects in which brokers put what others say at the top. */
const containers = [
  'credentials',
  'connection',
  'connectiondetails',
  'details',
  'endpoint',
  'primary',
  'cluster',
];

/** Finds what a broker says, however it spells it. */
export class Spelling {
  readonly #levels: readonly ReadonlyMap<string, unknown>[];
  readonly #prefixes: readonly string[];

  /** @param words of the binding type, which may stand before a fact's name or name the object that has them all */
  constructor(credentials: JsonObject, words: readonly string[]) {
    const top = normalized(credentials);
    const inner = [...containers, ...words].map((name) => top.get(name)).filter(isObject);
    this.#levels = [top, ...inner.map(normalized)];
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

/** A text that says something, or a number as its digits. */
export function scalar(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  return isNumber(value) ? JSON.stringify(value) : undefined;
}
