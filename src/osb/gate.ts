import type { Clock } from '../base/clock.ts';
import type { Stopwatch } from '../base/stopwatch.ts';
import type { Circuit } from './circuit.ts';
import type { Admission, Limiter } from './limiter.ts';
import type { FailureReason } from './outcome-types.ts';
import { neverSent, type Fault, type Reply } from './reply.ts';
import { parseRetryAfter } from './retry-after.ts';

/** No pause that one answer asks for holds back all requests for longer than this. */
const maxPauseMs = 60_000;

/** What says that the broker is not there; other faults say something about one request only. */
const unreachable: ReadonlySet<FailureReason> = new Set<FailureReason>([
  'DNSFailure',
  'ConnectionRefused',
  'ConnectionFailed',
  'ConnectionReset',
  'ProxyFailure',
  'Timeout',
  'TLSUntrusted',
  'TLSHostnameMismatch',
  'TLSExpired',
  'TLSFailure',
  'TokenFailure',
]);

/** Stands before every request to one broker: its circuit, the pause it asked for, and its limit, in this order. */
export class Gate {
  readonly #limiter: Limiter;
  readonly #circuit: Circuit;
  readonly #clock: Clock;
  readonly #stopwatch: Stopwatch;
  #pausedUntilMs = 0;
  /** Why the broker could not be reached when it was last tried. */
  #cause = '';

  constructor(deps: {
    readonly limiter: Limiter;
    readonly circuit: Circuit;
    /** Of a Retry-After that is a date. */
    readonly clock: Clock;
    readonly stopwatch: Stopwatch;
  }) {
    this.#limiter = deps.limiter;
    this.#circuit = deps.circuit;
    this.#clock = deps.clock;
    this.#stopwatch = deps.stopwatch;
  }

  /** Runs `send` when the gate is open, and learns from the reply. Never throws if `send` does not. */
  async pass(send: () => Promise<Reply>, signal: AbortSignal): Promise<Reply> {
    const pauseMs = this.#pausedUntilMs - this.#stopwatch.elapsedMs();
    if (pauseMs > 0) return refuse('Busy', 'the broker asked for a pause', pauseMs);
    const admission = await this.#limiter.enter(signal);
    if (admission !== 'admitted') return notAdmitted(admission);
    try {
      // Only now: what waited in line may find that the circuit has opened meanwhile.
      const closedForMs = this.#circuit.tryPass();
      if (closedForMs !== undefined) {
        return refuse('CircuitOpen', `requests are held back, because of ${this.#cause}`, closedForMs);
      }
      return this.#learn(await send());
    } finally {
      this.#limiter.leave();
    }
  }

  #learn(reply: Reply): Reply {
    if (reply.kind === 'fault') {
      if (!unreachable.has(reply.reason)) {
        this.#circuit.undecided();
        return reply;
      }
      this.#cause = `${reply.reason}: ${reply.message}`;
      this.#circuit.failed();
      return reply;
    }
    this.#circuit.answered();
    if (reply.status !== 429 && reply.status !== 503) return reply;
    const pauseMs = Math.min(parseRetryAfter(reply.retryAfter, this.#clock.now()) ?? 0, maxPauseMs);
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#stopwatch.elapsedMs() + pauseMs);
    return reply;
  }
}

function notAdmitted(admission: Exclude<Admission, 'admitted'>): Fault {
  if (admission === 'cancelled') return neverSent('Cancelled', 'the request was cancelled');
  return neverSent('Busy', 'too many requests to this broker are under way');
}

function refuse(reason: FailureReason, message: string, retryAfterMs: number): Fault {
  return { ...neverSent(reason, message), retryAfterMs };
}
