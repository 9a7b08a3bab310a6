import { reclaimAtAnnotation, renewAnnotation } from '../api/group.ts';
import { Controller, type ReconcileObserver } from '../control/controller.ts';
import { objectKey } from '../kube/objects.ts';
import { concernedKeys } from '../operations/concerned-keys.ts';
import { lifeOf } from '../operations/life.ts';
import { onNewBrokerAnnotations } from '../operations/new-annotations.ts';
import type { OperationDeps } from '../operations/operation-deps.ts';
import { bindingKind } from './binding-kind.ts';
import { followsInstance, readsOf } from './follow.ts';
import { InstanceLanes } from './instance-lanes.ts';
import { isLookedAfter, isToldOf } from './repair.ts';
import { RepairPace } from '../operations/repair-pace.ts';
import type { OlderUsers } from './replaced-bindings.ts';
import { SecretChecks } from '../operations/secret-checks.ts';
import type { SecretFinding } from './secret-finding.ts';
import { bindingIdOf, knownBinding } from './known-binding.ts';

export interface BindingControllerOptions {
  /** Bindings worked on at the same time. */
  readonly concurrency: number;
  readonly observe?: ReconcileObserver | undefined;
  /** A round of looks at all Secrets takes so long at least, milliseconds. */
  readonly secretCheckIntervalMs: number;
  readonly olderUsers: OlderUsers;
  readonly observeSecret?: ((finding: SecretFinding) => void) | undefined;
}

export interface BindingParts {
  readonly controller: Controller;
  /** Whose Secret is read next; runs while the controller does. */
  readonly checks: SecretChecks;
}

/** The controller of ServiceBindings, and the events that make it look at one again. */
export function bindingController(deps: OperationDeps, options: BindingControllerOptions): BindingParts {
  const { stores, logger, stopwatch } = deps;
  const bindings = stores.serviceBindings.store;
  const lanes = new InstanceLanes({ stopwatch, wake: (key) => controller.enqueue(key) });
  const checks = new SecretChecks({
    keys: () => bindings.list().flatMap((each) => (isLookedAfter(each, stores) ? [objectKey(each)] : [])),
    enqueue: (key) => controller.enqueue(key),
    roundMs: options.secretCheckIntervalMs,
    readsOf: (key) => readsOf(bindings.get(key), stores),
    stopwatch,
  });
  const { olderUsers, observeSecret } = options;
  const pace = new RepairPace(options.secretCheckIntervalMs, stopwatch);
  const repairing = { checks, pace, olderUsers, observe: observeSecret };
  const news = new Set<string>();
  const controller: Controller = new Controller({
    name: 'service-binding',
    reconcile: lifeOf(bindingKind(lanes, repairing, news), deps),
    concurrency: options.concurrency,
    logger,
    observe: options.observe,
    isKnown: (key) => bindings.get(key) !== undefined,
  });
  bindings.subscribe((change) => {
    for (const key of concernedKeys(bindings, bindingIdOf, change)) controller.enqueue(key);
  });

  // A binding that waits for its instance goes on when the instance appears or becomes ready.
  // One whose credentials its instance says has its Secret looked at when that says something else.
  stores.serviceInstances.store.subscribe(({ object, previous }) => {
    const told = object.status?.externalProperties?.parameterChecksum;
    const isNews = previous !== undefined && previous.status?.externalProperties?.parameterChecksum !== told;
    for (const binding of bindings.byIndex('instance', objectKey(object))) {
      const isToHear = isNews && followsInstance(binding, stores);
      if (binding.status?.externalProperties === undefined) {
        if (isToHear) news.add(objectKey(binding));
        controller.enqueue(objectKey(binding));
      } else if (isToHear) checks.soon(objectKey(binding));
    }
  });

  // What was kept because orphan mitigation is switched off goes when it is switched on.
  onNewBrokerAnnotations(stores, (belongs) => {
    for (const binding of bindings.list()) {
      const isKept = binding.status?.orphanMitigationInProgress === true;
      if (isKept && belongs(knownBinding(binding, stores)?.broker)) controller.enqueue(objectKey(binding));
    }
  });
  // Somebody has been told what to do, or asks again for a login whose Secret may be away.
  bindings.subscribe(({ object, previous, removed }) => {
    const [before, now] = [previous?.metadata.annotations, object.metadata.annotations];
    const isKeptNoMore =
      before?.[reclaimAtAnnotation] !== undefined && now?.[reclaimAtAnnotation] === undefined;
    const isAnswered = isToldOf(object) && before?.[renewAnnotation] !== now?.[renewAnnotation];
    if (removed || !(isKeptNoMore || isAnswered)) return;
    pace.forget(object.metadata.uid ?? '');
    checks.soon(objectKey(object));
  });
  return { controller, checks };
}
