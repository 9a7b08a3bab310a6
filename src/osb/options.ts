import type { Clock } from '../base/clock.ts';
import type { Permit } from '../base/permit.ts';
import type { Stopwatch } from '../base/stopwatch.ts';
import type { BrokerTargets } from './broker-targets.ts';
import type { CatalogLimits } from './catalog-limits.ts';
import type { NameLookup } from './name-lookup.ts';
import type { FailureReason, Operation } from './outcome-types.ts';

export type BrokerAuth =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }
  | {
      readonly kind: 'oauth2';
      readonly tokenUrl: string;
      readonly clientId: string;
      readonly clientSecret: string;
      readonly scopes?: readonly string[] | undefined;
    };

/** Certificates and keys are PEM text. */
export interface BrokerTls {
  /** Replaces the system's roots. */
  readonly ca?: string | undefined;
  readonly insecureSkipVerify?: boolean | undefined;
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
}

export interface LimiterOptions {
  /** Requests in flight to this broker. Default 16. */
  readonly maxConcurrent?: number | undefined;
  /** Requests that may wait for a slot; more fail with `Busy` at once. Default 1000. */
  readonly maxWaiting?: number | undefined;
  /** How long one may wait for a slot, milliseconds; then it fails with `Busy`. Default 5,000. */
  readonly maxWaitMs?: number | undefined;
}

export interface CircuitOptions {
  /** Consecutive failures of the connection (not of single requests) until the circuit opens. Default 5. */
  readonly failureThreshold?: number | undefined;
  /** First time of refusal, milliseconds; doubles with each failed trial. Default 1,000. */
  readonly initialOpenMs?: number | undefined;
  /** Default 60,000. */
  readonly maxOpenMs?: number | undefined;
}

export type CircuitState = 'closed' | 'open' | 'half-open';

/** One exchange with a broker, for metrics and logs: no ids, no bodies, no credentials. */
export interface BrokerCall {
  readonly operation: Operation;
  /** HTTP status, if there was an answer. */
  readonly status?: number;
  /** Why it failed, if it did. */
  readonly reason?: FailureReason;
  /** From asking for a slot to the outcome. */
  readonly durationMs: number;
  /** The X-Broker-API-Request-Identity of this request: find it again in the broker's log. */
  readonly requestIdentity: string;
  /** False when the broker surely never saw it. */
  readonly wasSent: boolean;
}

export interface BrokerClientOptions {
  /** http or https; may have a path prefix. User info in it serves as Basic credentials when `auth` is absent. */
  readonly url: string;
  readonly auth?: BrokerAuth | undefined;
  readonly tls?: BrokerTls | undefined;
  /** X-Broker-API-Version. Default 2.17. */
  readonly apiVersion?: string | undefined;
  /** Whole time of one exchange, from connecting to the last byte. Default 60,000. */
  readonly timeoutMs?: number | undefined;
  /** Loopback addresses are refused unless this is true: tenants choose URLs. Default false. */
  readonly allowLoopback?: boolean | undefined;
  /** For a broker whose URL a tenant has chosen: where it may live. Default: the URL is an operator's. */
  readonly tenant?: BrokerTargets | undefined;
  /** Whose the broker is: what is under way of one owner makes room first when it is most. Default: the URL. */
  readonly owner?: string | undefined;
  /** Shared by the clients of a process. Default: one of its own. */
  readonly names?: NameLookup | undefined;
  /** Decompressed size of an answer. Default 4 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** Default 8 MiB, 1,000 services, 10,000 plans. */
  readonly catalogLimits?: CatalogLimits | undefined;
  readonly limiter?: LimiterOptions | undefined;
  readonly circuit?: CircuitOptions | undefined;
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY (either case) are read. Default `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** For dates in answers. */
  readonly clock?: Clock | undefined;
  /** For circuits, pauses and tokens. */
  readonly stopwatch?: Stopwatch | undefined;
  /** Nothing is sent while it does not hold; the outcome is a failure with the reason `Cancelled`. @default always */
  readonly permit?: Permit | undefined;
  /** Called after every operation. Must not throw. */
  readonly observe?: ((call: BrokerCall) => void) | undefined;
  /** Called when the circuit changes. Must not throw. */
  readonly onCircuit?: ((state: CircuitState) => void) | undefined;
}
