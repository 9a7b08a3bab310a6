import type { KubeObject } from '../kube/objects.ts';
import { listOf, type RawPod } from '../injection/pod.ts';
import type { AdmissionRequest } from './review.ts';

/** An object that an Event can be about. */
export interface NoteTarget extends KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Something about a Pod that its owner should hear: becomes an Event. */
export interface PodNote {
  /** The workload behind the Pod, or the Pod itself; undefined for a Pod that has neither owner nor name yet. */
  readonly target: NoteTarget | undefined;
  readonly type: 'Normal' | 'Warning';
  readonly reason: 'BindingInjected' | 'BindingSkipped' | 'BindingConflict' | 'BindingAwaited';
  readonly message: string;
}

/** More than the longest names that Kubernetes allows have together. */
const maxLength = 1_000;

export function podNote(
  pod: RawPod,
  { namespace, name }: AdmissionRequest,
  reason: PodNote['reason'],
  message: string,
): PodNote {
  const type = reason === 'BindingInjected' ? 'Normal' : 'Warning';
  return { target: targetOf(pod, namespace, name), type, reason, message };
}

/** People look at what they made: the ReplicaSet or Job, whose events `kubectl describe` shows. */
function targetOf(pod: RawPod, namespace: string, name: string): NoteTarget | undefined {
  const owner = listOf(pod.metadata?.ownerReferences).find(({ controller }) => controller === true);
  // Until the API server has looked at the Pod, its owner has names of any length: of no object that exists.
  if (owner !== undefined && `${owner.apiVersion}${owner.kind}${owner.name}${owner.uid}`.length > maxLength) {
    return undefined;
  }
  if (owner !== undefined) {
    const { apiVersion, kind } = owner;
    return { apiVersion, kind, metadata: { name: owner.name, namespace, uid: owner.uid } };
  }
  return name === '' ? undefined : { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace } };
}
