import type { Controller } from '../../control/controller.ts';
import { bindingUserControllers, type BindingUserDeps } from '../binding-users.ts';
import type { WorkloadInformer } from '../workload-controller.ts';
import { restartReconciler, type RestartDeps } from './restart-reconciler.ts';

/** One controller for each kind that has rollouts; its keys are workloads. */
export function restartControllers(
  deps: RestartDeps & BindingUserDeps,
  workloads: readonly WorkloadInformer[],
): readonly Controller[] {
  return bindingUserControllers(deps, workloads, {
    name: 'restart',
    concurrency: 2,
    bindingsOf: ({ restarts }) => restarts?.bindings.map(({ binding }) => binding),
    reconcile: (resource, store) => restartReconciler(deps, resource, store),
  });
}
