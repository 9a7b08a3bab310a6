import type { ServiceInstance } from '../../api/generated/service-instance.ts';
import { serviceInstances } from '../../api/kinds.ts';
import { parametersDigest } from '../../api/requested-identity.ts';
import { Withheld } from '../../control/withheld.ts';
import { objectKey } from '../../kube/objects.ts';
import { classScope, type ClassScope } from '../../model/class-scope.ts';
import { scoped } from '../../model/stores.ts';
import { disagreement } from './agreement.ts';
import { idFromBefore, recordOfAnotherCluster, retainedBefore, withId } from './ids-on-record.ts';
import { isUnsent } from './unsent.ts';
import { spokesman, tryWrite, type Making, type Outcome } from './making.ts';
import { goingInstance, nobodyOnRecord, taken } from './obstacles.ts';
import {
  changePatch,
  instanceChange,
  isRequested,
  requestedInstance,
  scopeOf,
  type InstanceChange,
  type ServiceWish,
} from './requested-objects.ts';
import type { Ask, Wanted } from './wanted-services.ts';
import { silentSharers } from './silent-sharers.ts';
import { unbindablePlan, unfitPlan } from './unfit-plan.ts';
import { stillAsk } from './still-ask.ts';
import { beyondLimits, isQuota, keptServices } from './service-limits.ts';

type Found = Outcome<ServiceInstance>;

/** The watch will tell what the workload asks for by now. */
const notHeardMs = 1_000;
/** When it is looked whether the catalog has a plan by now. */
const catalogMs = 10_000;

/** Has the instance be what all who ask for it ask for. Every reason against it leaves it as it is. */
export async function makeInstance(making: Making, wanted: Wanted): Promise<Found> {
  const known = making.stores.serviceInstances.store.get(scoped(making.namespace, wanted.name));
  return known === undefined ? makeNew(making, wanted) : bringUpToDate(making, wanted, known);
}

async function makeNew(making: Making, wanted: Wanted): Promise<Found> {
  const speaks = spokesman(wanted);
  if (speaks === undefined) return { blocked: nobodyOnRecord };
  const quarrel = disagreement(wanted.asks.filter(hasVoice));
  if (quarrel !== undefined) return { blocked: quarrel };
  const excess = beyondLimits(making, wanted);
  if (excess !== undefined) return { blocked: () => excess };

  const { stores, namespace, underWay, service } = making;
  const wish = serviceWish(speaks);
  const scope = classScope(stores, namespace, wish.request.class) ?? 'cluster';
  const unfit = unbindablePlan(stores, namespace, wish.request, scope);
  if (unfit !== undefined) {
    const message = `ServiceInstance "${wanted.name}" is not made: ${unfit}`;
    return { blocked: () => message, againMs: catalogMs };
  }
  const left = (await retainedBefore(making, wanted)) ?? recordOfAnotherCluster(making, wanted);
  underWay.add(service);
  try {
    const made = await create(making, wanted, wish, scope, speaks);
    return made.requested === undefined ? made : { ...made, left };
  } finally {
    underWay.delete(service);
  }
}

async function create(
  making: Making,
  wanted: Wanted,
  wish: ServiceWish,
  scope: ClassScope,
  { workload: { requestedBy } }: Ask,
): Promise<Found> {
  const { client, namespace, signal, logger } = making;
  const { name } = wanted;
  const object = withId(
    making,
    requestedInstance(namespace, wish, scope, requestedBy),
    idFromBefore(making, wanted),
  );
  const made = await write(making, object.metadata, 'made', whatOf(wish, scope), async () =>
    client.create(serviceInstances, object, { signal }),
  );
  if (made.object === undefined) return made;
  logger.info({ kind: serviceInstances.kind, namespace, name }, 'made for an annotated workload');
  const what = `ServiceInstance "${name}", plan "${wish.request.plan}" of "${wish.request.class}"`;
  return { ...made, requested: what };
}

async function bringUpToDate(making: Making, wanted: Wanted, known: ServiceInstance): Promise<Found> {
  const [first] = wanted.asks;
  if (first === undefined) return { object: known };
  const name = serviceWish(first).request.class;
  const scope = scopeOf(known, name);
  if (!isRequested(known) || scope === undefined) return { blocked: taken(serviceInstances.kind, known) };
  if (known.metadata.deletionTimestamp !== undefined) {
    const message = goingInstance(known, loginsOf(making, known));
    return { blocked: () => message };
  }
  const better = classScope(making.stores, making.namespace, name);
  const canBeAnew = isUnsent(known) && spokesman(wanted) !== undefined;
  if (better !== undefined && better !== scope && canBeAnew) return giveWay(making, known);
  return change(making, wanted, known, scope);
}

/** Names of those that hold up its deletion. */
function loginsOf({ stores }: Making, instance: ServiceInstance): readonly string[] {
  return stores.serviceBindings.store
    .byIndex('instance', objectKey(instance))
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name)
    .toSorted();
}

/**
 * A class that is better has come before anything was sent to a broker. The class of an instance can not be changed, so another
 * one takes its place. The deletion holds for this version only: whoever sends something writes that down first.
 */
