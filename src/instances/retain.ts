import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { deletionPolicyAnnotation, releaseToAnnotation } from '../api/group.ts';
import { timestamp } from '../control/attempts.ts';
import { goOn, stop, stopFor, type Step } from '../control/steps.ts';
import { userSpecifiedNames } from '../model/resolve.ts';
import { standingOf } from '../operations/answer-kind.ts';
import type { Unprepared } from '../operations/attempt.ts';
import type { Telling } from '../operations/kind.ts';
import { isDeletionSent } from '../operations/protection.ts';
import { record, release, tell } from '../operations/record.ts';
import type { RetainedService } from '../operations/retained-services.ts';
import { deletionPolicyOf, type DeletionPolicy } from './deletion-policy.ts';
import type { InstanceTask } from './instance-status.ts';
import { instanceIdOf, knownInstance } from './known-instance.ts';
import { waitForBindings } from './prepare-deprovision.ts';

/** A record may be changed meanwhile, of which nobody tells. */
const lookAgainMs = 30_000;

/**
 * `deletion-policy: retain`: the object goes, the service stays. No broker is asked for anything, whatever is under way there.
 * Bindings are unbound first, as always: logins are no data. What is known of the service is written down before it is let go.
 */
export async function retain(task: InstanceTask, instance: ServiceInstance): Promise<Step<ServiceInstance>> {
  const policy = deletionPolicyOf(instance);
  // What the broker has under this id is another object's.
  if (policy.kind === 'delete' || task.ids.holderOf(task.kind, instance) !== undefined) return goOn(instance);
  if (isDeletionSent(task, instance)) {
    tell(task, instance, 'Warning', tooLate);
    return goOn(instance);
  }
  if (policy.kind === 'unclear') {
    await record(task, instance, { kind: 'deleting', ...unclear(policy), isRefused: true });
    return stop;
  }
  const waited = await waitForBindings(task, instance);
  return waited.kind === 'stop' ? waited : letGo(task, waited.object, policy.releaseTo);
}

async function letGo(
  task: InstanceTask,
  instance: ServiceInstance,
  releaseTo: string | undefined,
): Promise<Step<ServiceInstance>> {
  const { namespace = '', name } = instance.metadata;
  const service = describe(task, instance, releaseTo);
  const blocked = releaseTo === undefined ? undefined : bound(task, instance);
  if (blocked !== undefined) return refuseRelease(task, instance, blocked);
  const kept = await task.retained.add(service, task.signal);
  const owner = await task.retained.namespaceOf(service.id, task.signal);
  if (owner !== service.namespace) {
    const whose = owner === namespace ? `the namespace "${namespace}"` : 'another namespace';
    const where = `${kept.metadata.namespace ?? ''}/${kept.metadata.name}`;
    const older =
      `the service was retained before, and its record (ConfigMap "${where}") names ${whose}. Whoever runs ` +
      `Bindery can write "${service.namespace}" into it, or delete it`;
    return releaseTo === undefined
      ? refuse(task, instance, 'RetainRefused', `The service is not let go, nor deleted: ${older}.`)
      : refuseRelease(task, instance, older);
  }
  const { id, broker, className, planName } = service;
  const how =
    releaseTo === undefined
      ? `${deletionPolicyAnnotation}: retain`
      : `${releaseToAnnotation}: ${releaseTo}, which may adopt it`;
  const message =
    `Service instance "${id}" (class "${className}", plan "${planName}") stays at ${broker}: ServiceInstance ` +
    `"${namespace}/${name}" was deleted with ${how}`;
  const retained = { reason: releaseTo === undefined ? 'Retained' : 'Released', message };
  // There people who run Bindery find it when the namespace is gone.
  task.events.record(kept, 'Normal', retained.reason, message);
  return release(task, instance, retained);
}

/** The namespace that may adopt the service afterwards, where that is another one and can. */
export function releasedTo(task: InstanceTask, instance: ServiceInstance): string | undefined {
  const policy = deletionPolicyOf(instance);
  return policy.kind === 'retain' && bound(task, instance) === undefined ? policy.releaseTo : undefined;
}

