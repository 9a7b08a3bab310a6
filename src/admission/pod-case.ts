import type { PodPreset } from '../api/generated/pod-preset.ts';
import type { Logger } from '../base/logger.ts';
import type { ParsedAnnotations } from '../injection/annotations.ts';
import type { SecretNameLookup } from '../injection/binding.ts';
import type { RequestLimits } from '../injection/limits.ts';
import type { RawPod } from '../injection/pod.ts';
import type { Preset } from '../injection/preset.ts';
import type { SourceKind } from '../injection/request.ts';
import type { Authorize } from './authorize.ts';
import type { PodNote } from './pod-note.ts';
import type { AdmissionRequest } from './review.ts';

export interface MutatePodDeps {
  readonly bindingSecretName: SecretNameLookup;
  /** PodPresets of a namespace. */
  readonly presets: (namespace: string) => readonly PodPreset[];
  readonly namespaceLabels: (namespace: string) => Readonly<Record<string, string>> | undefined;
  readonly authorize: Authorize;
  /** Namespaces whose Pods are never touched, besides those of Kubernetes itself: our own. */
  readonly excludedNamespaces: readonly string[];
  /** True where a controller lifts our scheduling gate again. */
  readonly schedulingGates: boolean;
  /**
   * Whether the ServiceBinding has its credentials in its Secret, as its status says. Without it nobody is refused for
   * `wait: deny`.
   */
  readonly isBound?: (namespace: string, binding: string) => boolean;
  /** How much a Pod may ask for. @default defaultLimits */
  readonly limits?: RequestLimits;
  /** For how long the cluster keeps instances that nobody asks for. @default defaultRequestReclaimMs */
  readonly requestReclaimMs?: number;
  /** What a namespace says of that in its annotation; undefined when nothing. */
  readonly namespaceReclaim?: (namespace: string) => string | undefined;
  readonly logger: Logger;
  /** Tells the owner of the Pod what happened. Not called for dry runs. */
  readonly note: (note: PodNote) => void;
  readonly observe: (observation: InjectionObservation) => void;
}

export interface InjectionObservation {
  /** Sources of the bindings that were injected. */
  readonly injected: readonly SourceKind[];
  /** What conflicts were about: `env`, `mountPath`, `volume`. */
  readonly conflicts: readonly string[];
}

/** Everything that one decision about a Pod is made of. */
export interface PodCase {
  readonly request: AdmissionRequest;
  readonly pod: RawPod;
  /** What it asks for itself. */
  readonly parsed: ParsedAnnotations;
  /** Those that choose it. */
  readonly presets: readonly Preset[];
  readonly deps: MutatePodDeps;
}
