import { BlockList, isIP } from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a URL as the environment wants it (HTTP_PROXY, HTTPS_PROXY, NO_PROXY; lower case wins), by the rules
 * that programs written in Go follow, since cluster operators write one setting for all: NO_PROXY holds `*`, addresses,
 * CIDR ranges, `example.com` (with its subdomains), `.example.com` (only subdomains), each with an optional port;
 * localhost and loopback addresses are never proxied.
 */
export function proxyFor(url: URL, environment: Environment): string | undefined {
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const proxy = read(environment, name);
  if (proxy === undefined || isBypassed(url, read(environment, 'no_proxy') ?? '')) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function read(environment: Environment, name: string): string | undefined {
  const value = environment[name] ?? environment[name.toUpperCase()];
  return value === undefined || value.trim() === '' ? undefined : value.trim();
}

function isBypassed(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))) return true;
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isInRange(entry, host);
  const { name, port: wantedPort } = splitPort(entry);
  if (wantedPort !== undefined && wantedPort !== port) return false;
  if (isIP(name) !== 0 || isIP(host) !== 0) return name === host;
  const suffix = name.replace(/^\*?\./, '.');
  return suffix.startsWith('.') ? host.endsWith(suffix) : host === name || host.endsWith(`.${name}`);
}

function isInRange(entry: string, host: string): boolean {
  const [network = '', bits = ''] = entry.split('/');
  const family = isIP(network);
  const length = Number(bits);
  if (family === 0 || isIP(host) !== family || !Number.isInteger(length)) return false;
  if (length < 0 || length > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const range = new BlockList();
  range.addSubnet(network, length, type);
  return range.check(host, type);
}

function splitPort(entry: string): { readonly name: string; readonly port?: string } {
  if (isIP(entry) !== 0) return { name: entry };
  const match = /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry);
  const [, name = entry, port] = match ?? [];
  return port === undefined ? { name } : { name, port };
}
