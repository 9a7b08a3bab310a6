import { parseExact, type JsonObject } from '../../../src/base/json.ts';
import { bindingTypeNamed } from '../../../src/shapes/binding-types.ts';
import { bindingTypeOf, wellKnownKeys } from '../../../src/shapes/well-known-keys.ts';

interface Shape {
  readonly broker: string;
  readonly className: string;
  readonly tags?: readonly string[];
  readonly credentials: string;
  /** The binding type that is found, and the keys that are added. */
  readonly type: string;
  readonly added: Readonly<Record<string, string>>;
}

/** Shapes of credentials as brokers hand them out, with values of our own. */
const shapes: readonly Shape[] = [
  {
    broker: 'hostname, name, jdbcUrl, uri',
    className: 'p.mysql',
    credentials: `{"hostname":"q-m.example","port":3306,"name":"cf_1","username":"u","password":"p w",
      "uri":"mysql://u:p%20w@q-m.example:3306/cf_1?reconnect=true",
      "jdbcUrl":"jdbc:mysql://q-m.example:3306/cf_1?user=u&password=p%20w"}`,
    type: 'mysql',
    added: {
      host: 'q-m.example',
      database: 'cf_1',
      'jdbc-url': 'jdbc:mysql://q-m.example:3306/cf_1?user=u&password=p%20w',
    },
  },
  {
    broker: 'a URI only, percent-encoded',
    className: 'rdspostgresql',
    credentials: '{"uri":"postgres://us%40er:p%2Fw%3A%C3%BC@db.example/my%20db?sslmode=require"}',
    type: 'postgresql',
    added: {
      host: 'db.example',
      port: '5432',
      username: 'us@er',
      password: 'p/w:ü',
      database: 'my db',
      'jdbc-url': 'jdbc:postgresql://db.example:5432/my%20db?sslmode=require',
    },
  },
  {
    broker: 'a JDBC URL only',
    className: 'db',
    credentials: '{"jdbcUrl":"jdbc:postgresql://db.example:6432/app?user=u&password=a%26b"}',
    type: 'postgresql',
    added: {
      host: 'db.example',
      port: '6432',
      username: 'u',
      password: 'a&b',
      database: 'app',
      'jdbc-url': 'jdbc:postgresql://db.example:6432/app?user=u&password=a%26b',
    },
  },
  {
    broker: 'upper case, as on AWS',
    className: 'rdspostgresql',
    credentials:
      '{"ENDPOINT_ADDRESS":"x.rds.example","PORT":"5432","MASTER_USERNAME":"m","MASTER_PASSWORD":"s","DB_NAME":"app"}',
    type: 'postgresql',
    added: {
      host: 'x.rds.example',
      port: '5432',
      username: 'm',
      password: 's',
      database: 'app',
      'jdbc-url': 'jdbc:postgresql://x.rds.example:5432/app',
    },
  },
  {
    broker: 'nested, and ports as an object',
    className: 'redis-small',
    credentials: `{"connection":{"host":"r.example","ports":[1]},"ports":{"6379/tcp":31000,"16379/tcp":31001},
      "password":"pw"}`,
    type: 'redis',
    added: { host: 'r.example', port: '31000' },
  },
  {
    broker: 'TLS by the scheme',
    className: 'cache',
    tags: ['Redis', 'pivotal'],
    credentials: '{"uri":"rediss://:pw@r.example:6380"}',
    type: 'redis',
    added: {
      host: 'r.example',
      port: '6380',
      password: 'pw',
      url: 'rediss://:pw@r.example:6380',
    },
  },
  {
    broker: 'vhost, and a URI with TLS',
    className: 'p-rabbitmq',
    credentials: `{"hostname":"q.example","vhost":"v/1","username":"u","password":"p",
      "uri":"amqps://u:p@q.example:5671/v%2F1","protocols":{"amqp+ssl":{"port":5671}}}`,
    type: 'rabbitmq',
    added: { host: 'q.example', port: '5671', 'virtual-host': 'v/1', addresses: 'amqps://q.example:5671' },
  },
  {
    broker: 'bootstrap_servers, a list',
    className: 'csb-kafka',
    credentials:
      '{"bootstrap_servers":["a:9093","b:9093"],"username":"u","password":"p","sasl_mechanism":"PLAIN"}',
    type: 'kafka',
    added: {
      'bootstrap-servers': 'a:9093,b:9093',
      bootstrapServers: 'a:9093,b:9093',
      user: 'u',
      saslMechanism: 'PLAIN',
    },
  },
  {
    broker: 'several servers in one URI',
    className: 'atlas',
    credentials: '{"connectionString":"mongodb://u:p@a:27017,b:27018/app?authSource=admin"}',
    type: 'mongodb',
    added: {
      host: 'a:27017,b:27018',
      username: 'u',
      password: 'p',
      database: 'app',
      uri: 'mongodb://u:p@a:27017,b:27018/app?authSource=admin',
      'authentication-database': 'admin',
    },
  },
  {
    broker: 'mongodb+srv',
    className: 'atlas',
    credentials: '{"uri":"mongodb+srv://c.example/","username":"u","password":"p"}',
    type: 'mongodb',
    added: { host: 'c.example', srv: 'true' },
  },
  {
    broker: 'a URI that is another way to the service',
    className: 'pg',
    tags: ['postgresql'],
    credentials: '{"host":"direct","username":"u","password":"p","uri":"postgres://x:y@pool:6432/app"}',
    type: 'postgresql',
    added: {},
  },
  {
    broker: 'TLS material, which stays as it is',
    className: 'a9s-postgresql13',
    credentials:
      '{"host":"h","port":5432,"name":"n","username":"u","password":"p","cacert":"PEM","tls":{"crt":"X"}}',
    type: 'postgresql',
    added: { database: 'n', 'jdbc-url': 'jdbc:postgresql://h:5432/n' },
  },
  {
    broker: 'what readers put into a JDBC URL of their own',
    className: 'pg',
    credentials:
      '{"uri":"postgres://u:p@h:1/d","sslmode":"verify-full","sslrootcert":"ca.pem","ca.pem":"PEM"}',
    type: 'postgresql',
    added: { host: 'h', port: '1', username: 'u', password: 'p', database: 'd' },
  },
  {
    broker: 'sslmode beside the URI',
    className: 'pg',
    credentials: '{"uri":"postgres://h:1/d","sslmode":"verify-full"}',
    type: 'postgresql',
    added: {
      host: 'h',
      port: '1',
      database: 'd',
      'jdbc-url': 'jdbc:postgresql://h:1/d?sslmode=verify-full',
    },
  },
  {
    broker: 'a URI without the login that stands beside it',
    className: 'redis',
    credentials: '{"uri":"rediss://r.example:6380","password":"p/w"}',
    type: 'redis',
    added: { host: 'r.example', port: '6380', url: 'rediss://:p%2Fw@r.example:6380' },
  },
  {
    broker: 'MongoDB: a host, and a URI that knows more',
    className: 'mongodb',
    credentials: '{"host":"h","username":"u","password":"p","url":"mongodb://h/d?replicaSet=rs"}',
    type: 'mongodb',
    added: { port: '27017', database: 'd', uri: 'mongodb://u:p@h/d?replicaSet=rs' },
  },
  {
    broker: 'MongoDB: a host, and a URI that is another way to it',
    className: 'mongodb',
    credentials: '{"host":"h","username":"u","password":"p","url":"mongodb://x:y@other/d"}',
    type: 'mongodb',
    added: {},
  },
  {
    broker: 'several servers of RabbitMQ',
    className: 'q',
    credentials: '{"uri":"amqp://u:p@a:5672,b:5672/v"}',
    type: 'rabbitmq',
    added: {
      username: 'u',
      password: 'p',
      'virtual-host': 'v',
      addresses: 'amqp://a:5672,amqp://b:5672',
    },
  },
  {
    broker: 'SQL Server, with a name that would end the property',
    className: 'mssql',
    credentials: '{"host":"h","port":1433,"database":"a;b}"}',
    type: 'sqlserver',
    added: { 'jdbc-url': 'jdbc:sqlserver://h:1433;databaseName={a;b}}}' },
  },
  {
    broker: 'three levels deep, as IBM Cloud has them',
    className: 'databases-for-postgresql',
    credentials: `{"connection":{"cli":{"bin":"psql"},"postgres":{
      "authentication":{"method":"direct","username":"u","password":"p"},"database":"ibmclouddb",
      "composed":["postgres://u:p@x.databases.example:31234/ibmclouddb?sslmode=verify-full"],
      "hosts":[{"hostname":"x.databases.example","port":31234}],"scheme":"postgres"}}}`,
    type: 'postgresql',
    added: {
      host: 'x.databases.example',
      port: '31234',
      username: 'u',
      password: 'p',
      database: 'ibmclouddb',
      'jdbc-url': 'jdbc:postgresql://x.databases.example:31234/ibmclouddb?sslmode=verify-full',
    },
  },
  {
    broker: 'a name like a database, and nothing of one',
    className: 'mysql-backup',
    credentials: '{"endpoint":"https://backup.example/v1","token":"t"}',
    type: 'mysql-backup',
    added: {},
  },
  {
    broker: 'two tags that say different things',
    className: 'x',
    tags: ['mysql', 'redis'],
    credentials: '{"host":"h"}',
    type: 'x',
    added: {},
  },
  {
    broker: 'a type of its own',
    className: 'mysql',
    credentials: '{"type":"Postgres","server":"s"}',
    type: 'postgresql',
    added: { host: 's' },
  },
];

function typeOf({ className, tags = [], credentials }: Shape): string {
  const found = bindingTypeOf(parseExact(credentials) as JsonObject, { externalName: className, tags });
  return found?.name ?? className;
}

describe('well-known keys', () => {
  it.each(shapes)('of: $broker', (shape) => {
    expect(typeOf(shape)).toBe(shape.type);
    const type = bindingTypeNamed(shape.type);
    const credentials = parseExact(shape.credentials) as JsonObject;
    expect(type === undefined ? {} : Object.fromEntries(wellKnownKeys(credentials, type))).toEqual(
      shape.added,
    );
  });

  it.each([
    'postgres://u:1/w@h/db',
    'postgres://u:1?w@h/db',
    'postgres://u:1#w@h/db',
    'postgres://',
    'postgres://h:99999x/db',
    '://',
    `postgres://${'x'.repeat(10_000)}`,
  ])('are not guessed from %s', (uri) => {
    const type = bindingTypeNamed('postgresql')!;
    const keys = [...wellKnownKeys({ uri }, type).keys()];
    expect(keys.filter((key) => ['host', 'username', 'password'].includes(key))).toEqual([]);
  });
});
