import { randomUUID } from 'node:crypto';
import { cpuSeconds } from '../cpu-time.ts';
import { inParallel, type BenchApi } from './bench-api.ts';
import { instance, binding } from './objects.ts';
import { twinGroup } from './twin-kinds.ts';

const parallel = 32;

export interface ApiCost {
  /** Objects. */
  readonly perSecond: number;
  /** CPU time of the API server for each, milliseconds. */
  readonly cpuMs: number;
}

/**
 * What the API server itself allows: objects per second, when a client does nothing but the writes that no
 * catalog can do without. Instances: what is intended and what became of it, two status writes. Bindings: the
 * same and the Secret. The objects are there before; only these writes are timed.
 */
export async function apiLimit(
  api: BenchApi,
  namespace: string,
  count: number,
): Promise<{ readonly instances: ApiCost; readonly bindings: ApiCost }> {
  const names = Array.from({ length: count }, (_, index) => `limit-${index}`);
  const group = `/apis/${twinGroup}/v1beta1/namespaces/${namespace}`;
  const version = `${twinGroup}/v1beta1`;
  await inParallel(names, parallel, async (name) => {
    await api.create(`${group}/serviceinstances`, { ...instance(name), apiVersion: version });
    await api.create(`${group}/servicebindings`, { ...binding(name, name), apiVersion: version });
  });
  const instances = await cost(api, names, async (name) => writeInstanceStatus(api, group, name));
  const bindings = await cost(api, names, async (name) => writeBindingStatus(api, group, namespace, name));
  for (const path of [`${group}/serviceinstances`, `${group}/servicebindings`]) await api.deleteAll(path);
  await api.deleteAll(`/api/v1/namespaces/${namespace}/secrets`);
  return { instances, bindings };
}

/** Everything that a request needs to be written for it: an instance and a binding, their statuses, and the Secret. */
export async function bareRequest(api: BenchApi, namespace: string, name: string): Promise<void> {
  const group = `/apis/${twinGroup}/v1beta1/namespaces/${namespace}`;
  const version = `${twinGroup}/v1beta1`;
  await api.create(`${group}/serviceinstances`, { ...instance(name), apiVersion: version });
  await writeInstanceStatus(api, group, name);
  await api.create(`${group}/servicebindings`, { ...binding(name, name), apiVersion: version });
  await writeBindingStatus(api, group, namespace, name);
}

async function writeInstanceStatus(api: BenchApi, group: string, name: string): Promise<void> {
  await api.mergePatch(`${group}/serviceinstances/${name}/status`, { status: intent('Provision') });
  await api.mergePatch(`${group}/serviceinstances/${name}/status`, { status: outcome('Provisioned') });
}

async function writeBindingStatus(
  api: BenchApi,
  group: string,
  namespace: string,
  name: string,
): Promise<void> {
  await api.mergePatch(`${group}/servicebindings/${name}/status`, { status: intent('Bind') });
  await api.create(`/api/v1/namespaces/${namespace}/secrets`, secret(name));
  await api.mergePatch(`${group}/servicebindings/${name}/status`, { status: outcome('Bound') });
}

async function cost(
  api: BenchApi,
  names: readonly string[],
  task: (name: string) => Promise<void>,
): Promise<ApiCost> {
  const cpuBefore = cpuSeconds(await api.text('/metrics'));
  const startedAt = performance.now();
  await inParallel(names, parallel, task);
  const perSecond = (names.length * 1000) / (performance.now() - startedAt);
  const cpu = cpuSeconds(await api.text('/metrics')) - cpuBefore;
  return { perSecond, cpuMs: (cpu * 1000) / names.length };
}

function intent(operation: string): object {
  return {
    observedGeneration: 1,
    reconciledGeneration: 0,
    currentOperation: operation,
    operationStartTime: new Date().toISOString(),
    attempts: 0,
    inProgressProperties: { parameterChecksum: randomUUID(), userInfo: { username: 'admin', uid: '' } },
    lastConditionState: `${operation}ing`,
    conditions: [condition('False', `${operation}RequestInFlight`)],
  };
}

function outcome(reason: string): object {
  return {
    reconciledGeneration: 1,
    currentOperation: null,
    operationStartTime: null,
    inProgressProperties: null,
    externalProperties: { parameterChecksum: randomUUID(), userInfo: { username: 'admin', uid: '' } },
    lastConditionState: 'Ready',
    conditions: [condition('True', reason)],
  };
}

function condition(status: string, reason: string): object {
  const lastTransitionTime = new Date().toISOString();
  const message = 'The sentence that a person reads about it, as long as such sentences are';
  return { type: 'Ready', status, reason, message, lastTransitionTime, observedGeneration: 1 };
}

function secret(name: string): object {
  const value = Buffer.from('postgresql://user:password@db.example.com:5432/orders').toString('base64');
  const keys = ['type', 'uri', 'host', 'port', 'database', 'username', 'password'];
  return { metadata: { name }, data: Object.fromEntries(keys.map((key) => [key, value])) };
}
