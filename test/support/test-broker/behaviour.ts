import type { Operation } from '../../../src/osb/outcome-types.ts';

/** Which requests a script is for: all fields given must fit. */
export interface Match {
  readonly operation?: Operation;
  readonly instanceId?: string;
  readonly bindingId?: string;
}

/** How often a script is performed before the broker is itself again. */
export type Times = number | 'always';

interface Common {
  /**
   * Whether the operation takes effect all the same, before the misbehaviour: the instance is made, then the answer
   * is lost. Default: true for `delay`, `async`, `drip`, `vanish` and answers of 2xx, else false. Reads are always
   * served.
   */
  readonly applies?: boolean;
}

/** What the broker does instead of its ordinary answer. Without `body`, an answer has the ordinary body. */
export type Behaviour = Common &
  (
    | {
        readonly kind: 'answer';
        readonly status?: number;
        /** Sent as JSON. */
        readonly body?: unknown;
        /** Sent as it is. */
        readonly rawBody?: string | Uint8Array;
        readonly headers?: Readonly<Record<string, string | readonly string[]>>;
      }
    /** Waits, then answers as usual, or as `next` says. */
    | { readonly kind: 'delay'; readonly ms: number; readonly next?: Behaviour }
    /** 202, then so many polls `in progress`, then the end. */
    | ({ readonly kind: 'async' } & AsyncBehaviour)
    /** Closes the connection with RST: before any byte, after the headers, or inside of the body. */
    | { readonly kind: 'reset'; readonly at?: 'start' | 'body'; readonly status?: number }
    /** Its process dies: no answer, all connections are cut, and nothing listens until `comeBack()`. */
    | { readonly kind: 'vanish' }
    /** Never ends: sends nothing, or headers and half of the body. */
    | { readonly kind: 'hang'; readonly at?: 'start' | 'body'; readonly status?: number }
    /** One byte at a time. */
    | { readonly kind: 'drip'; readonly intervalMs: number; readonly status?: number }
    /** Promises a longer body than it sends, then ends the connection in an orderly way. */
    | { readonly kind: 'truncate'; readonly status?: number }
    /** A valid JSON body of about this size, streamed; with `gzip` only its compressed form travels. */
    | {
        readonly kind: 'flood';
        readonly sizeBytes: number;
        readonly gzip?: boolean;
        readonly status?: number;
      }
    /** These bytes instead of any HTTP answer; then the connection is closed, unless told to keep it. */
    | { readonly kind: 'raw'; readonly bytes: string; readonly keepOpen?: boolean }
  );

export interface AsyncBehaviour {
  /** Polls answered with `in progress` before the final state. Default 1; Infinity never finishes. */
  readonly polls?: number;
  /** Default `succeeded`. `gone` is 410, for deletes. */
  readonly result?: 'succeeded' | 'failed' | 'gone';
  /** Description of the final state. */
  readonly description?: string;
  /** `operation` of the 202; null leaves it out. Default: a text full of characters that need encoding. */
  readonly operation?: unknown;
  /** The status of the answer, instead of 202: it has begun, and nobody is told. */
  readonly status?: number;
  /** Retry-After of the polls. */
  readonly retryAfter?: string;
  /** Also when the platform did not send accepts_incomplete. */
  readonly unasked?: boolean;
  /** A DELETE ends it and is carried out. Default: ConcurrencyError until it has been polled to its end. */
  readonly interruptible?: boolean;
  readonly instanceUsable?: boolean;
  readonly updateRepeatable?: boolean;
}
