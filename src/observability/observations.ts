/**
 * What other folders tell about themselves, as far as metrics need it. The shapes are those of the folders named
 * below; they are described here once more because nothing above `base` may be imported.
 */

/** A finished run of a reconciler (control/controller.ts). */
export interface ReconcileObservation {
  readonly controller: string;
  readonly outcome: 'done' | 'requeued' | 'failed';
  readonly durationMs: number;
}

/** A broker object (brokers/broker-ref.ts). */
export interface BrokerName {
  /** Only for a ServiceBroker. */
  readonly namespace?: string;
  readonly name: string;
}

/** The operations of the OSB client (osb/outcome-types.ts). */
export type BrokerOperation =
  | 'catalog'
  | 'provision'
  | 'getInstance'
  | 'update'
  | 'deprovision'
  | 'pollInstance'
  | 'bind'
  | 'getBinding'
  | 'unbind'
  | 'pollBinding';

/** One exchange with a broker (osb/options.ts). */
export interface BrokerCall {
  readonly operation: BrokerOperation;
  /** HTTP status, if there was an answer. */
  readonly status?: number;
  /** Why it failed, if it did: one of about forty words. */
  readonly reason?: string;
  readonly durationMs: number;
}

/** State of a circuit breaker (osb/options.ts). */
export type CircuitState = 'closed' | 'half-open' | 'open';

/** One HTTP exchange with the API server (kube/call.ts). */
export interface KubeCall {
  readonly method: string;
  /** Plural of the resource, or `raw`. */
  readonly resource: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly durationMs: number;
}

/** Something a list-watch did (kube/list-watch.ts). */
export interface ListWatchObservation {
  /** Plural of the resource. */
  readonly resource: string;
  readonly what: 'list' | 'watch' | 'event' | 'bookmark' | 'failure';
}

/** One answered AdmissionReview (admission/answer.ts). */
export interface AdmissionObservation {
  /** Path of the handler, not of the request. */
  readonly path: string;
  readonly outcome: string;
  readonly durationMs: number;
  readonly patchBytes?: number;
}

/** What the Pod handler did (admission/pod-case.ts). */
export interface InjectionObservation {
  /** Source kind of every binding that was injected. */
  readonly injected: readonly string[];
  /** What every conflict was about: `env`, `mountPath`, `volume`. */
  readonly conflicts: readonly string[];
}

/** How many classes and plans one broker has in the cluster. */
export interface CatalogSize {
  readonly broker: BrokerName;
  readonly classes: number;
  readonly plans: number;
}
