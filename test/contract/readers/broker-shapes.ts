/** What a broker answers to a bind, and what its readers have to make of the Secret. */
export interface BrokerShape {
  readonly broker: string;
  readonly className: string;
  readonly tags?: readonly string[];
  /** JSON in the shape that the broker's documentation shows, with values of our own. */
  readonly credentials: string;
  readonly type: string;
  /** Keys that every reader finds. */
  readonly keys: Readonly<Record<string, string>>;
  /** Properties of Spring Cloud Bindings, and with an arrow what Spring Boot and the drivers make of them. */
  readonly spring: Readonly<Record<string, string>>;
  /** The client that kube-service-bindings configures, and its options. */
  readonly node?: readonly [type: string, client: string, options: Readonly<Record<string, unknown>>];
}

function datasource(url: string, username: string, password: string): Readonly<Record<string, string>> {
  return {
    'spring.datasource.url': url,
    'spring.datasource.username': username,
    'spring.datasource.password': password,
  };
}

/** What the driver of PostgreSQL understands. */
function postgresql(
  host: string,
  port: string,
  database: string,
  sslMode = '',
): Readonly<Record<string, string>> {
  const mode = sslMode === '' ? '' : `, sslmode=${sslMode}`;
  return { '-> jdbc postgresql': `{PGDBNAME=${database}, PGHOST=${host}, PGPORT=${port}${mode}}` };
}

