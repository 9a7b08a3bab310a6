import { aborted, sleep } from '../base/abort.ts';
import { Heartbeat } from '../base/heartbeat.ts';
import { errorFields, type Logger } from '../base/logger.ts';
import type { Permit } from '../base/permit.ts';
import { systemStopwatch, type Stopwatch } from '../base/stopwatch.ts';
import type { KubeClient } from '../kube/client.ts';
import { LeadGuard } from './lead-guard.ts';
import { LeaseLock } from './lease-lock.ts';

export interface LeaderElectionDeps {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** Unique per process: the Pod's name and something random. */
  readonly identity: string;
  readonly logger: Logger;
  readonly stopwatch?: Stopwatch | undefined;
  /** How long the others wait after the last renewal they saw; whole seconds. @default 15_000 */
  readonly leaseDurationMs?: number | undefined;
  /** A leader that could not renew for so long stops leading. @default 10_000 */
  readonly renewDeadlineMs?: number | undefined;
  /** Time between attempts. @default 2_000 */
  readonly retryPeriodMs?: number | undefined;
  readonly observe?: ((isLeading: boolean) => void) | undefined;
}

const releaseTimeoutMs = 5_000;
/** Candidates must not come all at once when a leader goes. */
const candidateJitter = 1.2;
/** Of the time between the renew deadline and the end of the Lease: until nothing may be sent any more, … */
const guardShare = 0.5;
/** … and until the work must have ended. */
const drainShare = 0.75;
/** Far beyond the deadlines of the requests that the election makes. */
const maxPauseMs = 120_000;

/**
 * Lets one process at a time lead. Whoever leads renews the Lease; when that fails for the renew deadline it
 * stops, well before the others may take over after the lease duration.
 */
export class LeaderElection {
  readonly #deps: LeaderElectionDeps;
  readonly #stopwatch: Stopwatch;
  readonly #lock: LeaseLock;
  readonly #guard: LeadGuard;
  readonly #heartbeat: Heartbeat;
  readonly #renewDeadlineMs: number;
  readonly #retryPeriodMs: number;
  /** Between the renew deadline and the end of the Lease. */
  readonly #marginMs: number;
  #isLeading = false;

