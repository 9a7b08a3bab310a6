import type { Controller } from '../../control/controller.ts';
import { bindingUserControllers, type BindingUserDeps } from '../binding-users.ts';
import type { WorkloadInformer } from '../workload-controller.ts';
import { refusedReconciler, type RefusedDeps } from './refused-reconciler.ts';

/** One controller for each kind of workloads that can be nudged. */
export function refusedControllers(
  deps: RefusedDeps & BindingUserDeps,
  workloads: readonly WorkloadInformer[],
): readonly Controller[] {
  return bindingUserControllers(deps, workloads, {
    name: 'refused',
    concurrency: 2,
    bindingsOf: ({ refused }) => refused?.bindings,
    reconcile: (resource, store) => refusedReconciler(deps, resource, store),
  });
}
