import type { Logger } from '../../base/logger.ts';
import { Controller, type ReconcileObserver } from '../../control/controller.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { hasMark, namespaceOptOut } from '../../model/scope.ts';
import type { Askers } from '../workload-controller.ts';
import { feedbackReconciler, type FeedbackDeps } from './feedback-reconciler.ts';
import { isAtRest } from './write-injected.ts';

export interface FeedbackControllerDeps extends Omit<FeedbackDeps, 'workloads' | 'pods' | 'presets'> {
  readonly logger: Logger;
  readonly observe?: ReconcileObserver | undefined;
}

const workers = 2;

/** The controller of what is told about Pods; its keys are namespaces. */
export function feedbackController(deps: FeedbackControllerDeps, askers: Askers): Controller {
  const controller = new Controller({
    name: 'feedback',
    reconcile: feedbackReconciler({ ...deps, ...askers }),
    concurrency: workers,
    logger: deps.logger,
    observe: deps.observe,
    isKnown: (key) => deps.stores.namespaces.store.get(key) !== undefined,
  });
  const { serviceBindings, namespaces } = deps.stores;
  const enqueue = ({ metadata }: KubeObject): void => controller.enqueue(metadata.namespace ?? '');
  askers.pods.store.subscribe(({ object, previous, removed }) => {
    const isChanged = removed ? previous?.injection !== undefined : object.injection !== previous?.injection;
    if (isChanged) enqueue(object);
  });
  // One that has come to rest may be told what had to wait.
  serviceBindings.store.subscribe(({ object, removed }) => {
    if (!removed && isAtRest(object)) enqueue(object);
  });
  askers.presets.store.subscribe(({ object, removed }) => {
    if (!removed) enqueue(object);
  });
  namespaces.store.subscribe(({ object, previous, removed }) => {
    const wasOptedOut = previous !== undefined && isOptedOut(previous);
    // It may be heard of after its Pods.
    if (removed || previous === undefined || isOptedOut(object) !== wasOptedOut) {
      controller.enqueue(object.metadata.name);
    }
  });
  return controller;
}

function isOptedOut({ metadata: { labels } }: KubeObject): boolean {
  return hasMark(labels, namespaceOptOut);
}
