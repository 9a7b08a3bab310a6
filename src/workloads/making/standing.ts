import { findCondition, isConditionTrue } from '../../api/conditions.ts';
import type { ServiceBinding } from '../../api/generated/service-binding.ts';
import type { ServiceInstance } from '../../api/generated/service-instance.ts';
import type { Condition } from '../../api/generated/shared-types.ts';
import type { Ask } from './wanted-services.ts';

/** What is told on a workload about one of its wishes. */
export interface Telling {
  readonly type: 'Normal' | 'Warning';
  readonly reason: 'Provisioning' | 'Bound' | 'Blocked';
  readonly message: string;
  /** Since when it is so, RFC 3339. */
  readonly since?: string;
}

type Brokered = ServiceInstance | ServiceBinding;

/**
 * How far a wish has come, in the words of the conditions of what was made for it.
 * @param instance undefined for one that was not made for it
 * @returns undefined while there is nothing to say that was not said: a request to the broker has just been sent
 */
export function standing(
  ask: Ask,
  instance: ServiceInstance | undefined,
  binding: ServiceBinding,
): Telling | undefined {
  const service = instance && { what: `ServiceInstance "${instance.metadata.name}"`, object: instance };
  const login = { what: `ServiceBinding "${binding.metadata.name}"`, object: binding };
  if (service !== undefined && !isDone(service.object)) return unfinished(service);
  if (isDone(binding)) return bound(ask, instance, binding);
  return unfinished(login, instance === undefined ? [] : echoes);
}

function bound(
  { workload, wish }: Ask,
  instance: ServiceInstance | undefined,
  binding: ServiceBinding,
): Telling {
  const { request } = wish;
  const of = request === undefined ? '' : `, plan "${request.plan}" of "${request.class}"`;
  const service = `ServiceInstance "${wish.instance}"${of}`;
  const people = otherPerson(workload.requestedBy, instance);
  return {
    type: 'Normal',
    reason: 'Bound',
    message: `Secret "${wish.login.name}" has the credentials for ${service}${people}`,
    since: [instance, binding].map(readySince).toSorted().at(-1) ?? '',
  };
}

/** The conditions speak of the spec as it is. */
function isSeen({ metadata, status }: Brokered): boolean {
  return status?.observedGeneration === metadata.generation;
}

function isDone(object: Brokered): boolean {
  const holds = (type: string): boolean => isConditionTrue(object.status?.conditions, type);
  return isSeen(object) && holds('Ready') && !holds('Reconciling') && !holds('Stalled');
}

/** On their way, with the broker. */
const underWay: readonly string[] = [
  'Provisioning',
  'UpdatingInstance',
  'Binding',
  'FetchingBinding',
  'WaitingForOtherBinding',
  'ErrorInstanceNotReady',
  'ErrorInstanceRefsUnresolved',
];

/** A binding that has not heard yet that its instance is ready. The instance has been asked before. */
const echoes: readonly string[] = ['ErrorInstanceNotReady', 'ErrorInstanceRefsUnresolved'];

/** @param unsaid reasons that say nothing new */
function unfinished(
  { what, object }: { readonly what: string; readonly object: Brokered },
  unsaid: readonly string[] = [],
): Telling | undefined {
  const conditions = object.status?.conditions;
  const paused = findCondition(conditions, 'Paused');
  if (paused !== undefined) return tellingOf(what, paused);
  const held = ['Stalled', 'Reconciling'].find((type) => isConditionTrue(conditions, type));
  const condition = findCondition(conditions, held ?? 'Ready');
  if (condition === undefined || !isSeen(object) || unsaid.includes(condition.reason)) return undefined;
  // A request to the broker has just been sent.
  if (condition.reason.endsWith('InFlight')) return undefined;
  return tellingOf(what, condition);
}

function tellingOf(what: string, { type, reason, message }: Condition): Telling {
  // When it is tried again is another time after each attempt.
  const words = `${what}: ${message.replace(/ Next attempt at \S+$/, ' It is tried again.')}`;
  const isUnderWay = type !== 'Stalled' && underWay.includes(reason);
  const isTried = isUnderWay || (type === 'Reconciling' && reason === 'Backoff');
  return {
    type: isUnderWay ? 'Normal' : 'Warning',
    reason: isTried ? 'Provisioning' : 'Blocked',
    message: words,
  };
}

function readySince(object: Brokered | undefined): string {
  return findCondition(object?.status?.conditions, 'Ready')?.lastTransitionTime ?? '';
}

/** Who makes a workload of a name that somebody else's had gets what that had. */
function otherPerson(person: string | undefined, instance: ServiceInstance | undefined): string {
  const other = instance?.spec.userInfo?.username;
  return person === undefined || !other || other === person
    ? ''
    : `; "${person}" asks for it now, and "${other}" did before, or as well`;
}
