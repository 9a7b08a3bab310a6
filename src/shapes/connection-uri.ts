/** What a connection URI says, percent-decoded. What it does not say is undefined. */
export interface UriParts {
  readonly scheme: string;
  /** `host` or `host:port`, as they stand there; of several servers all. */
  readonly servers: readonly string[];
  readonly host?: string;
  readonly port?: string;
  readonly username?: string;
  readonly password?: string;
  /** What stands after the first slash; undefined when there is nothing. */
  readonly path?: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Longer ones are nobody's connection. */
const maxLength = 8192;
const shape = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?(?:#(.*))?$/is;

/**
 * Reads a connection URI as its drivers do: several servers, a password with an `@` in it that nobody has encoded.
 * Undefined for everything else; never throws.
 */
export function parseConnectionUri(text: string): UriParts | undefined {
  if (text.length > maxLength) return undefined;
  const match = shape.exec(text.trim());
  const [, scheme, authority, path, queryText, fragment] = match ?? [];
  if (scheme === undefined || authority === undefined) return undefined;
  if (isCutShort(authority, path, queryText, fragment)) return undefined;
  const query = queryOf(queryText ?? '');
  const at = authority.lastIndexOf('@');
  const servers = authority
    .slice(at + 1)
    .split(',')
    .filter((server) => server !== '');
  return {
    scheme: scheme.toLowerCase(),
    servers,
    query,
    ...serverOf(servers),
    ...userOf(at < 0 ? undefined : authority.slice(0, at)),
    ...(path && !path.includes(';') ? { path: decoded(path) } : {}),
  };
}

/** The URI with this login, for one that has none; as it is when there is no password. */
export function uriWithLogin(
  uri: string,
  { username = '', password }: { readonly username?: string; readonly password?: string },
): string {
  if (password === undefined) return uri;
  const login = `${encodeURIComponent(username)}:${encodeURIComponent(password)}@`;
  return uri.replace('://', () => `://${login}`);
}

/** A `/`, `?` or `#` in a password that was not encoded: the login is taken for the server, so nothing is believed. */
function isCutShort(authority: string, path = '', query = '', fragment = ''): boolean {
  if (authority.includes('@')) return false;
  const [firstKey = ''] = query.split('=', 1);
  return path.includes('@') || firstKey.includes('@') || fragment.includes('@');
}

/** `host`, `host:port`, `[::1]:port`. */
export function splitServer(server: string): { readonly host: string; readonly port?: string } | undefined {
  const [, host, port] = /^(\[[0-9a-f:.]+\]|[^:[\]\s/@]+)(?::(\d{1,5}))?$/i.exec(server) ?? [];
  if (host === undefined) return undefined;
  return port === undefined ? { host } : { host, port };
}

function serverOf(servers: readonly string[]): Partial<UriParts> {
  const [only, ...more] = servers;
  if (only === undefined || more.length > 0) return {};
  const split = splitServer(only);
  return split === undefined ? {} : { ...split, host: decoded(split.host) };
}

function userOf(text: string | undefined): Partial<UriParts> {
  if (text === undefined) return {};
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  return {
    ...(name === '' ? {} : { username: decoded(name) }),
    ...(colon < 0 ? {} : { password: decoded(text.slice(colon + 1)) }),
  };
}

function queryOf(text: string): Readonly<Record<string, string>> {
  const entries = text
    .split('&')
    .slice(0, 100)
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0 ? [pair, ''] : [decoded(pair.slice(0, equals)), decoded(pair.slice(equals + 1))];
    });
  return Object.fromEntries(entries);
}

/** As it is where it is not properly encoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
