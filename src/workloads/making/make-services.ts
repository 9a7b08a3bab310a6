import type { ServiceBinding } from '../../api/generated/service-binding.ts';
import type { ServiceInstance } from '../../api/generated/service-instance.ts';
import { inParallel } from '../../base/in-parallel.ts';
import { isNamespaceServed } from '../../model/scope.ts';
import { scoped } from '../../model/stores.ts';
import { askersIn } from '../known-view.ts';
import { serviceView } from '../service-view.ts';
import { formerServices } from './former-services.ts';
import { recordIds } from './ids-on-record.ts';
import { makeBinding } from './make-binding.ts';
import { makeInstance } from './make-instance.ts';
import type { Making, MakingMemory, Outcome } from './making.ts';
import { RecordPace } from './record-pace.ts';
import { Renewals } from './renewals.ts';
import { RequestPace } from './request-pace.ts';
import { standing } from './standing.ts';
import { admittedServices, type Ask } from './wanted-services.ts';
import type { WorkloadDeps } from '../workload-deps.ts';
import { WorkloadEvents } from './workload-events.ts';

/** Writes for one service at the same time. */
const concurrency = 8;
/** When a workload is known and its namespace is not. */
const lookAgainMs = 1_000;

/** What became of a wish: of its service, if it asks for one, and of its login. */
interface Fate {
  readonly instance: Outcome<ServiceInstance> | undefined;
  readonly login: Outcome<ServiceBinding>;
}

export interface ServiceMaker {
  /**
   * Makes what the workloads of a namespace ask for of one instance and of logins at it, brings it up to date, and tells them.
   * Each service goes its own way: what is refused is tried again by itself, and holds up no other.
   * @returns milliseconds until it has to be looked at again; undefined when only news can change anything
   */
  readonly make: (namespace: string, instance: string, signal: AbortSignal) => Promise<number | undefined>;
  /** Of one that nobody looks at any more nothing has to be remembered. */
  readonly forget: (namespace: string, instance: string) => void;
}

export function serviceMaker(deps: WorkloadDeps): ServiceMaker {
  const memory: MakingMemory = {
    pace: new RequestPace(deps.stopwatch),
    records: new RecordPace(deps.stopwatch),
    compared: new Map(),
    underWay: new Set(),
  };
  const events = new WorkloadEvents(deps);
  const renewals = new Renewals(deps.stopwatch);

  const make: ServiceMaker['make'] = async (namespace, instance, signal) => {
    const { workloads, pods } = serviceView(deps, namespace, instance);
    const known = deps.stores.namespaces.store.get(namespace);
    const isServed =
      known !== undefined && isNamespaceServed(namespace, known.metadata.labels, deps.namespace);
    const asking = [...workloads, ...pods.flatMap(({ asks }) => asks ?? [])];
    const wanted = admittedServices(asking, isServed, instance);
    const service = scoped(namespace, instance);
    const asked = wanted.bindings;
    const cluster = await deps.clusterId.mark(signal);
    const making: Making = { ...deps, ...memory, asked, service, instance, namespace, cluster, signal };

    const request = wanted.instances.get(instance);
    const made = request && (await makeInstance(making, request));
    const fates: (Fate & { readonly asks: readonly Ask[] })[] = [];
    await inParallel([...wanted.bindings.values()], concurrency, async (login) => {
      const [ask] = login.asks;
      const of = ask?.wish.request && made;
      fates.push({ asks: login.asks, instance: of, login: await makeBinding(making, login, of) });
    });

    const waiting = pods.flatMap(({ waits }) => waits ?? []);
    const missing = renewals.missing(making, waiting, isServed);
    const askers = missing.length === 0 ? [] : askersIn(deps, namespace);
    await inParallel(missing, concurrency, async (login) => {
      const renewed = await renewals.renew(making, login, askers);
      fates.push({ asks: login.asks, instance: undefined, login: renewed });
    });

    const pauses = fates.flatMap(({ asks, ...fate }) => asks.map((ask) => tell(making, events, ask, fate)));
    pauses.push(made?.againMs, ...fates.map(({ login }) => login.againMs));
    pauses.push(await recordIds(making, isServed ? workloads : []));
    // The watch of workloads may be ahead of that of namespaces.
    if (known === undefined && asking.length > 0) pauses.push(lookAgainMs);

    if (request === undefined) memory.compared.delete(service);
    const names = new Set([...wanted.instances.keys(), ...fates.flatMap(loginsOf)]);
    memory.pace.retain(service, (name) => names.has(name));
    events.retain(
      service,
      fates.flatMap(({ asks }) => asks),
    );
    return earliest(pauses);
  };

  const forget: ServiceMaker['forget'] = (namespace, instance) => {
    const service = scoped(namespace, instance);
    memory.compared.delete(service);
    memory.pace.retain(service, () => false);
    memory.records.forget(service);
    events.retain(service, []);
    renewals.forget(service);
  };
  return { make, forget };
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
  if (message !== undefined)
    return events.stands(making.service, ask, { type: 'Warning', reason: 'Blocked', message });
  if (instance?.isWaiting === true || login.object === undefined) return undefined;
  const telling = standing(ask, instance?.object, login.object);
  return telling && events.stands(making.service, ask, telling);
}

function tellDeeds(making: Making, events: WorkloadEvents, ask: Ask, { instance, login }: Fate): void {
  const requested = [instance?.requested, login.requested].filter((what) => what !== undefined);
  if (requested.length > 0) events.happened(ask, 'Normal', 'Requested', requested.join('; '));
  if (instance?.requested === undefined) return;
  if (instance.left !== undefined) events.happened(ask, 'Warning', 'Kept', instance.left);
  for (const kept of formerServices(making, ask)) events.happened(ask, 'Normal', 'Kept', kept);
}

function loginsOf({ asks }: { readonly asks: readonly Ask[] }): readonly string[] {
  return asks.map(({ wish: { login } }) => login.name);
}

function earliest(pauses: readonly (number | undefined)[]): number | undefined {
  const known = pauses.filter((pause) => pause !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
