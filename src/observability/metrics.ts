import { Registry } from 'prom-client';
import { programVersion } from '../base/version.ts';
import { BrokerMetrics } from './broker-metrics.ts';
import { declareMetrics } from './declarations.ts';
import type {
  AdmissionObservation,
  BrokerCall,
  BrokerName,
  CatalogSize,
  CircuitState,
  InjectionObservation,
  KubeCall,
  ListWatchObservation,
  ReconcileObservation,
} from './observations.ts';
import { declareProcessMetrics } from './process-metrics.ts';

/**
 * Where the program tells what it does. Every function may be passed on as it is, none throws, and none takes a name
 * that a tenant chooses into a label. `watch…` functions take a function that is asked at every scrape.
 */
export interface Metrics {
  readonly observeReconcile: (observation: ReconcileObservation) => void;
  /** @param depth objects that wait, asked at every scrape */
  readonly watchQueue: (controller: string, depth: () => number) => void;
  readonly observeBroker: (broker: BrokerName, call: BrokerCall) => void;
  readonly circuit: (broker: BrokerName, state: CircuitState) => void;
  /** All brokers there are, with the size of their catalogs. What is not among them loses its series. */
  readonly watchCatalogs: (sizes: () => Iterable<CatalogSize>) => void;
  /** Objects of a kind by state; the states must be a small fixed set. */
  readonly watchObjects: (kind: string, countByState: () => Readonly<Record<string, number>>) => void;
  /** Objects of a kind that nobody asks for and that are kept for a time. */
  readonly watchKept: (kind: string, count: () => number) => void;
  /** Bindings whose credentials end, by reason; the reasons must be a small fixed set. */
  readonly watchExpiring: (countByReason: () => Readonly<Record<string, number>>) => void;
  readonly watchLeader: (isLeading: () => boolean) => void;
  /** Age of what is known of the cluster, seconds. */
  readonly watchView: (ageSeconds: () => number) => void;
  readonly observeKube: (call: KubeCall) => void;
  readonly observeListWatch: (observation: ListWatchObservation) => void;
  readonly observeAdmission: (observation: AdmissionObservation) => void;
  readonly observeInjection: (observation: InjectionObservation) => void;
  /** When the serving certificate expires, seconds since the epoch. */
  readonly certificateExpires: (epochSeconds: number) => void;
  /** What a look at the Secret of a binding found: one of eight words. */
  readonly observeSecret: (finding: string) => void;
  /** An instance or a binding was let go without its broker. */
  readonly observePurge: (kind: string) => void;
  /** A webhook configuration had another caBundle than it should. */
  readonly caBundleWritten: () => void;
  /** All metrics there are, with the names of their labels. */
  readonly labels: () => Readonly<Record<string, readonly string[]>>;
  /** @param seconds since the start of the process */
  readonly becameReady: (seconds: number) => void;
  /** Everything in Prometheus' text format. */
  readonly text: () => Promise<string>;
  /** Media type of `text`. */
  readonly contentType: string;
}

/** Metrics of this process. Each call makes a set of its own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const table = declareMetrics(registry);
  const brokers = new BrokerMetrics(table);
  const atScrape = [declareProcessMetrics(registry)];
  table.buildInfo.set({ version: programVersion, node: process.version }, 1);
  // A counter that begins with its first count has not grown, and no alert sees it.
  for (const kind of ['ServiceInstance', 'ServiceBinding']) table.purged.inc({ kind }, 0);
  for (const field of ['env', 'mountPath', 'volume']) table.injectionConflicts.inc({ field }, 0);
  const paths = new Set<string>();
  return {
    observeReconcile: ({ controller, outcome, durationMs }) =>
      table.reconcileSeconds.observe({ controller, outcome }, durationMs / 1000),
    watchQueue: (controller, depth) =>
      void atScrape.push(() => table.queueDepth.set({ controller }, depth())),
    observeBroker: (broker, call) => brokers.observe(broker, call),
    circuit: (broker, state) => brokers.circuit(broker, state),
    watchCatalogs: (sizes) => void atScrape.push(() => brokers.showCatalogs(sizes())),
    watchObjects: (kind, countByState) =>
      void atScrape.push(() => {
        for (const [state, count] of Object.entries(countByState()))
          table.objects.set({ kind, state }, count);
      }),
    watchKept: (kind, count) => void atScrape.push(() => table.keptObjects.set({ kind }, count())),
    watchExpiring: (countByReason) =>
      void atScrape.push(() => {
        for (const [reason, count] of Object.entries(countByReason()))
          table.expiringBindings.set({ reason }, count);
      }),
    watchLeader: (isLeading) => void atScrape.push(() => table.leader.set(isLeading() ? 1 : 0)),
    watchView: (ageSeconds) => void atScrape.push(() => table.viewAge.set(ageSeconds())),
    observeKube: ({ method, resource, status, durationMs }) => {
      table.kubeSeconds.observe({ method, resource }, durationMs / 1000);
      table.kubeAnswers.inc({ method, resource, status: status === 0 ? 'none' : String(status) });
    },
    observeListWatch: ({ resource, what }) => table.watchActivity.inc({ resource, what }),
    observeAdmission: ({ path, outcome, durationMs, patchBytes }) => {
      if (!paths.has(path)) table.admissionSeconds.zero({ path, outcome: 'failed' });
      paths.add(path);
      table.admissionSeconds.observe({ path, outcome }, durationMs / 1000);
      if (patchBytes !== undefined) table.admissionPatchBytes.observe({ path }, patchBytes);
    },
    observeInjection: ({ injected, conflicts }) => {
      for (const source of injected) table.injectedBindings.inc({ source });
      for (const field of conflicts) table.injectionConflicts.inc({ field });
    },
    certificateExpires: (epochSeconds) => table.certificateNotAfter.set(epochSeconds),
    observeSecret: (finding) => table.secretChecks.inc({ finding }),
    observePurge: (kind) => table.purged.inc({ kind }),
    caBundleWritten: () => table.caBundleWrites.inc(),
    becameReady: (seconds) => table.ready.set(seconds),
    labels: () => Object.fromEntries(registry.getMetricsAsArray().map(labelsOf)),
    text: async () => {
      for (const refresh of atScrape) refresh();
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

/** Every metric has them, though the types of prom-client do not say so. */
function labelsOf(metric: { readonly name: string }): readonly [string, readonly string[]] {
  return [metric.name, (metric as { readonly labelNames?: readonly string[] }).labelNames ?? []];
}