async function giveWay(making: Making, known: ServiceInstance): Promise<Found> {
  const { client, signal, logger, namespace } = making;
  const { name, uid, resourceVersion } = known.metadata;
  return write(making, known.metadata, 'made anew', 'class', async () => {
    await client.delete(serviceInstances, { namespace, name }, { uid, resourceVersion, signal });
    logger.info({ kind: serviceInstances.kind, namespace, name }, 'made anew: its class is in another place');
    return undefined;
  });
}

async function change(
  making: Making,
  wanted: Wanted,
  known: ServiceInstance,
  scope: ClassScope,
): Promise<Found> {
  const voices = wanted.asks.filter(hasVoice);
  const quarrel = disagreement(voices);
  if (quarrel !== undefined) return { object: known, blocked: quarrel };
  const ask = spokesman(wanted) ?? wanted.asks[0];
  if (ask === undefined) return { object: known };
  const wish = serviceWish(ask);
  const what = whatOf(wish, scope);
  const compared = `${known.metadata.uid} ${known.metadata.generation} ${what}`;
  if (making.compared.get(making.service) === compared) return { object: known };

  const whole = await withParameters(making, known);
  if (whole === undefined) return { isWaiting: true, againMs: 1 };
  const difference = instanceChange(whole, wish, scope);
  if (difference === undefined) {
    making.compared.set(making.service, compared);
    return { object: known };
  }
  const obstacle = againstChange(making, wanted, known, { ask, scope, difference });
  if (obstacle !== undefined) return { object: known, ...obstacle };
  if (!(await stillAsk(making.client, voices, making.signal))) {
    return { object: known, isWaiting: true, againMs: notHeardMs };
  }
  const changed = await patch(making, whole, wish, scope, difference, ask);
  if (changed.object === undefined) return { ...changed, object: known };
  // What the API server makes of numbers is not always what was sent: asked for once, it is there.
  making.compared.set(
    making.service,
    `${changed.object.metadata.uid} ${changed.object.metadata.generation} ${what}`,
  );
  return changed;
}

function againstChange(
  making: Making,
  { asks }: Wanted,
  known: ServiceInstance,
  change: { readonly ask: Ask; readonly scope: ClassScope; readonly difference: InstanceChange },
): Pick<Found, 'blocked' | 'againMs'> | undefined {
  const { ask, scope, difference } = change;
  if (ask.workload.requestedBy === undefined) return { blocked: nobodyOnRecord };
  const { request } = serviceWish(ask);
  const unfit = difference.plan ? unfitPlan(making, request, scope) : undefined;
  if (unfit !== undefined) {
    const message = `ServiceInstance "${known.metadata.name}" stays as it is: ${unfit}`;
    return { blocked: () => message, againMs: catalogMs };
  }
  const silent = silentSharers(making, known, asks);
  return silent === undefined ? undefined : { blocked: () => silent };
}

async function patch(
  making: Making,
  known: ServiceInstance,
  wish: ServiceWish,
  scope: ClassScope,
  difference: InstanceChange,
  { workload: { requestedBy } }: Ask,
): Promise<Found> {
  const { client, namespace, signal, logger } = making;
  const { name } = known.metadata;
  const operations = changePatch(known, wish, scope, difference, requestedBy);
  const changed = await write(making, known.metadata, 'changed', whatOf(wish, scope), async () =>
    client.patch<ServiceInstance>(serviceInstances, { namespace, name }, operations, {
      type: 'json',
      signal,
    }),
  );
  if (changed.object === undefined) return changed;
  logger.info({ kind: serviceInstances.kind, namespace, name }, 'changed as its workload asks');
  const news = [
    ...(difference.plan ? [`plan "${wish.request.plan}"`] : []),
    ...(difference.parameters ? ['other parameters'] : []),
  ];
  return { ...changed, requested: `ServiceInstance "${name}" with ${news.join(' and ')}` };
}

async function write(
  making: Making,
  metadata: ServiceInstance['metadata'],
  verb: string,
  what: string,
  attempt: () => Promise<ServiceInstance | undefined>,
): Promise<Found> {
  const { store } = making.stores.serviceInstances;
  const hint = (message: string): string => (isQuota(message) ? keptServices(making) : '');
  return tryWrite(making, serviceInstances, metadata, store, { verb, what, hint }, attempt);
}

/** Large parameters are not kept: they are read to be compared. Undefined when the instance is another one by now. */
async function withParameters(making: Making, known: ServiceInstance): Promise<ServiceInstance | undefined> {
  const { spec, metadata } = known;
  if (!(spec.parameters instanceof Withheld)) return known;
  const { client, namespace, signal, stores } = making;
  const read = await client.get<ServiceInstance>(
    serviceInstances,
    { namespace, name: metadata.name },
    { signal },
  );
  stores.serviceInstances.store.put(read);
  return read.metadata.uid === metadata.uid ? read : undefined;
}

/** What is asked for, to tell one attempt from another. */
function whatOf({ request, parameters }: ServiceWish, scope: ClassScope): string {
  return JSON.stringify([scope, request.class, request.plan, parametersDigest(parameters)]);
}

function hasVoice({ workload }: Ask): boolean {
  return workload.requestedBy !== undefined;
}

/** @throws TypeError for a wish that only binds: it has no instance to be made */
function serviceWish({ wish: { request, parameters } }: Ask): ServiceWish {
  if (request === undefined) throw new TypeError('this wish makes no instance');
  return { request, parameters };
}
