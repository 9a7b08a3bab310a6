import type { ContainerFilter } from './container-filter.ts';
import type { EnvRule } from './env-rule.ts';
import type { BindingSource } from './source.ts';

/** What to do when the Pod already says something else. */
export type ConflictPolicy = 'deny' | 'skip' | 'keep-mine';

/** What happens while the Secret is missing. */
export type WaitMode = 'kubelet' | 'gate' | 'optional' | 'deny';

/** Where the files go. */
export type MountRule =
  { readonly kind: 'root' } | { readonly kind: 'path'; readonly path: string } | { readonly kind: 'none' };

/** One binding that a Pod shall get, from its annotations or from a PodPreset. */
export interface BindingRequest {
  /** Directory below `$SERVICE_BINDING_ROOT`. */
  readonly name: string;
  readonly source: BindingSource;
  /** Canonical text of the source, `binding/db` for an empty one. */
  readonly sourceText: string;
  readonly env: EnvRule;
  readonly containers: ContainerFilter;
  readonly mount: MountRule;
  readonly wait: WaitMode;
  /** True: the file `type` comes from the Pod's own annotation instead of the Secret. */
  readonly overridesType: boolean;
  readonly overridesProvider: boolean;
  /** Value of the `params.` annotation; empty without one. Never logged. */
  readonly parameters: string;
  /** True: a new Secret content shall roll the workload. */
  readonly restartOnChange: boolean;
  /** Name of the PodPreset; undefined when the Pod asked for itself. */
  readonly preset?: string;
}
