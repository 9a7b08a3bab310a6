import { timingSafeEqual } from 'node:crypto';
import { isObject } from '../../../src/base/json.ts';
import type { RecordedRequest } from './recorded-request.ts';
import { refuse, type OrdinaryAnswer } from './service-context.ts';

export type TestBrokerAuth =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'none' };

/** Fields that OSB 2.17 knows in request bodies. */
const knownFields: Readonly<Record<string, readonly string[]>> = {
  provision: [
    'service_id',
    'plan_id',
    'context',
    'organization_guid',
    'space_guid',
    'parameters',
    'maintenance_info',
  ],
  update: ['service_id', 'plan_id', 'context', 'parameters', 'maintenance_info', 'previous_values'],
  bind: [
    'service_id',
    'plan_id',
    'context',
    'app_guid',
    'bind_resource',
    'parameters',
    'predecessor_binding_id',
  ],
};

/** What is asked of every request before it is looked at. */
export function gateProblem(
  request: RecordedRequest,
  rules: { readonly auth: TestBrokerAuth; readonly minimumMinor: number },
  violation: (text: string) => void,
): OrdinaryAnswer | undefined {
  if (!isAuthorized(request.headers['authorization'] ?? '', rules.auth)) {
    violation('P02: request without valid credentials');
    return {
      status: 401,
      body: { description: 'Who are you?' },
      headers: { 'www-authenticate': 'Basic realm="broker"' },
    };
  }
  const version = request.headers['x-broker-api-version'];
  if (version === undefined) {
    violation('P01: request without X-Broker-API-Version');
    return refuse(400, 'The header X-Broker-API-Version is missing.');
  }
  const [, minor] = /^2\.(\d+)$/.exec(version) ?? [];
  if (minor === undefined || Number(minor) < rules.minimumMinor) {
    return refuse(412, `This broker speaks version 2.${rules.minimumMinor} or later of version 2.`);
  }
  noteSloppiness(request, violation);
  return undefined;
}

function isAuthorized(header: string, auth: TestBrokerAuth): boolean {
  if (auth.kind === 'none') return true;
  const wanted =
    auth.kind === 'bearer'
      ? `Bearer ${auth.token}`
      : `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`;
  const [left, right] = [Buffer.from(header), Buffer.from(wanted)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function noteSloppiness(request: RecordedRequest, violation: (text: string) => void): void {
  const requestIdentity = request.headers['x-broker-api-request-identity'];
  if (requestIdentity === undefined || requestIdentity === '')
    violation('P07: request without request identity');
  const { body, operation, identity } = request;
  if (!isObject(body)) return;
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    violation('P11: body without Content-Type application/json');
  }
  const known = knownFields[operation ?? ''] ?? [];
  const unknown = Object.keys(body).filter((field) => !known.includes(field));
  if (unknown.length > 0) violation(`P09: unknown fields in ${operation}: ${unknown.join(', ')}`);
  const context = body['context'];
  if (identity !== undefined && isObject(context) && context['platform'] !== identity.platform) {
    violation("P06: originating identity of another platform than the context's");
  }
}
