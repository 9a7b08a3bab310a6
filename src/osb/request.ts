import type { JsonObject } from '../base/json.ts';
import type { Operation } from './outcome-types.ts';
import type {
  BindingRequest,
  BindRequest,
  GetBindingRequest,
  GetInstanceRequest,
  InstanceRequest,
  OriginatingIdentity,
  PollBindingRequest,
  PollInstanceRequest,
  ProvisionRequest,
  UnbindRequest,
  UpdateRequest,
} from './types.ts';

/** One operation as it goes on the wire, below the broker's base URL. */
export interface BrokerRequest {
  readonly operation: Operation;
  readonly method: 'GET' | 'PUT' | 'PATCH' | 'DELETE';
  /** Ids of the path, for the check that they are usable there. */
  readonly ids: readonly string[];
  readonly path: string;
  readonly body?: JsonObject;
  readonly identity?: OriginatingIdentity | undefined;
  readonly etag?: string | undefined;
}

export function catalogRequest(etag: string | undefined): BrokerRequest {
  return { operation: 'catalog', method: 'GET', ids: [], path: '/v2/catalog', etag };
}

export function provisionRequest(request: ProvisionRequest): BrokerRequest {
  return {
    ...instanceRequest('provision', 'PUT', request, { accepts_incomplete: 'true' }),
    body: defined({
      service_id: request.serviceId,
      plan_id: request.planId,
      context: request.context,
      organization_guid: request.organizationGuid,
      space_guid: request.spaceGuid,
      parameters: request.parameters,
      maintenance_info: version(request.maintenanceInfoVersion),
    }),
  };
}

export function updateRequest(request: UpdateRequest): BrokerRequest {
  const previous = request.previousValues;
  return {
    ...instanceRequest('update', 'PATCH', request, { accepts_incomplete: 'true' }),
    body: defined({
      service_id: request.serviceId,
      plan_id: request.planId,
      context: request.context,
      parameters: request.parameters,
      maintenance_info: version(request.maintenanceInfoVersion),
      // Organization and space travel in the context, not here (OSB, Updating a Service Instance).
      previous_values:
        previous === undefined
          ? undefined
          : defined({ plan_id: previous.planId, maintenance_info: version(previous.maintenanceInfoVersion) }),
    }),
  };
}

export function deprovisionRequest(request: InstanceRequest): BrokerRequest {
  return instanceRequest('deprovision', 'DELETE', request, { ...hints(request), accepts_incomplete: 'true' });
}

export function getInstanceRequest(request: GetInstanceRequest): BrokerRequest {
  return instanceRequest('getInstance', 'GET', request, hints(request));
}

export function pollInstanceRequest(request: PollInstanceRequest): BrokerRequest {
  const query = { ...hints(request), operation: request.operation };
  return instanceRequest('pollInstance', 'GET', request, query, '/last_operation');
}

export function bindRequest(request: BindRequest): BrokerRequest {
  const rotates = request.predecessorBindingId !== undefined;
  return {
    ...bindingRequest('bind', 'PUT', request, accepts(request.acceptsIncomplete)),
    body: defined({
      service_id: request.serviceId,
      plan_id: request.planId,
      context: request.context,
      // A rotated binding inherits these two from its predecessor (OSB, Binding Rotation).
      bind_resource: rotates ? undefined : bindResource(request),
      parameters: rotates ? undefined : request.parameters,
      predecessor_binding_id: request.predecessorBindingId,
    }),
  };
}

export function unbindRequest(request: UnbindRequest): BrokerRequest {
  const query = { ...hints(request), ...accepts(request.acceptsIncomplete) };
  return bindingRequest('unbind', 'DELETE', request, query);
}

export function getBindingRequest(request: GetBindingRequest): BrokerRequest {
  return bindingRequest('getBinding', 'GET', request, hints(request));
}

export function pollBindingRequest(request: PollBindingRequest): BrokerRequest {
  const query = { ...hints(request), operation: request.operation };
  return bindingRequest('pollBinding', 'GET', request, query, '/last_operation');
}

/**
 * Why an id can not stand in a path, if it can not. `.` and `..` mean other paths to every server and proxy, even
 * percent-encoded; text with half a surrogate pair has no UTF-8.
 */
export function idProblem(id: string): string | undefined {
  if (id === '') return 'an id is empty';
  if (id === '.' || id === '..') return `the id "${id}" has another meaning in a URL`;
  return id.isWellFormed() ? undefined : 'an id is not well-formed Unicode';
}

type Query = Readonly<Record<string, string | undefined>>;
type InstanceIds = Pick<InstanceRequest, 'instanceId' | 'identity'>;
type BindingIds = Pick<BindingRequest, 'instanceId' | 'bindingId' | 'identity'>;

function instanceRequest(
  operation: Operation,
  method: BrokerRequest['method'],
  { instanceId, identity }: InstanceIds,
  query: Query,
  suffix = '',
): BrokerRequest {
  const path = `/v2/service_instances/${percentEncode(instanceId)}${suffix}${queryText(query)}`;
  return { operation, method, ids: [instanceId], path, identity };
}

function bindingRequest(
  operation: Operation,
  method: BrokerRequest['method'],
  { instanceId, bindingId, identity }: BindingIds,
  query: Query,
  suffix = '',
): BrokerRequest {
  const ids = `${percentEncode(instanceId)}/service_bindings/${percentEncode(bindingId)}`;
  const path = `/v2/service_instances/${ids}${suffix}${queryText(query)}`;
  return { operation, method, ids: [instanceId, bindingId], path, identity };
}

function hints({ serviceId, planId }: Pick<GetInstanceRequest, 'serviceId' | 'planId'>): Query {
  return { service_id: serviceId, plan_id: planId };
}

function accepts(incomplete: boolean): Query {
  return incomplete ? { accepts_incomplete: 'true' } : {};
}

function bindResource(request: BindRequest): JsonObject | undefined {
  const resource = defined({ ...request.bindResource, app_guid: request.appGuid });
  return Object.keys(resource).length === 0 ? undefined : resource;
}

function version(text: string | undefined): JsonObject | undefined {
  return text === undefined ? undefined : { version: text };
}

function queryText(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`${name}=${percentEncode(value)}`],
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/** Everything outside of RFC 3986's unreserved set, also the five marks that encodeURIComponent lets pass. */
function percentEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function defined(object: Readonly<Record<string, unknown>>): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
