import type { ServiceBinding } from '../../api/generated/service-binding.ts';
import type { ServiceInstance } from '../../api/generated/service-instance.ts';
import { inParallel } from '../../base/in-parallel.ts';
import { isNamespaceServed } from '../../model/scope.ts';
import { formerServices } from './former-services.ts';
import { makeBinding } from './make-binding.ts';
import { makeInstance } from './make-instance.ts';
import type { Making, Outcome } from './making.ts';
import { Renewals } from './renewals.ts';
import { RequestPace } from './request-pace.ts';
import { standing } from './standing.ts';
import { admittedServices, type Ask } from './wanted-services.ts';
import type { WorkloadDeps } from '../workload-deps.ts';
import { WorkloadEvents } from './workload-events.ts';
import type { Workload } from '../workload.ts';

/** Writes for one namespace at the same time. */
const concurrency = 8;
/** When a workload is known and its namespace is not. */
const lookAgainMs = 1_000;

/** What became of a wish: of its service, if it asks for one, and of its login. */
interface Fate {
  readonly instance: Outcome<ServiceInstance> | undefined;
  readonly login: Outcome<ServiceBinding>;
}

/**
 * Makes what the workloads of a namespace ask for, brings it up to date, and tells them. Each request goes its own way: what is
 * refused is tried again by itself, and holds up no other.
 * @returns milliseconds until it has to be looked at again; undefined when only news can change anything
 */
export type MakeServices = (
  namespace: string,
  askers: MakingAskers,
  signal: AbortSignal,
) => Promise<number | undefined>;

export interface MakingAskers {
  readonly asking: readonly Workload[];
  /** Pods that were made from workloads and have not started. */
  readonly waiting: readonly Workload[];
}

export function serviceMaker(deps: WorkloadDeps): MakeServices {
  const pace = new RequestPace(deps.stopwatch);
  const events = new WorkloadEvents(deps);
  const comparedIn = new Map<string, Map<string, string>>();
  const renewals = new Renewals(deps.stopwatch);
  return async (namespace, { asking: workloads, waiting }, signal) => {
    const compared = comparedIn.get(namespace) ?? new Map<string, string>();
    const known = deps.stores.namespaces.store.get(namespace);
    const isServed =
      known !== undefined && isNamespaceServed(namespace, known.metadata.labels, deps.namespace);
    const wanted = admittedServices(workloads, isServed);
    const asked = wanted.bindings;
    const making: Making = { ...deps, pace, compared, underWay: new Set(), asked, namespace, signal };

    const services = new Map<string, Outcome<ServiceInstance>>();
    await inParallel([...wanted.instances.values()], concurrency, async (service) => {
      services.set(service.name, await makeInstance(making, service));
    });
    const fates: (Fate & { readonly asks: readonly Ask[] })[] = [];
    await inParallel([...wanted.bindings.values()], concurrency, async (login) => {
      const [ask] = login.asks;
      const instance = ask?.wish.request && services.get(ask.wish.request.name);
      fates.push({ asks: login.asks, instance, login: await makeBinding(making, login, instance) });
    });

    const missing = renewals.missing(making, waiting, isServed);
    await inParallel(missing, concurrency, async (login) => {
      const renewed = await renewals.renew(making, login, workloads);
      fates.push({ asks: login.asks, instance: undefined, login: renewed });
    });

    const pauses = fates.flatMap(({ asks, ...fate }) => asks.map((ask) => tell(making, events, ask, fate)));
    const outcomes = [...services.values(), ...fates.map(({ login }) => login)];
    pauses.push(...outcomes.map(({ againMs }) => againMs));
    // The watch of workloads may be ahead of that of namespaces.
    if (known === undefined && workloads.length > 0) pauses.push(lookAgainMs);

    for (const name of compared.keys()) if (!wanted.instances.has(name)) compared.delete(name);
    if (compared.size > 0) comparedIn.set(namespace, compared);
    else comparedIn.delete(namespace);
    const names = new Set(missing.map(({ name }) => name));
    pace.retain(
      namespace,
      (name) => wanted.instances.has(name) || wanted.bindings.has(name) || names.has(name),
    );
    events.retain(
      namespace,
      fates.flatMap(({ asks }) => asks),
    );
    return earliest(pauses);
  };
}

/** @returns milliseconds until it is to be said again */
function tell(making: Making, events: WorkloadEvents, ask: Ask, fate: Fate): number | undefined {
  tellDeeds(making, events, ask, fate);
  const { instance, login } = fate;
  const obstacle = [instance, login].find((outcome) => outcome?.blocked !== undefined);
  const message = obstacle?.blocked?.(ask);
  if (message !== undefined && obstacle?.isRefusal === true) {
    events.happened(ask, 'Warning', 'Blocked', message);
    return undefined;
  }
  if (message !== undefined) return events.stands(ask, { type: 'Warning', reason: 'Blocked', message });
  if (instance?.isWaiting === true || login.object === undefined) return undefined;
  const telling = standing(ask, instance?.object, login.object);
  return telling && events.stands(ask, telling);
}

function tellDeeds(making: Making, events: WorkloadEvents, ask: Ask, { instance, login }: Fate): void {
  const requested = [instance?.requested, login.requested].filter((what) => what !== undefined);
  if (requested.length > 0) events.happened(ask, 'Normal', 'Requested', requested.join('; '));
  if (instance?.requested === undefined) return;
  for (const kept of formerServices(making, ask)) events.happened(ask, 'Normal', 'Kept', kept);
}

function earliest(pauses: readonly (number | undefined)[]): number | undefined {
  const known = pauses.filter((pause) => pause !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
