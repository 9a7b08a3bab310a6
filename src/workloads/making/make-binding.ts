import type { ServiceBinding } from '../../api/generated/service-binding.ts';
import type { ServiceInstance } from '../../api/generated/service-instance.ts';
import { shapeAnnotation } from '../../api/group.ts';
import { serviceBindings } from '../../api/kinds.ts';
import { scoped } from '../../model/stores.ts';
import { spokesman, tryWrite, type Making, type Outcome } from './making.ts';
import { idFromBefore, withId } from './ids-on-record.ts';
import { nobodyOnRecord, taken } from './obstacles.ts';
import { isAsMade, isRequested, requestedBinding, shapeChange } from './requested-objects.ts';
import type { Ask, Wanted } from './wanted-services.ts';

type Found = Outcome<ServiceBinding>;

/**
 * Has the login be there, once there is an instance: a binding of one that is being deleted would hold that up.
 * @param instance what became of the instance; undefined where the wish names one
 */
export async function makeBinding(
  making: Making,
  wanted: Wanted,
  instance: Outcome<ServiceInstance> | undefined,
): Promise<Found> {
  const { stores, namespace } = making;
  const { store } = stores.serviceBindings;
  const ask = spokesman(wanted) ?? wanted.asks[0];
  if (ask === undefined) return {};
  const known = store.get(scoped(namespace, wanted.name));
  if (known !== undefined) {
    const standing = found(known, requestedBinding(namespace, ask.wish, undefined));
    return standing.object === undefined ? standing : haveShape(making, standing.object, ask);
  }
  if (instance !== undefined && instance.object === undefined) return {};
  const named = stores.serviceInstances.store.get(scoped(namespace, ask.wish.instance));
  if (named?.metadata.deletionTimestamp !== undefined) {
    const message = `ServiceInstance "${named.metadata.name}" is being deleted, and takes no new bindings: ask for another one, or make it anew when it is gone`;
    return { blocked: () => message };
  }
  const { requestedBy } = ask.workload;
  if (requestedBy === undefined) return { blocked: nobodyOnRecord };

  const object = withId(
    making,
    requestedBinding(namespace, ask.wish, requestedBy),
    idFromBefore(making, wanted),
  );
  const attempt = { what: '', verb: 'made' };
  const made = await tryWrite(making, serviceBindings, object.metadata, store, attempt, async () =>
    making.client.create(serviceBindings, object, { signal: making.signal }),
  );
  if (made.object === undefined) return made;
  const { kind } = serviceBindings;
  making.logger.info({ kind, namespace, name: wanted.name }, 'made for an annotated workload');
  return { ...made, requested: `ServiceBinding "${wanted.name}"` };
}

/** The shape of its Secret is no part of what it is: an edit reaches the same login. */
async function haveShape(making: Making, known: ServiceBinding, { wish, workload }: Ask): Promise<Found> {
  const shape = shapeChange(known, wish);
  if (shape === undefined || workload.requestedBy === undefined) return { object: known };
  const { namespace = '', name, uid, resourceVersion } = known.metadata;
  const patch = { metadata: { uid, resourceVersion, annotations: { [shapeAnnotation]: shape } } };
  const attempt = { what: shape ?? '', verb: 'given another shape' };
  const { store } = making.stores.serviceBindings;
  const done = await tryWrite(making, serviceBindings, known.metadata, store, attempt, async () =>
    making.client.patch<ServiceBinding>(serviceBindings, { namespace, name }, patch, {
      type: 'merge',
      signal: making.signal,
    }),
  );
  // With another shape, or without, it is there.
  if (done.object === undefined) return { object: known, ...done };
  return { ...done, requested: `ServiceBinding "${name}" with another shape` };
}

function found(known: ServiceBinding, wanted: ServiceBinding): Found {
  const { metadata } = known;
  const isOurs = isRequested(known) && isAsMade(known, wanted);
  if (!isOurs) return { blocked: taken(serviceBindings.kind, known) };
  if (metadata.deletionTimestamp === undefined) return { object: known };
  const message = `ServiceBinding "${metadata.name}" is being deleted; a new one is made when it is gone`;
  return { blocked: () => message };
}