export const brokerShapes: readonly BrokerShape[] = [
  {
    broker: 'VMware Tanzu for MySQL: hostname, name, jdbcUrl and uri',
    className: 'p.mysql',
    tags: ['mysql'],
    credentials: `{"hostname":"q-m.example","jdbcUrl":"jdbc:mysql://q-m.example:3306/svc?user=u1&password=p%201",
      "name":"svc","password":"p 1","port":3306,"username":"u1",
      "uri":"mysql://u1:p%201@q-m.example:3306/svc?reconnect=true"}`,
    type: 'mysql',
    keys: { host: 'q-m.example', port: '3306', database: 'svc', username: 'u1', password: 'p 1' },
    spring: {
      ...datasource('jdbc:mysql://q-m.example:3306/svc?user=u1&password=p%201', 'u1', 'p 1'),
      '-> jdbc mysql': '{dbname=svc, host=q-m.example, port=3306}',
    },
    node: ['MYSQL', 'mysql2', { host: 'q-m.example', port: '3306', user: 'u1', database: 'svc' }],
  },
  {
    broker: 'Minibroker with MariaDB: a uri',
    className: 'mariadb',
    credentials: `{"Protocol":"mysql","database":"shop","host":"x-mariadb.ns.svc","mariadb-password":"p",
      "mariadb-root-password":"root","password":"p","port":3307,"uri":"mysql://u:p@x-mariadb.ns.svc:3307/shop",
      "username":"u"}`,
    type: 'mysql',
    keys: { host: 'x-mariadb.ns.svc', port: '3307', database: 'shop', username: 'u', password: 'p' },
    spring: {
      ...datasource('jdbc:mysql://x-mariadb.ns.svc:3307/shop?permitMysqlScheme=true', 'u', 'p'),
      '-> jdbc mysql': '{dbname=shop, host=x-mariadb.ns.svc, port=3307}',
      '-> jdbc mariadb': '{}',
    },
    node: ['MYSQL', 'mysql', { host: 'x-mariadb.ns.svc', port: '3307', user: 'u', password: 'p' }],
  },
  {
    broker: 'AWS Service Broker: upper case, no uri',
    className: 'rdspostgresql',
    credentials: `{"ENDPOINT_ADDRESS":"x.rds.example","PORT":"5432","MASTER_USERNAME":"m","MASTER_PASSWORD":"s/1",
      "DB_NAME":"app"}`,
    type: 'postgresql',
    keys: { host: 'x.rds.example', port: '5432', database: 'app', username: 'm', password: 's/1' },
    spring: {
      ...datasource('jdbc:postgresql://x.rds.example:5432/app', 'm', 's/1'),
      ...postgresql('x.rds.example', '5432', 'app'),
    },
    node: ['POSTGRESQL', 'pg', { host: 'x.rds.example', port: '5432', user: 'm', database: 'app' }],
  },
  {
    broker: 'anynines PostgreSQL: TLS material, hosts as a list',
    className: 'a9s-postgresql15',
    credentials: `{"cacert":"-----BEGIN CERTIFICATE-----\\nMII\\n-----END CERTIFICATE-----\\n","host":"pg.example",
      "hosts":["pg-0.example","pg-1.example"],"load_balanced_host":"lb.example","name":"pgd1","password":"p",
      "port":5432,"uri":"postgres://u:p@pg.example:5432/pgd1","username":"u"}`,
    type: 'postgresql',
    keys: {
      host: 'pg.example',
      database: 'pgd1',
      cacert: '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----',
    },
    spring: {
      ...datasource('jdbc:postgresql://pg.example:5432/pgd1', 'u', 'p'),
      ...postgresql('pg.example', '5432', 'pgd1'),
    },
    node: ['POSTGRESQL', 'pg', { host: 'pg.example', port: '5432', user: 'u', database: 'pgd1' }],
  },
  {
    broker: 'IBM Cloud Databases for PostgreSQL: three levels deep',
    className: 'databases-for-postgresql',
    credentials: `{"connection":{"cli":{"bin":"psql"},"postgres":{"scheme":"postgres","database":"ibmclouddb",
      "authentication":{"method":"direct","username":"u","password":"p"},"certificate":{"name":"c","certificate_base64":"TQ=="},
      "composed":["postgres://u:p@x.databases.example:31234/ibmclouddb?sslmode=verify-full"],
      "hosts":[{"hostname":"x.databases.example","port":31234}]}},"instance_administration_api":{"root":"https://api"}}`,
    type: 'postgresql',
    keys: {
      host: 'x.databases.example',
      port: '31234',
      database: 'ibmclouddb',
      username: 'u',
      password: 'p',
    },
    spring: {
      ...datasource('jdbc:postgresql://x.databases.example:31234/ibmclouddb?sslmode=verify-full', 'u', 'p'),
      ...postgresql('x.databases.example', '31234', 'ibmclouddb', 'verify-full'),
    },
    node: ['POSTGRESQL', 'pg', { host: 'x.databases.example', port: '31234', user: 'u' }],
  },
  {
    broker: 'Heroku-like: only DATABASE_URL',
    className: 'heroku-postgresql',
    credentials: '{"DATABASE_URL":"postgres://u%40x:p%2Fw@ec2.example/d1?sslmode=require"}',
    type: 'postgresql',
    keys: { host: 'ec2.example', port: '5432', database: 'd1', username: 'u@x', password: 'p/w' },
    spring: {
      ...datasource('jdbc:postgresql://ec2.example:5432/d1?sslmode=require', 'u@x', 'p/w'),
      ...postgresql('ec2.example', '5432', 'd1', 'require'),
    },
    node: ['POSTGRESQL', 'pg', { host: 'ec2.example', user: 'u@x', password: 'p/w', database: 'd1' }],
  },
  {
    broker: 'Cloud Service Broker for Azure SQL: hostname and name, no uri',
    className: 'csb-azure-mssql-db',
    credentials: `{"databaseLogin":"u","databaseLoginPassword":"p","hostname":"s.database.example","name":"db-1",
      "password":"p","port":1433,"sqlServerFullyQualifiedDomainName":"s.database.example","sqldbName":"db-1","username":"u"}`,
    type: 'sqlserver',
    keys: { host: 's.database.example', port: '1433', database: 'db-1', username: 'u', password: 'p' },
    spring: {
      ...datasource('jdbc:sqlserver://s.database.example:1433;databaseName=db-1', 'u', 'p'),
      '-> jdbc sqlserver': '{databaseName=db-1, portNumber=1433, serverName=s.database.example}',
    },
  },
  {
    broker: 'Oracle: host, port, service name',
    className: 'oracle-rds',
    credentials: '{"host":"o.example","port":1521,"dbname":"ORCL","username":"u","password":"p"}',
    type: 'oracle',
    keys: { host: 'o.example', port: '1521', database: 'ORCL', username: 'u', password: 'p' },
    spring: { ...datasource('jdbc:oracle:thin:@//o.example:1521/ORCL', 'u', 'p'), '-> jdbc oracle': '{}' },
  },
  {
    broker: 'containers-service-broker with Redis: ports as an object',
    className: 'redis-3.2',
    credentials:
      '{"host":"10.0.0.7","hostname":"10.0.0.7","ports":{"6379/tcp":"32771","9121/tcp":"32772"},"password":"p"}',
    type: 'redis',
    keys: { host: '10.0.0.7', port: '32771', password: 'p' },
    spring: {
      'spring.data.redis.host': '10.0.0.7',
      'spring.data.redis.port': '32771',
      'spring.data.redis.password': 'p',
    },
    node: ['REDIS', 'redis', { socket: { host: '10.0.0.7', port: '32771' }, password: 'p' }],
  },
  {
    broker: 'Redis with TLS: a URI without its login',
    className: 'csb-aws-redis',
    tags: ['aws', 'redis'],
    credentials: '{"host":"r.example","tls_port":6380,"password":"p/w","uri":"rediss://r.example:6380"}',
    type: 'redis',
    keys: { host: 'r.example', port: '6380', password: 'p/w', url: 'rediss://:p%2Fw@r.example:6380' },
    spring: {
      'spring.data.redis.url': 'rediss://:p%2Fw@r.example:6380',
      'spring.data.redis.password': 'p/w',
    },
    node: [
      'REDIS',
      'redis',
      { socket: { host: 'r.example', port: '6380' }, url: 'rediss://:p%2Fw@r.example:6380' },
    ],
  },
  {
    broker: 'VMware Tanzu RabbitMQ: vhost, protocols, TLS',
    className: 'p.rabbitmq',
    tags: ['rabbitmq'],
    credentials: `{"dashboard_url":"https://d.example","hostname":"q.example","hostnames":["q.example"],"password":"p",
      "protocols":{"amqp+ssl":{"host":"q.example","port":5671,"ssl":true,"username":"u","vhost":"v/1"}},"ssl":true,
      "uri":"amqps://u:p@q.example:5671/v%2F1","uris":["amqps://u:p@q.example:5671/v%2F1"],"username":"u","vhost":"v/1"}`,
    type: 'rabbitmq',
    keys: { host: 'q.example', port: '5671', username: 'u', password: 'p', 'virtual-host': 'v/1' },
    spring: {
      'spring.rabbitmq.host': 'q.example',
      'spring.rabbitmq.port': '5671',
      'spring.rabbitmq.username': 'u',
      'spring.rabbitmq.password': 'p',
      'spring.rabbitmq.virtual-host': 'v/1',
      'spring.rabbitmq.addresses': 'amqps://q.example:5671',
      '-> rabbit addresses': 'q.example:5671',
      '-> rabbit login': 'u:p',
      '-> rabbit virtual host': 'v/1',
      '-> rabbit tls': 'true',
    },
    node: ['AMQP', 'rhea', { host: 'q.example', port: '5671', username: 'u', password: 'p' }],
  },
  {
    broker: 'IBM Event Streams: kafka_brokers_sasl as a list',
    className: 'messagehub',
    tags: ['kafka'],
    credentials: `{"api_key":"k","kafka_admin_url":"https://a.example","kafka_brokers_sasl":["b-0.example:9093","b-1.example:9093"],
      "user":"token","password":"k"}`,
    type: 'kafka',
    keys: { 'bootstrap-servers': 'b-0.example:9093,b-1.example:9093', user: 'token', password: 'k' },
    spring: { 'spring.kafka.bootstrap-servers': 'b-0.example:9093,b-1.example:9093' },
    node: [
      'KAFKA',
      'node-rdkafka',
      {
        'bootstrap.servers': 'b-0.example:9093,b-1.example:9093',
        'sasl.username': 'token',
        'sasl.password': 'k',
      },
    ],
  },
  {
    broker: 'Kafka: bootstrap_servers and SASL',
    className: 'csb-kafka',
    credentials: `{"bootstrap_servers":"b.example:9094","username":"u","password":"p","sasl_mechanism":"SCRAM-SHA-512",
      "security_protocol":"SASL_SSL"}`,
    type: 'kafka',
    keys: {
      'bootstrap-servers': 'b.example:9094',
      user: 'u',
      saslMechanism: 'SCRAM-SHA-512',
      securityProtocol: 'SASL_SSL',
    },
    spring: { 'spring.kafka.bootstrap-servers': 'b.example:9094' },
    node: [
      'KAFKA',
      'kafkajs',
      {
        brokers: ['b.example:9094'],
        ssl: true,
        sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
      },
    ],
  },
  {
    broker: 'MongoDB: a replica set',
    className: 'a9s-mongodb',
    credentials: `{"default_database":"d1","hosts":["m-0.example:27017","m-1.example:27017"],"password":"p","username":"u",
      "uri":"mongodb://u:p@m-0.example:27017,m-1.example:27017/d1?replicaSet=rs0&authSource=d1"}`,
    type: 'mongodb',
    keys: { username: 'u', password: 'p', database: 'd1', 'authentication-database': 'd1' },
    spring: {
      'spring.data.mongodb.username': 'u',
      'spring.data.mongodb.database': 'd1',
      '-> mongo hosts': 'm-0.example:27017,m-1.example:27017',
      '-> mongo user': 'u',
      '-> mongo replica set': 'rs0',
    },
    node: ['MONGODB', 'mongodb', { url: 'mongodb://u:p@m-0.example:27017,m-1.example:27017' }],
  },
  {
    broker: 'MongoDB Atlas: connectionString without the login',
    className: 'mongodb-atlas',
    credentials: '{"connectionString":"mongodb+srv://c.a1.example","username":"u","password":"p@"}',
    type: 'mongodb',
    keys: { host: 'c.a1.example', srv: 'true', username: 'u', uri: 'mongodb+srv://u:p%40@c.a1.example' },
    spring: { 'spring.data.mongodb.uri': 'mongodb+srv://u:p%40@c.a1.example' },
    node: ['MONGODB', 'mongodb', { url: 'mongodb+srv://u:p%40@c.a1.example' }],
  },
  {
    broker: 'anynines Elasticsearch: host as a list of URLs',
    className: 'a9s-elasticsearch7',
    credentials:
      '{"host":["https://e-0.example:9200","https://e-1.example:9200"],"username":"u","password":"p","cacrt":"C"}',
    type: 'elasticsearch',
    keys: { uris: 'https://e-0.example:9200,https://e-1.example:9200', username: 'u', password: 'p' },
    spring: {
      'spring.elasticsearch.uris': 'https://e-0.example:9200,https://e-1.example:9200',
      'spring.elasticsearch.username': 'u',
      'spring.elasticsearch.password': 'p',
    },
  },
  {
    broker: 'Neo4j: a bolt URI',
    className: 'neo4j',
    credentials: '{"uri":"neo4j+s://n.example","username":"neo4j","password":"p"}',
    type: 'neo4j',
    keys: { uri: 'neo4j+s://n.example', username: 'neo4j', password: 'p' },
    spring: {
      'spring.neo4j.uri': 'neo4j+s://n.example',
      'spring.neo4j.authentication.username': 'neo4j',
      'spring.neo4j.authentication.password': 'p',
    },
  },
];
