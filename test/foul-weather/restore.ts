import { setTimeout as delay } from 'node:timers/promises';
import { serviceBindings, serviceInstances } from '../../src/api/kinds.ts';
import { isConditionTrue } from '../../src/api/conditions.ts';
import type { Condition } from '../../src/api/generated/shared-types.ts';
import { compact } from '../../src/base/compact.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { apiVersionOf, secrets, type Resource } from '../../src/kube/resources.ts';
import { namespace, type Order } from './harbour.ts';
import { insist } from './insist.ts';
import type { Weather } from './weather.ts';

interface Dumped {
  readonly resource: Resource;
  readonly object: KubeObject & { readonly status?: { readonly conditions?: readonly Condition[] } };
}

const mostAtOnce = 3;
const timeoutMs = 10_000;

/**
 * Some services are lost without a word to the broker, as with a lost cluster, and come back from a backup: objects
 * without status, uid and owners, Secrets first or last.
 */
export async function restore(weather: Weather): Promise<void> {
  const { client, harbour, fleet, random, say, signal } = weather;
  const candidates = harbour.wanted.filter(
    ({ by, mark, isHeld }) => by === 'manifests' && mark !== undefined && !isHeld,
  );
  const orders = random.shuffled(candidates).slice(0, mostAtOnce);
  const controllers = fleet.of('controller').filter(({ isHeld }) => !isHeld);
  for (const held of [...orders, ...controllers]) held.isHeld = true;
  const signalAll = (name: 'SIGSTOP' | 'SIGCONT'): void => {
    for (const {
      process: { groupId },
    } of controllers)
      process.kill(-groupId, name);
  };
  say(`${orders.length} services are lost and restored from a dump`);
  signalAll('SIGSTOP');
  try {
    const dumps = await Promise.all(orders.map(async (order) => dump(weather, order)));
    const whole = dumps.filter((dumped) => dumped !== undefined);
    for (const dumped of whole) await lose(weather, dumped);
    // With the controllers away, or in their sight.
    const isSeen = random.next() < 0.5;
    if (isSeen) signalAll('SIGCONT');
    await delay(1000, undefined, { signal });
    for (const { resource, object } of random.shuffled(whole.flat())) {
      // What is there already is left alone, as a restore does.
      await insist(
        () => client.create(resource, asRestored(resource, object), { signal, timeoutMs }),
        signal,
      );
    }
  } finally {
    signalAll('SIGCONT');
    for (const held of controllers) held.isHeld = false;
    for (const order of orders) order.isRestored = true;
  }
}

/** Undefined while one of the three is not there, or not settled. */
async function dump(weather: Weather, { name }: Order): Promise<readonly Dumped[] | undefined> {
  const { client, signal } = weather;
  const found: Dumped[] = [];
  for (const resource of [secrets, serviceInstances, serviceBindings]) {
    const object = await insist(
      () => client.get<Dumped['object']>(resource, { namespace, name }, { signal, timeoutMs }),
      signal,
    );
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) return undefined;
    if (resource !== secrets && !isConditionTrue(object.status?.conditions, 'Ready')) return undefined;
    found.push({ resource, object });
  }
  return found;
}

/** Taking the finalizer away first is how an object goes without its broker. */
async function lose({ client, signal }: Weather, dumped: readonly Dumped[]): Promise<void> {
  const released = { metadata: { finalizers: null } };
  for (const { resource, object } of dumped.toReversed()) {
    const ref = { namespace, name: object.metadata.name };
    const options = { signal, timeoutMs };
    await insist(() => client.patch(resource, ref, released, { ...options, type: 'merge' }), signal);
    await insist(() => client.delete(resource, ref, options), signal);
  }
}

function asRestored(resource: Resource, { metadata, status: _lost, ...rest }: Dumped['object']): KubeObject {
  const { name, labels, annotations } = metadata;
  const kept = compact({ namespace, name, labels, annotations });
  return { ...rest, apiVersion: apiVersionOf(resource), kind: resource.kind, metadata: kept };
}
