import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { isObject } from '../../../src/base/json.ts';
import type { RecordedRequest } from './recorded-request.ts';
import { routeOf } from './route.ts';

/** Reads one request to its end; `undefined` when the connection dies before. */
export async function readRequest(
  incoming: IncomingMessage,
  prefix: string,
): Promise<RecordedRequest | undefined> {
  const atMs = performance.now();
  const rawBody = await text(incoming).catch(() => undefined);
  if (rawBody === undefined) return undefined;
  const [fullPath = '', queryText = ''] = (incoming.url ?? '').split(/\?(.*)/s);
  const path = fullPath.startsWith(prefix) ? fullPath.slice(prefix.length) : '';
  const method = incoming.method ?? '';
  const route = routeOf(method, path);
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
  );
  return {
    operation: route?.operation,
    instanceId: route?.instanceId,
    bindingId: route?.bindingId,
    method,
    path: fullPath,
    query: parseQuery(queryText),
    headers,
    body: parseJson(rawBody),
    rawBody,
    identity: parseIdentity(headers['x-broker-api-originating-identity']),
    atMs,
    status: 0,
  };
}

/** Strict percent-decoding: a `+` is a plus sign. */
function parseQuery(query: string): Readonly<Record<string, string>> {
  const pairs = query.split('&').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      return [decodeURIComponent(name), decodeURIComponent(value)];
    }),
  );
}

function parseIdentity(header: string | undefined): RecordedRequest['identity'] {
  const [, platform, encoded] = /^(\S+) (\S+)$/.exec(header ?? '') ?? [];
  if (platform === undefined || encoded === undefined) return undefined;
  const value = parseJson(Buffer.from(encoded, 'base64').toString());
  return isObject(value) ? { platform, value } : undefined;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}
