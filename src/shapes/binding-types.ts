/** A fact about a connection that can be read from the credentials of most brokers. */
export type Fact =
  | 'host'
  | 'port'
  | 'username'
  | 'password'
  | 'database'
  | 'uri'
  | 'jdbcUrl'
  | 'virtualHost'
  | 'addresses'
  | 'isSrv'
  | 'authSource'
  | 'servers'
  | 'urls'
  | 'saslMechanism'
  | 'securityProtocol';

export type Facts = Partial<Record<Fact, string>>;

/** What the readers of a binding type look for: Spring Cloud Bindings, Quarkus, kube-service-bindings. */
export interface BindingType {
  /** The word in the entry `type` by which readers choose. */
  readonly name: string;
  /** Other words for it, in tags and in names of classes; lower case, letters only. */
  readonly words: readonly string[];
  /** Schemes of its URIs. */
  readonly schemes: readonly string[];
  readonly defaultPort?: number;
  /** How a JDBC URL begins: the type is a relational database. */
  readonly jdbc?: string;
  /** Readers who find a URI take no user and no password from elsewhere. */
  readonly hasLoginInUri?: true;
  /** The keys that readers look for, and the fact that each of them holds. */
  readonly keys: Readonly<Record<string, Fact>>;
  /** What a reader can not do without: of each group one key. */
  readonly required: readonly (readonly string[])[];
}

const server = { host: 'host', port: 'port', username: 'username', password: 'password' } as const;

function relational(
  name: string,
  words: readonly string[],
  schemes: readonly string[],
  defaultPort: number,
  jdbc: string,
): BindingType {
  const keys = { ...server, database: 'database', 'jdbc-url': 'jdbcUrl' } as const;
  const required = [
    ['jdbc-url', 'host'],
    ['jdbc-url', 'database'],
  ];
  return { name, words: [name, ...words], schemes, defaultPort, jdbc, keys, required };
}

/** The one table of binding types; `docs/reference/secrets.md` shows it. */
export const bindingTypes: readonly BindingType[] = [
  relational('postgresql', ['postgres', 'pgsql'], ['postgresql', 'postgres'], 5432, 'jdbc:postgresql:'),
  relational('mysql', ['mariadb'], ['mysql', 'mysql2', 'mariadb'], 3306, 'jdbc:mysql:'),
  relational('sqlserver', ['mssql', 'azuresql'], ['sqlserver', 'mssql'], 1433, 'jdbc:sqlserver:'),
  relational('oracle', [], ['oracle'], 1521, 'jdbc:oracle:'),
  relational('db2', [], ['db2'], 50_000, 'jdbc:db2:'),
  relational('hana', [], ['hana'], 443, 'jdbc:sap:'),
  {
    name: 'mongodb',
    words: ['mongodb', 'mongo'],
    schemes: ['mongodb', 'mongodb+srv'],
    defaultPort: 27_017,
    hasLoginInUri: true,
    keys: {
      ...server,
      database: 'database',
      uri: 'uri',
      srv: 'isSrv',
      'authentication-database': 'authSource',
    },
    required: [['uri', 'host']],
  },
  {
    name: 'redis',
    words: ['redis', 'valkey'],
    schemes: ['redis', 'rediss'],
    defaultPort: 6379,
    hasLoginInUri: true,
    keys: { ...server, url: 'uri' },
    required: [['url', 'host', 'cluster.nodes', 'sentinel.nodes']],
  },
  {
    name: 'rabbitmq',
    words: ['rabbitmq', 'amqp', 'rabbit'],
    schemes: ['amqp', 'amqps'],
    defaultPort: 5672,
    keys: { ...server, 'virtual-host': 'virtualHost', addresses: 'addresses' },
    required: [['host', 'addresses']],
  },
  {
    name: 'kafka',
    words: ['kafka', 'eventstreams'],
    schemes: ['kafka', 'kafka+ssl'],
    keys: {
      'bootstrap-servers': 'servers',
      bootstrapServers: 'servers',
      user: 'username',
      password: 'password',
      saslMechanism: 'saslMechanism',
      securityProtocol: 'securityProtocol',
    },
    required: [['bootstrap-servers', 'bootstrapServers']],
  },
  {
    name: 'elasticsearch',
    words: ['elasticsearch'],
    schemes: [],
    keys: { uris: 'urls', username: 'username', password: 'password' },
    required: [['uris', 'endpoints']],
  },
  {
    name: 'neo4j',
    words: [],
    schemes: ['neo4j', 'neo4j+s', 'bolt', 'bolt+s'],
    keys: { uri: 'uri', username: 'username', password: 'password' },
    required: [['uri']],
  },
];

/** The type of this name or of one of its other words, whatever its case. */
export function bindingTypeNamed(name: string): BindingType | undefined {
  const word = name.toLowerCase();
  return bindingTypes.find((type) => type.name === word || type.words.includes(word));
}

/** The type whose URIs have this scheme. */
export function bindingTypeOfScheme(scheme: string): BindingType | undefined {
  return bindingTypes.find(({ schemes }) => schemes.includes(scheme));
}

/** Which keys a reader of the type needs and does not find: of each group the first, whose presence would do. */
export function missingKeys(typeName: string, has: (key: string) => boolean): readonly string[] {
  const type = bindingTypes.find(({ name }) => name === typeName.toLowerCase());
  const groups = (type?.required ?? []).filter((group) => !group.some(has));
  return [...new Set(groups.map((group) => group.join(' or ')))];
}
