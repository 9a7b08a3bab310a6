import type { Operation } from '../../../src/osb/outcome-types.ts';

export interface Route {
  readonly operation: Operation;
  readonly instanceId?: string;
  readonly bindingId?: string;
}

type Resource = 'instance' | 'instancePoll' | 'binding' | 'bindingPoll';

const operations: Readonly<Record<Resource, Readonly<Record<string, Operation>>>> = {
  instance: { PUT: 'provision', PATCH: 'update', DELETE: 'deprovision', GET: 'getInstance' },
  instancePoll: { GET: 'pollInstance' },
  binding: { PUT: 'bind', DELETE: 'unbind', GET: 'getBinding' },
  bindingPoll: { GET: 'pollBinding' },
};

/** Method and undecoded path, below the broker's prefix → which of the ten operations, on what. */
export function routeOf(method: string, path: string): Route | undefined {
  if (path === '/v2/catalog') return method === 'GET' ? { operation: 'catalog' } : undefined;
  const segments = path.split('/');
  if (segments[1] !== 'v2' || segments[2] !== 'service_instances') return undefined;
  const resource = resourceOf(segments.slice(4));
  const operation = resource === undefined ? undefined : operations[resource][method];
  const instanceId = decode(segments[3]);
  if (operation === undefined || instanceId === undefined) return undefined;
  if (resource === 'instance' || resource === 'instancePoll') return { operation, instanceId };
  const bindingId = decode(segments[5]);
  return bindingId === undefined ? undefined : { operation, instanceId, bindingId };
}

function resourceOf(rest: readonly string[]): Resource | undefined {
  const last = rest.at(-1) === 'last_operation';
  if (rest.length === 0) return 'instance';
  if (rest.length === 1) return last ? 'instancePoll' : undefined;
  if (rest[0] !== 'service_bindings') return undefined;
  if (rest.length === 2) return 'binding';
  return rest.length === 3 && last ? 'bindingPoll' : undefined;
}

function decode(segment: string | undefined): string | undefined {
  if (segment === undefined || segment === '') return undefined;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
