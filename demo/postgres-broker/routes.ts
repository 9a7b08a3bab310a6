import { notFound, refused, type Answer } from './answer.ts';
import type { Broker } from './broker.ts';
import { catalog } from './catalog.ts';
import { parseBindRequest, parseProvisionRequest, parseUpdateRequest } from './requests.ts';

interface Call {
  readonly method: string;
  readonly query: URLSearchParams;
  /** The decoded JSON body; undefined when there was none or it was no JSON. */
  readonly body: unknown;
}

const methodNotAllowed = refused(405, 'this resource does not know the method');
const missingHints = refused(400, 'service_id and plan_id are required');

/** Finds the operation that a request means (OSB 2.17) and asks the broker. */
export async function route(broker: Broker, method: string, url: string, text: string): Promise<Answer> {
  const { pathname, searchParams } = new URL(url, 'http://broker.invalid');
  const segments = decodeSegments(pathname);
  if (segments === undefined) return refused(400, 'the path is not well encoded');
  const call: Call = { method, query: searchParams, body: parseJson(text) };
  const [version, collection, instanceId, part, bindingId] = segments;
  if (version !== 'v2') return notFound;
  if (collection === 'catalog' && segments.length === 2) {
    return method === 'GET' ? { status: 200, body: catalog } : methodNotAllowed;
  }
  if (collection !== 'service_instances' || instanceId === undefined || instanceId === '') return notFound;
  if (segments.length === 3) return instanceCall(broker, call, instanceId);
  if (part === 'last_operation' && segments.length === 4) {
    return broker.lastOperation(instanceId, searchParams.get('operation') ?? undefined);
  }
  if (part !== 'service_bindings' || bindingId === undefined || bindingId === '') return notFound;
  // Bindings are made at once, so there never is an operation of theirs to ask for.
  return segments.length === 5 ? bindingCall(broker, call, instanceId, bindingId) : notFound;
}

async function instanceCall(broker: Broker, call: Call, id: string): Promise<Answer> {
  const acceptsIncomplete = call.query.get('accepts_incomplete') === 'true';
  switch (call.method) {
    case 'PUT': {
      const request = parseProvisionRequest(call.body);
      return typeof request === 'string'
        ? refused(400, request)
        : broker.provision(id, request, acceptsIncomplete);
    }
    case 'PATCH': {
      const request = parseUpdateRequest(call.body);
      return typeof request === 'string' ? refused(400, request) : broker.update(id, request);
    }
    case 'DELETE':
      return hasHints(call) ? broker.deprovision(id, acceptsIncomplete) : missingHints;
    case 'GET':
      return broker.instance(id);
    default:
      return methodNotAllowed;
  }
}

async function bindingCall(broker: Broker, call: Call, instanceId: string, id: string): Promise<Answer> {
  switch (call.method) {
    case 'PUT': {
      const request = parseBindRequest(call.body);
      return typeof request === 'string' ? refused(400, request) : broker.bind(instanceId, id, request);
    }
    case 'DELETE':
      return hasHints(call) ? broker.unbind(instanceId, id) : missingHints;
    case 'GET':
      return broker.binding(instanceId, id);
    default:
      return methodNotAllowed;
  }
}

function hasHints(call: Call): boolean {
  return Boolean(call.query.get('service_id')) && Boolean(call.query.get('plan_id'));
}

function decodeSegments(pathname: string): readonly string[] | undefined {
  try {
    return pathname.slice(1).split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