/** Nobody in another namespace can reach a broker of this one. */
function bound({ stores }: InstanceTask, instance: ServiceInstance): string | undefined {
  const isOfNamespace = knownInstance(instance, stores)?.broker.kind === 'ServiceBroker';
  return isOfNamespace ? 'its ServiceBroker serves this namespace only' : undefined;
}

function refuseRelease(
  task: InstanceTask,
  instance: ServiceInstance,
  why: string,
): Promise<Step<ServiceInstance>> {
  const message = `The service is neither released nor deleted: ${why}. Or take ${releaseToAnnotation} away.`;
  return refuse(task, instance, 'ReleaseRefused', message);
}

/** Nothing is deleted, and nothing is let go that would be another namespace's. */
async function refuse(
  task: InstanceTask,
  instance: ServiceInstance,
  reason: string,
  message: string,
): Promise<Step<ServiceInstance>> {
  await record(task, instance, { kind: 'deleting', reason, message, isRefused: true });
  return stopFor(lookAgainMs);
}

const tooLate: Telling = {
  reason: 'RetainTooLate',
  message: 'The broker has been asked to delete the service already: it can not be retained any more',
};

function unclear({ key, value }: Extract<DeletionPolicy, { kind: 'unclear' }>): Telling {
  if (key === releaseToAnnotation) {
    const message =
      `Nothing is deleted: ${key} is ${JSON.stringify(value)}. Name the namespace that may adopt the service, without ` +
      `${deletionPolicyAnnotation}: delete beside it, or take it away.`;
    return { reason: 'DeletionPolicyUnclear', message };
  }
  const message =
    `Nothing is deleted: ${deletionPolicyAnnotation} is ${JSON.stringify(value)}. Write "retain", and the service stays at its ` +
    'broker when this object goes, or "delete", and it is deleted there.';
  return { reason: 'DeletionPolicyUnclear', message };
}

/** All that is needed to find the service at its broker, and to take it up again. */
export function describe(
  { stores, clock }: InstanceTask,
  instance: ServiceInstance,
  releaseTo: string | undefined,
): RetainedService {
  const { namespace = '', name, uid = '' } = instance.metadata;
  const asked = userSpecifiedNames(instance.spec);
  const known = knownInstance(instance, stores);
  const { broker } = known ?? {};
  return {
    id: instanceIdOf(instance),
    namespace: releaseTo ?? namespace,
    name,
    uid,
    ...(releaseTo === undefined ? {} : { releasedBy: namespace }),
    className: asked.class,
    planName: asked.plan,
    broker: broker === undefined ? 'its broker' : `${broker.kind} "${broker.name}"`,
    serviceID: known?.serviceId ?? '',
    planID: known?.planId ?? '',
    ...progressOf(instance),
    retainedAt: timestamp(clock.now()),
  };
}

/** Of a request whose answer nobody has seen there is perhaps nothing. */
function progressOf({ status = {} }: ServiceInstance): Readonly<Record<string, string>> {
  const isConfirmed = Boolean(status.externalProperties) || status.provisionStatus === 'Provisioned';
  return { isConfirmed: String(isConfirmed), operation: status.currentOperation ?? '' };
}

/**
 * An id that is given may be that of a service which was retained. It goes to its own namespace: who knows an id must not get
 * the data of others by it.
 * @returns why it is not to be had; undefined when it is
 */
export async function retainedElsewhere(
  { retained, signal }: Pick<InstanceTask, 'retained' | 'signal'>,
  instance: ServiceInstance,
): Promise<Unprepared | undefined> {
  if (standingOf(instance) !== 'given') return undefined;
  const id = instanceIdOf(instance);
  const namespace = await retained.namespaceOf(id, signal);
  if (namespace === undefined || namespace === instance.metadata.namespace) return undefined;
  const message =
    `The service with the id "${id}" was retained for another namespace. Whoever runs Bindery can write the name of this ` +
    'namespace into its record (a ConfigMap, docs/operations.md)';
  return { kind: 'missing', reason: 'IdRetained', message };
}