  constructor(deps: LeaderElectionDeps) {
    const { leaseDurationMs = 15_000, renewDeadlineMs = 10_000, retryPeriodMs = 2_000 } = deps;
    if (leaseDurationMs <= renewDeadlineMs || renewDeadlineMs <= retryPeriodMs * candidateJitter) {
      throw new TypeError('lease duration > renew deadline > 1.2 x retry period does not hold');
    }
    this.#deps = deps;
    this.#stopwatch = deps.stopwatch ?? systemStopwatch;
    this.#guard = new LeadGuard(this.#stopwatch);
    this.#heartbeat = new Heartbeat(maxPauseMs, this.#stopwatch);
    this.#renewDeadlineMs = renewDeadlineMs;
    this.#retryPeriodMs = retryPeriodMs;
    this.#marginMs = leaseDurationMs - renewDeadlineMs;
    const { client, identity } = deps;
    this.#lock = new LeaseLock({
      client,
      ref: { namespace: deps.namespace, name: deps.name },
      identity,
      durationMs: leaseDurationMs,
      stopwatch: this.#stopwatch,
    });
  }

  /**
   * For everything that only a leader may send. Holds for a while after the renew deadline, so that what can not be
   * repeated may be brought to its end, and never when somebody else may lead.
   */
  get permit(): Permit {
    return this.#guard;
  }

  /** False when the election stands still; an API server that does not answer is no reason. */
  isAlive(): boolean {
    return this.#heartbeat.isAlive();
  }

  get isLeading(): boolean {
    return this.#isLeading;
  }

  /** Identity of who leads as far as is known; empty for nobody. */
  get leader(): string {
    return this.#lock.holder;
  }

  /**
   * Waits for the lead, then runs `whenLeading`. Its signal aborts when the lead is lost or `signal` aborts; the
   * Lease is renewed until it has returned, and then released. After a loss the election begins anew.
   * Resolves when `signal` aborts or `whenLeading` returns by itself.
   * @throws LeadOverrunError when the work does not end in time after a loss; else only what `whenLeading` threw
   */
  async run(signal: AbortSignal, whenLeading: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      while (!signal.aborted) {
        const heldSinceMs = await this.#acquire(signal);
        if (heldSinceMs === undefined) return;
        const hasLost = await this.#lead(heldSinceMs, signal, whenLeading);
        if (!hasLost) return;
      }
    } finally {
      this.#heartbeat.rest();
    }
  }

  /** The time of the request that took the Lease; undefined when the signal aborted first. */
  async #acquire(signal: AbortSignal): Promise<number | undefined> {
    let failures = 0;
    while (!signal.aborted) {
      this.#heartbeat.beat();
      const askedMs = this.#stopwatch.elapsedMs();
      try {
        if (await this.#lock.tryHold({ signal, timeoutMs: this.#renewDeadlineMs })) return askedMs;
        failures = 0;
      } catch (error) {
        if (!signal.aborted && failures++ === 0) this.#warn(error, 'can not ask for the lead');
      }
      await sleep(this.#retryPeriodMs * (1 + candidateJitter * Math.random()), signal);
    }
    return undefined;
  }

  async #lead(
    heldSinceMs: number,
    signal: AbortSignal,
    whenLeading: (signal: AbortSignal) => Promise<void>,
  ): Promise<boolean> {
    const lost = new AbortController();
    const finished = new AbortController();
    this.#held(heldSinceMs);
    this.#setLeading(true);
    const renewing = this.#renew(heldSinceMs, lost, finished.signal);
    try {
      const working = whenLeading(AbortSignal.any([signal, lost.signal]));
      await Promise.race([working, this.#overrun(lost.signal, finished.signal)]);
    } finally {
      finished.abort();
      await renewing;
      this.#guard.end();
      this.#setLeading(false);
      if (!lost.signal.aborted) await this.#release();
    }
    return lost.signal.aborted;
  }

  /** Renews until the work has finished, or the lead is lost. */
  async #renew(heldSinceMs: number, lost: AbortController, finished: AbortSignal): Promise<void> {
    let renewedMs = heldSinceMs;
    while (!finished.aborted) {
      this.#heartbeat.beat();
      await sleep(Math.min(this.#retryPeriodMs, this.#remainingMs(renewedMs)), finished);
      if (finished.aborted) return;
      const askedMs = this.#stopwatch.elapsedMs();
      // Half of the time, so that one dead connection does not cost the lead.
      const timeoutMs = Math.min(this.#remainingMs(renewedMs), this.#renewDeadlineMs / 2);
      try {
        // Not cut short when the work is finished: the release needs to know what is written.
        if (timeoutMs > 0 && (await this.#lock.tryHold({ timeoutMs }))) {
          renewedMs = askedMs;
          this.#held(renewedMs);
        }
      } catch (error) {
        if (!finished.aborted) this.#warn(error, 'can not renew the lead');
      }
      const isTaken = this.#lock.holder !== '' && this.#lock.holder !== this.#deps.identity;
      if (!isTaken && this.#remainingMs(renewedMs) > 0) continue;
      if (isTaken) this.#guard.end();
      this.#deps.logger.error({ leader: this.#lock.holder }, 'lost the lead');
      lost.abort();
      return;
    }
  }

  /** Rejects when the work goes on for too long after the loss of the lead. */
  async #overrun(lost: AbortSignal, finished: AbortSignal): Promise<void> {
    await aborted(AbortSignal.any([lost, finished]));
    await sleep(this.#marginMs * drainShare, finished);
    if (!finished.aborted) throw new LeadOverrunError();
  }

  #held(askedMs: number): void {
    this.#guard.extend(askedMs + this.#renewDeadlineMs + this.#marginMs * guardShare);
  }

  #remainingMs(renewedMs: number): number {
    return Math.max(0, renewedMs + this.#renewDeadlineMs - this.#stopwatch.elapsedMs());
  }

  async #release(): Promise<void> {
    try {
      await this.#lock.release({ timeoutMs: releaseTimeoutMs });
      this.#deps.logger.info({}, 'gave the lead away');
    } catch (error) {
      this.#warn(error, 'can not give the lead away: the next leader has to wait');
    }
  }

  #setLeading(isLeading: boolean): void {
    this.#isLeading = isLeading;
    if (isLeading) this.#deps.logger.info({ identity: this.#deps.identity }, 'leading');
    this.#deps.observe?.(isLeading);
  }

  #warn(error: unknown, message: string): void {
    this.#deps.logger.warn(errorFields(error), message);
  }
}

/** What was begun under a lead could not be ended before another process may lead: this one has to end. */
export class LeadOverrunError extends Error {
  override readonly name = 'LeadOverrunError';
  readonly code = 'BINDERY_LEAD_OVERRUN';

  constructor() {
    super('the work of a lost lead has not ended in time');
  }
}
