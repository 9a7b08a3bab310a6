import type { Operation } from '../../../src/osb/outcome-types.ts';

/** One request as it arrived. */
export interface RecordedRequest {
  /** `undefined` for paths that OSB does not know. */
  readonly operation: Operation | undefined;
  readonly instanceId: string | undefined;
  readonly bindingId: string | undefined;
  readonly method: string;
  /** Undecoded, as on the wire, without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed when it is JSON. */
  readonly body: unknown;
  readonly rawBody: string;
  /** Decoded `X-Broker-API-Originating-Identity`. */
  readonly identity: { readonly platform: string; readonly value: unknown } | undefined;
  /** `performance.now()` at arrival. */
  readonly atMs: number;
  /** Status of the answer; 0 while there is none, and when the connection was cut. */
  status: number;
}
