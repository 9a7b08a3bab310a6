import { addEntries, entriesOf, selectDrafts } from './apply-request.ts';
import type { Plan } from './plan.ts';
import { PodDraft } from './pod-draft.ts';
import { podExcess } from './pod-excess.ts';
import { addedEphemeralSlots, type RawPod } from './pod.ts';
import type { BindingRequest } from './request.ts';
import { requestNames, type SecretNameLookup } from './secret-name.ts';
import { bindingVolume } from './volume.ts';

export interface EphemeralInput {
  readonly pod: RawPod;
  /** The Pod before; its ephemeral containers can not be changed any more. */
  readonly before: RawPod | undefined;
  readonly requests: readonly BindingRequest[];
  readonly namespace: string;
  readonly bindingSecretName: SecretNameLookup;
}

/**
 * Gives new ephemeral containers the bindings that the Pod already has. They can mount volumes but bring none, so a
 * Pod that was not injected gets nothing. Whoever debugs must not be refused: what conflicts is left out.
 */
export function planEphemeral(input: EphemeralInput): Plan {
  const { pod, requests, namespace, bindingSecretName } = input;
  const slots = addedEphemeralSlots(pod, input.before);
  const isTooMuch = podExcess(slots, requests) !== undefined;
  const draft = new PodDraft(pod, isTooMuch ? [] : slots);
  for (const request of requests) {
    const { secret } = requestNames(request, namespace, bindingSecretName);
    const volume = bindingVolume(request, secret, draft.windows);
    if (!draft.hasVolume(volume)) continue;
    const entries = entriesOf(request, secret, volume.name);
    for (const container of selectDrafts(draft, request)) addEntries(container, request, entries, leaveOut);
  }
  return { ...draft.additions(), annotations: {} };
}

function leaveOut(): void {}
