import { isObject, type JsonObject } from '../base/json.ts';
import { brokerText } from './broker-text.ts';
import { objectField, optional, stringField, type Decoded } from './decode.ts';
import type {
  BindingAnswer,
  BindingEndpoint,
  BindingMetadata,
  DeletionAnswer,
  FetchedBinding,
  FetchedInstance,
  InstanceAnswer,
  InstanceMetadata,
  MaintenanceInfo,
} from './types.ts';

/**
 * Answers of brokers → typed documents. Unknown fields are ignored, `null` is absent, and an optional field of the
 * wrong type is dropped: only what would lose credentials makes a whole document bad.
 */

export function decodeDeletion(_body: JsonObject): Decoded<DeletionAnswer> {
  return { ok: true, value: {} };
}

export function decodeInstance(body: JsonObject): Decoded<InstanceAnswer> {
  return { ok: true, value: instanceAnswer(body) };
}

export function decodeFetchedInstance(body: JsonObject): Decoded<FetchedInstance> {
  const value = {
    ...instanceAnswer(body),
    ...optional('serviceId', stringField(body, 'service_id')),
    ...optional('planId', stringField(body, 'plan_id')),
    ...optional('parameters', objectField(body, 'parameters')),
    ...optional('maintenanceInfo', maintenanceInfo(body['maintenance_info'])),
  };
  return { ok: true, value };
}

export function decodeBinding(body: JsonObject): Decoded<BindingAnswer> {
  const credentials = body['credentials'] ?? undefined;
  if (credentials !== undefined && !isObject(credentials)) {
    return { ok: false, problem: 'its "credentials" are not an object' };
  }
  const warnings: string[] = [];
  const value = {
    ...optional('credentials', credentials),
    ...optional('metadata', bindingMetadata(objectField(body, 'metadata'), warnings)),
    endpoints: endpoints(body['endpoints'], warnings),
    ...optional('syslogDrainUrl', stringField(body, 'syslog_drain_url')),
    ...optional('routeServiceUrl', stringField(body, 'route_service_url')),
    ...optional('volumeMounts', volumeMounts(body['volume_mounts'], warnings)),
    warnings,
  };
  return { ok: true, value };
}

export function decodeFetchedBinding(body: JsonObject): Decoded<FetchedBinding> {
  const decoded = decodeBinding(body);
  if (!decoded.ok) return decoded;
  return {
    ok: true,
    value: { ...decoded.value, ...optional('parameters', objectField(body, 'parameters')) },
  };
}

export function maintenanceInfo(value: unknown): MaintenanceInfo | undefined {
  const version = isObject(value) ? stringField(value, 'version') : undefined;
  if (!isObject(value) || version === undefined) return undefined;
  return { version, ...optional('description', stringField(value, 'description')) };
}

function instanceAnswer(body: JsonObject): InstanceAnswer {
  return {
    ...optional('dashboardUrl', webAddress(body['dashboard_url'])),
    ...optional('metadata', instanceMetadata(objectField(body, 'metadata'))),
  };
}

/** Broker-chosen text that people will click: only absolute http(s) URLs. */
function webAddress(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 4096 || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined;
}

function instanceMetadata(metadata: JsonObject | undefined): InstanceMetadata | undefined {
  if (metadata === undefined) return undefined;
  const labels = Object.entries(objectField(metadata, 'labels') ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return {
    labels: Object.fromEntries(labels),
    ...optional('attributes', objectField(metadata, 'attributes')),
  };
}

function bindingMetadata(metadata: JsonObject | undefined, warnings: string[]): BindingMetadata | undefined {
  if (metadata === undefined) return undefined;
  return {
    ...optional('expiresAt', time(metadata, 'expires_at', warnings)),
    ...optional('renewBefore', time(metadata, 'renew_before', warnings)),
  };
}

const isoTime = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|z|[+-]\d\d:?\d\d)?$/;

/** OSB wants `yyyy-mm-ddThh:mm:ss.sZ`; a missing fraction, an offset or no zone (read as UTC) is let pass. */
function time(metadata: JsonObject, name: string, warnings: string[]): string | undefined {
  const value = metadata[name] ?? undefined;
  if (value === undefined) return undefined;
  const parts = typeof value === 'string' ? isoTime.exec(value.trim()) : null;
  const offset = (parts?.[3] ?? 'Z').toUpperCase().replace(/^([+-]\d\d)(\d\d)$/, '$1:$2');
  const at = parts === null ? Number.NaN : Date.parse(`${parts[1]}T${parts[2]}${offset}`);
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  warnings.push(`metadata.${name} is not an ISO 8601 time and was ignored`);
  return undefined;
}

/** Of endpoints, and of the ports of one: what still fits into the status of an object. */
const maxEndpoints = 64;

/** A DNS name at most; IP addresses are shorter. */
const maxHostLength = 253;

function endpoints(value: unknown, warnings: string[]): readonly BindingEndpoint[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    warnings.push('endpoints is not an array and was ignored');
    return [];
  }
  if (value.length > maxEndpoints) warnings.push(`endpoints after the first ${maxEndpoints} were ignored`);
  return value.slice(0, maxEndpoints).flatMap((item: unknown, index) => {
    const endpoint = isObject(item) ? decodeEndpoint(item) : undefined;
    if (endpoint === undefined)
      warnings.push(`endpoints[${index}] has no usable host, ports or protocol and was ignored`);
    return endpoint === undefined ? [] : [endpoint];
  });
}

function decodeEndpoint(item: JsonObject): BindingEndpoint | undefined {
  const host = brokerText(item['host']);
  const ports: unknown = item['ports'];
  const protocol = item['protocol'] ?? 'tcp';
  if (host === undefined || host.length > maxHostLength) return undefined;
  if (!Array.isArray(ports) || ports.length === 0 || ports.length > maxEndpoints) return undefined;
  if (!ports.every(isPortRange)) return undefined;
  if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'all') return undefined;
  return { host, ports, protocol };
}

function isPortRange(value: unknown): value is string {
  const parts = typeof value === 'string' ? /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(value) : null;
  if (parts === null) return false;
  const first = Number(parts[1]);
  const last = Number(parts[2] ?? parts[1]);
  return first >= 1 && last <= 65_535 && first <= last;
}

function volumeMounts(value: unknown, warnings: string[]): readonly JsonObject[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every(isObject)) return value.length === 0 ? undefined : value;
  warnings.push('volume_mounts is not an array of objects and was ignored');
  return undefined;
}
