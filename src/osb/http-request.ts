import type { JsonObject } from '../base/json.ts';
import { defaultCatalogLimits } from './catalog-limits.ts';
import type { BrokerClientOptions } from './options.ts';
import type { Operation } from './outcome-types.ts';
import { neverSent, type Fault } from './reply.ts';
import { idProblem, type BrokerRequest } from './request.ts';
import type { HttpRequest } from './transport.ts';

const mebibyte = 1024 * 1024;

/** An operation as an HTTP request to the broker at `url`, all but its Authorization; or why there can be none. */
export function httpRequest(
  url: URL,
  options: BrokerClientOptions,
  request: BrokerRequest,
  requestIdentity: string,
): HttpRequest | Fault {
  const problem = request.ids.map(idProblem).find((found) => found !== undefined);
  if (problem !== undefined) return neverSent('InvalidRequest', problem);
  const body = bodyText(request.body);
  if (body === undefined)
    return neverSent('InvalidRequest', 'the parameters or the context can not be written as JSON');
  const isCatalog = request.operation === 'catalog';
  const { apiVersion, maxBodyBytes, catalogLimits } = options;
  return {
    origin: url,
    path: `${url.pathname.replace(/\/+$/, '')}${request.path}`,
    method: request.method,
    headers: {
      accept: 'application/json',
      'accept-encoding': 'gzip',
      'user-agent': 'bindery',
      'x-broker-api-version': apiVersion ?? '2.17',
      'x-broker-api-request-identity': requestIdentity,
      ...identityHeader(request),
      ...(body === '' ? {} : { 'content-type': 'application/json' }),
      ...(request.etag === undefined ? {} : { 'if-none-match': request.etag }),
    },
    ...(body === '' ? {} : { body }),
    ...(isCatalog
      ? { isCatalog, maxBodyBytes: (catalogLimits ?? defaultCatalogLimits).bytes }
      : boundsOf(request, maxBodyBytes ?? 4 * mebibyte)),
  };
}

/** What may be large in an answer are credentials and parameters. The rest is a handful of short fields. */
function boundsOf(
  { operation }: BrokerRequest,
  maxBodyBytes: number,
): Pick<HttpRequest, 'maxBodyBytes' | 'maxValues' | 'hasLargeFields'> {
  const maxValues = maxSmallValues;
  if (haveLargeFields.has(operation)) return { maxBodyBytes, maxValues, hasLargeFields: true };
  return { maxBodyBytes: Math.min(maxBodyBytes, maxSmallBytes), maxValues };
}

const haveLargeFields: ReadonlySet<Operation> = new Set<Operation>(['bind', 'getBinding', 'getInstance']);
const maxSmallBytes = 256 * 1024;
const maxSmallValues = 4000;

/** Empty for no body; `undefined` for what is no JSON: thousands of levels deep, or with numbers of other kinds. */
function bodyText(body: JsonObject | undefined): string | undefined {
  if (body === undefined) return '';
  try {
    return JSON.stringify(body);
  } catch {
    return undefined;
  }
}

/** `<platform> <base64 of the JSON object>` (OSB, Originating Identity). */
function identityHeader({ identity }: BrokerRequest): Readonly<Record<string, string>> {
  if (identity === undefined) return {};
  const encoded = Buffer.from(JSON.stringify(identity.value)).toString('base64');
  return { 'x-broker-api-originating-identity': `${identity.platform} ${encoded}` };
}
