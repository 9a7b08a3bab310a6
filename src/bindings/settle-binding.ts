import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { unlessHeldBack } from '../operations/held-back.ts';
import { bindingEvent, saveBinding, type BindingTask, type Judgement } from './binding-task.ts';
import { brokeredBinding } from './brokered-binding.ts';
import { unlessExistedBefore } from './existed-before.ts';

/** Stores what a broker's answer came to and tells it as an event. Not bound to the resourceVersion: it happened. */
export async function settle(
  task: BindingTask,
  binding: ServiceBinding,
  judgement: Judgement,
): Promise<ServiceBinding> {
  const { verdict: judged, changes, event } = unlessExistedBefore(task, binding, judgement);
  const verdict = unlessHeldBack(task, brokeredBinding(task), binding, judged);
  const settled = await saveBinding(task, binding, verdict, changes, 'uid');
  bindingEvent(task, binding, event, verdict.reason, verdict.message);
  return settled;
}
