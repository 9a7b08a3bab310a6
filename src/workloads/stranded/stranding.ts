import type { ServiceBinding } from '../../api/generated/service-binding.ts';
import type { KeptPod } from '../pod.ts';
import type { AwaitedBinding } from './awaited-binding.ts';

/** A Pod that waits in one Secret, and a binding that writes another one. */
export interface Stranding extends AwaitedBinding {
  /** Where the binding puts its credentials. */
  readonly writes: string;
  /** Our gate holds the Pod for it: it can not start, whatever is in the Secret it was given. */
  readonly isHeld: boolean;
}

/**
 * The first binding of a Pod that puts its credentials somewhere else than the Pod was told: it came after the Pod, or was
 * made anew under another `secretName`. What is being deleted says nothing more: the next of its name does.
 */
export function strandingOf(
  pod: Pick<KeptPod, 'awaits' | 'gate'>,
  lookup: (binding: string) => ServiceBinding | undefined,
): Stranding | undefined {
  for (const awaited of pod.awaits) {
    const binding = lookup(awaited.binding);
    if (binding === undefined || binding.metadata.deletionTimestamp !== undefined) continue;
    const writes = binding.spec.secretName || binding.metadata.name;
    if (writes === awaited.secret) continue;
    const isHeld = pod.gate?.requests.some(({ name }) => name === awaited.name) === true;
    return { ...awaited, writes, isHeld };
  }
  return undefined;
}
