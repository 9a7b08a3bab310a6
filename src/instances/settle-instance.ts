import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { unlessHeldBack } from '../operations/held-back.ts';
import { brokeredInstance } from './brokered-instance.ts';
import type { InstanceTask, Judgement } from './instance-task.ts';
import { instanceEvent, saveInstance } from './save-instance.ts';

/** Stores what a broker's answer came to and tells it as an event. Not bound to the resourceVersion: it happened. */
export async function settle(
  task: InstanceTask,
  instance: ServiceInstance,
  { verdict: judged, changes, event }: Judgement,
): Promise<ServiceInstance> {
  const verdict = unlessHeldBack(task, brokeredInstance(task), instance, judged);
  const settled = await saveInstance(task, instance, verdict, changes, 'uid');
  instanceEvent(task, instance, event, verdict.reason, verdict.message);
  return settled;
}
