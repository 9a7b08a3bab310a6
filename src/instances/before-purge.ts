import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { goOn, type Step } from '../control/steps.ts';
import type { InstanceTask } from './instance-status.ts';
import { waitForBindings } from './prepare-deprovision.ts';
import { describe, releasedTo } from './retain.ts';

/**
 * An instance that is let go without its broker: its bindings go first, by themselves, since without it nobody could say where
 * they are. It is put on record as one that was retained is, so that its id stays its namespace's, or is that one's which it is released to.
 */
export async function beforePurge(
  task: InstanceTask,
  instance: ServiceInstance,
  by: string,
): Promise<Step<ServiceInstance>> {
  const waited = await waitForBindings(task, instance);
  if (waited.kind === 'stop') return waited;
  const service = describe(task, waited.object, releasedTo(task, waited.object));
  await task.retained.add({ ...service, purgedBy: by }, task.signal);
  return goOn(waited.object);
}
