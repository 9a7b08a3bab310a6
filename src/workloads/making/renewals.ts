import type { ServiceBinding } from '../../api/generated/service-binding.ts';
import type { ServiceInstance } from '../../api/generated/service-instance.ts';
import { scoped } from '../../model/stores.ts';
import { identityOf } from '../../model/identity-of.ts';
import type { Workload } from '../workload.ts';
import { makeBinding } from './make-binding.ts';
import type { Making, Outcome } from './making.ts';
import { taken } from './obstacles.ts';
import { admittedServices, type Ask, type Wanted } from './wanted-services.ts';

/** So long a Pod may know more than what is known of its workload. */
const settleMs = 1_000;
/** And so long nobody is told: whoever makes the instance may be about to. */
const patienceMs = 30_000;

/**
 * Logins that Pods wait for and no workload asks for: a controller has made them from an older template, or from one that another
 * workload has adopted or orphaned. What those named may have come to its time meanwhile. The Pod knows whose it is, by the same
 * rule by which it was given the Secret's name. Only a login is made anew, at an instance that is there: an instance would be an
 * empty one.
 */
export class Renewals {
  readonly #stopwatch: Making['stopwatch'];
  /** By service, by login: when it was missed first. */
  readonly #missed = new Map<string, Map<string, number>>();

  constructor(stopwatch: Making['stopwatch']) {
    this.#stopwatch = stopwatch;
  }

  /** What is missing. @param pods those that have not started, as workloads */
  missing(
    {
      stores,
      namespace,
      instance,
      service,
      asked,
    }: Pick<Making, 'stores' | 'namespace' | 'instance' | 'service' | 'asked'>,
    pods: readonly Workload[],
    isServed: boolean,
  ): readonly Wanted[] {
    const wanted = [...admittedServices(pods, isServed, instance).bindings.values()].filter(
      ({ name }) =>
        !asked.has(name) && stores.serviceBindings.store.get(scoped(namespace, name)) === undefined,
    );
    const before = this.#missed.get(service);
    const nowMs = this.#stopwatch.elapsedMs();
    const missed = new Map(wanted.map(({ name }) => [name, before?.get(name) ?? nowMs]));
    if (missed.size > 0) this.#missed.set(service, missed);
    else this.#missed.delete(service);
    // One Pod speaks for all that wait for the same.
    return wanted.map((login) => ({ ...login, asks: login.asks.slice(0, 1) }));
  }

  forget(service: string): void {
    this.#missed.delete(service);
  }

  /** @param workloads among which somebody may be on record as asking for the Pods' workload */
  async renew(
    making: Making,
    login: Wanted,
    workloads: readonly Workload[],
  ): Promise<Outcome<ServiceBinding>> {
    const [ask] = login.asks;
    if (ask === undefined) return {};
    const missedMs = this.#stopwatch.elapsedMs() - (this.#missed.get(making.service)?.get(login.name) ?? 0);
    if (missedMs < settleMs) return { isWaiting: true, againMs: settleMs - missedMs };
    const instance = making.stores.serviceInstances.store.get(scoped(making.namespace, ask.wish.instance));
    const requestedBy = onRecord(ask, instance, workloads);
    const obstacle = obstacleOf(ask, instance, requestedBy);
    if (obstacle !== undefined && missedMs < patienceMs)
      return { isWaiting: true, againMs: patienceMs - missedMs };
    if (obstacle !== undefined) return { blocked: () => obstacle };
    const asked = { ...ask, workload: { ...ask.workload, requestedBy } };
    return makeBinding(making, { ...login, asks: [asked] }, undefined);
  }
}

function obstacleOf(
  ask: Ask,
  instance: ServiceInstance | undefined,
  requestedBy: string | undefined,
): string | undefined {
  const { wish, workload } = ask;
  if (instance === undefined || instance.metadata.deletionTimestamp !== undefined) {
    return (
      `Secret "${wish.login.name}" is not made any more: ServiceInstance "${wish.instance}" is gone, and this Pod was made ` +
      'from a template of before. Roll its workload out, or ask for what it asked for'
    );
  }
  if (wish.request !== undefined && identityOf(instance) === undefined)
    return taken('ServiceInstance', instance)(ask);
  return requestedBy === undefined
    ? `Secret "${wish.login.name}" is not made any more: nobody is on record as asking for ${workload.top.kind}/${workload.top.name}`
    : undefined;
}

/** Who asked for the workload last; else who asked for the service that was made for it. */
function onRecord(
  { wish, workload: { top } }: Ask,
  instance: ServiceInstance | undefined,
  workloads: readonly Workload[],
): string | undefined {
  const known = workloads.find(
    (other) => other.requestedBy !== undefined && other.top.kind === top.kind && other.top.name === top.name,
  );
  const ofService = wish.request === undefined ? undefined : instance?.spec.userInfo?.username;
  return known?.requestedBy ?? ofService;
}
