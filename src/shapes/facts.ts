import { isObject, type JsonObject } from '../base/json.ts';
import type { BindingType, Fact, Facts } from './binding-types.ts';
import { parseConnectionUri, splitServer, uriWithLogin, type UriParts } from './connection-uri.ts';
import { jdbcUrlFrom } from './jdbc-url.ts';
import { onlyOf, scalar, Spelling } from './spellings.ts';

/**
 * What the credentials say about the connection. A key of its own counts more than what a URI says; and a URI says
 * nothing where it contradicts one, since then it is another way to the service. Never throws.
 */
export function factsOf(credentials: JsonObject, type: BindingType): Facts {
  const spelling = new Spelling(credentials, [...type.words, ...type.schemes]);
  const said = saidOf(spelling, type);
  const uriText = spelling.find('uri', (value) => uriOf(value, type));
  const jdbcText = spelling.find('jdbcUrl', jdbcOf) ?? spelling.find('uri', jdbcOf);
  const uri = uriText ?? jdbcText?.slice('jdbc:'.length);
  const parts = uri === undefined ? undefined : partsOf(uri, type, said);
  const facts: Facts = {
    ...(parts === undefined ? {} : fromParts(parts, type)),
    ...said,
    ...(uriText === undefined ? {} : uriFact(uriText, parts, type, said)),
  };
  const sslMode = scalar(spelling.at('sslmode')) ?? parts?.query['sslmode'];
  const jdbcUrl =
    jdbcText ?? (isReadWhole(credentials, type) ? undefined : jdbcUrlFrom(facts, type, sslMode));
  return jdbcUrl === undefined ? facts : { ...facts, jdbcUrl };
}

/** Readers put these into a JDBC URL of their own: the first with the path of its file, which nobody else knows. */
function isReadWhole(credentials: JsonObject, { name }: BindingType): boolean {
  return name === 'postgresql' && ['sslrootcert', 'options'].some((key) => Object.hasOwn(credentials, key));
}

/** Readers prefer a URI to a host: so it is none that contradicts, and it has the login, where they look for it only there. */
function uriFact(
  uri: string,
  parts: UriParts | undefined,
  { hasLoginInUri }: BindingType,
  said: Facts,
): Facts {
  if (parts === undefined) return said.host === undefined ? { uri } : {};
  const isComplete = parts.username !== undefined || parts.password !== undefined;
  return { uri: hasLoginInUri === true && !isComplete ? uriWithLogin(uri, said) : uri };
}

function saidOf(spelling: Spelling, type: BindingType): Facts {
  const server = spelling.find('host', serverOf);
  const found = {
    host: server?.host,
    port: spelling.find('port', portOf) ?? server?.port ?? portAmong(spelling.at('ports'), type),
    username: spelling.find('username', scalar),
    password: spelling.find('password', scalar),
    // `name` is a database only where there is nothing else that it could be the name of.
    database: spelling.find('database', scalar) ?? (type.jdbc ? scalar(spelling.at('name')) : undefined),
    virtualHost: spelling.find('virtualHost', scalar),
    servers: spelling.find('servers', listOf),
    urls: spelling.find('urls', urlsOf) ?? spelling.find('uri', urlsOf),
    saslMechanism: spelling.find('saslMechanism', scalar),
    securityProtocol: spelling.find('securityProtocol', scalar),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

function fromParts(parts: UriParts, type: BindingType): Facts {
  const { scheme, username, password, path, query, servers } = parts;
  const all: Partial<Record<Fact, string | undefined>> = {
    host: hostOf(parts, type),
    port: portOfParts(parts, type),
    username: username ?? query['user'],
    password: password ?? query['password'],
    database: path,
    virtualHost: type.name === 'rabbitmq' ? path : undefined,
    isSrv: scheme === 'mongodb+srv' ? 'true' : undefined,
    authSource: query['authSource'],
    addresses: addressesOf(parts),
    servers: servers.join(','),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
}

/** All of them for MongoDB, whose readers make a URI of it. */
function hostOf({ host, servers }: UriParts, { name }: BindingType): string | undefined {
  return host ?? (name === 'mongodb' ? servers.join(',') : undefined);
}

function portOfParts({ scheme, host, port }: UriParts, { defaultPort }: BindingType): string | undefined {
  if (port !== undefined) return port;
  if (host === undefined || scheme === 'mongodb+srv') return undefined;
  return scheme === 'amqps' ? '5671' : defaultPort?.toString();
}

/** What host and port do not say: TLS, or several servers. */
function addressesOf({ scheme, servers }: UriParts): string | undefined {
  if (scheme !== 'amqps' && servers.length < 2) return undefined;
  return servers.map((server) => `${scheme}://${server}`).join(',');
}

/** Undefined where it contradicts what the broker says beside it. */
function partsOf(uri: string, type: BindingType, said: Facts): UriParts | undefined {
  const parts = parseConnectionUri(uri);
  if (parts === undefined) return undefined;
  const { host, port, username, password } = parts;
  const pairs = [
    [host?.toLowerCase(), said.host?.toLowerCase()],
    [port, said.port],
    [username, said.username],
    [password, said.password],
    [type.jdbc && parts.path, said.database],
  ];
  const contradicts = pairs.some(([left, right]) => left && right && left !== right);
  return contradicts ? undefined : parts;
}

function serverOf(value: unknown): { readonly host: string; readonly port?: string } | undefined {
  return typeof value === 'string' ? splitServer(value.trim()) : undefined;
}

function portOf(value: unknown): string | undefined {
  const text = scalar(value)?.trim();
  return text !== undefined && /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535 ? text : undefined;
}

/** `{"5432/tcp": 31000}`, `{"postgresql": 5432}`, `[5432]`: the one for this type, or the only one. */
function portAmong(ports: unknown, type: BindingType): string | undefined {
  if (typeof ports !== 'object' || ports === null) return undefined;
  const entries = Object.entries(ports);
  const ofType = entries.find(([name]) => {
    const word = name.toLowerCase();
    return Number.parseInt(word, 10) === type.defaultPort || type.words.includes(word) || word === type.name;
  });
  const chosen = ofType ?? (entries.length === 1 ? entries[0] : undefined);
  return chosen && portOf(chosen[1]);
}

/** A URI of this type, also as the only one of a list. */
function uriOf(value: unknown, type: BindingType): string | undefined {
  const text = onlyOf(value);
  if (typeof text !== 'string') return undefined;
  const scheme = text.trim().split('://', 1)[0]?.toLowerCase();
  return scheme !== undefined && type.schemes.includes(scheme) ? text.trim() : undefined;
}

function jdbcOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim().startsWith('jdbc:') ? value.trim() : undefined;
}

/** Servers as one text, separated by commas. */
function listOf(value: unknown): string | undefined {
  if (typeof value === 'string') return scalar(value);
  if (isObject(value)) return listOf(value['brokers']);
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string')
    ? value.join(',')
    : undefined;
}

function urlsOf(value: unknown): string | undefined {
  const list = listOf(value);
  return list !== undefined && /^https?:\/\//i.test(list) ? list : undefined;
}
