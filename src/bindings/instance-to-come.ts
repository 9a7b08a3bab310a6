import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { identityOf } from '../model/identity-of.ts';

/** Most brokers have answered by then; who looks at the login sees nothing of it for so long. */
const patienceMs = 5_000;

/**
 * A login that was made for a workload is there a moment after its instance. Told at once that it has to wait for that, and a moment
 * later that it need not, it is written once more than it has to be. So nothing is said while the first answer about the instance is
 * on its way, for a while. Only of those: who applies a binding himself may take one without conditions for one that is done, as
 * kstatus does.
 */
export class InstanceToCome {
  /** When each was seen first, by the stopwatch. */
  readonly #sinceMs = new WeakMap<ServiceBinding, number>();

  /**
   * Milliseconds in which nothing is to be said; 0 for a binding of which something was said, or has to be.
   * @param nowMs by the stopwatch
   */
  waitMs(binding: ServiceBinding, instance: ServiceInstance | undefined, nowMs: number): number {
    if (!isNew(binding) || identityOf(binding) === undefined) return 0;
    if (instance === undefined || !isBeingMade(instance)) return 0;
    const sinceMs = this.#sinceMs.get(binding) ?? nowMs;
    this.#sinceMs.set(binding, sinceMs);
    return Math.max(0, sinceMs + patienceMs - nowMs);
  }
}

function isNew({ metadata, status }: ServiceBinding): boolean {
  return metadata.deletionTimestamp === undefined && status?.conditions === undefined;
}

/** Nothing was said of it, or the first request for it is in flight. */
function isBeingMade({ metadata, status = {} }: ServiceInstance): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  const isInFlight = status.currentOperation === 'Provision' && status.asyncOpInProgress !== true;
  return status.conditions === undefined || (isInFlight && !status.attempts);
}
