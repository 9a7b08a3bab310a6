import type { Clock } from '../base/clock.ts';
import type { Stopwatch } from '../base/stopwatch.ts';
import type { KnownPods, KnownPresets, KnownWorkloads } from './known-view.ts';
import type { ReclaimDeps } from './keeping/reclaim.ts';

export interface WorkloadDeps extends ReclaimDeps {
  readonly workloads: KnownWorkloads;
  readonly pods: KnownPods;
  readonly presets: KnownPresets;
  readonly clock: Clock;
  readonly stopwatch: Stopwatch;
  /** Services that stayed at their brokers when their objects went. */
  readonly retained: {
    /** The namespace that may take up the service with this id; undefined when none was retained under it. */
    readonly namespaceOf: (id: string, signal: AbortSignal) => Promise<string | undefined>;
  };
  /** What this cluster is called towards brokers. */
  readonly clusterId: { readonly mark: (signal: AbortSignal) => Promise<string> };
  /** How old what is known may be, milliseconds; 0 while all is watched. */
  readonly staleMs: () => number;
  /** Bindery's own. */
  readonly namespace: string;
  /** Services of a namespace beyond which no new ones are made for Pods and Jobs. */
  readonly maxRequestedServices: number;
}
