import type { BackoffOptions } from '../base/backoff.ts';
import { errorFields, type Logger } from '../base/logger.ts';
import { systemStopwatch, type Stopwatch } from '../base/stopwatch.ts';
import { isApiError, isConflict, isTooLarge } from '../kube/errors.ts';
import { FailurePace } from './failure-pace.ts';
import { Places } from './places.ts';
import { WorkQueue } from './work-queue.ts';

/** What a reconcile run asks for. Nothing, or to be called again later without a change. */
export interface ReconcileResult {
  readonly requeueAfterMs?: number;
}

/** One finished run, for metrics. */
export interface ReconcileObservation {
  readonly controller: string;
  readonly outcome: 'done' | 'requeued' | 'failed';
  readonly durationMs: number;
}

export type ReconcileObserver = (observation: ReconcileObservation) => void;

/** What a run can ask of the controller that runs it. */
export interface Turn {
  /**
   * Waits for somebody outside of the cluster, who may take long, and is no worker meanwhile: others work. How many may be
   * away is for those to bound whom they wait for.
   */
  away<T>(work: () => Promise<T>): Promise<T>;
  /** Has the key worked on once more. May be called when the run is over, too. */
  again(): void;
}

/** Brings the object nearer to what it should be. Level-triggered: may be called at any time, for any key. */
export type Reconcile = (
  key: string,
  signal: AbortSignal,
  turn: Turn,
) => Promise<ReconcileResult | undefined>;

export interface ControllerDeps {
  readonly name: string;
  readonly reconcile: Reconcile;
  /** Keys worked on at the same time, without those whose run is away; never one key twice. */
  readonly concurrency: number;
  readonly logger: Logger;
  /** Delays after a thrown error, with full jitter. @default 5 ms … 30 s: an API server that is back is used soon */
  readonly backoff?: BackoffOptions | undefined;
  readonly observe?: ReconcileObserver | undefined;
  /**
   * Whether there is an object of this key. While the controller does not work, which for a standby is for ever, keys
   * of what is gone are not kept; without this they are.
   */
  readonly isKnown?: ((key: string) => boolean) | undefined;
  readonly stopwatch?: Stopwatch | undefined;
}

/** Far beyond all deadlines of the requests that one run makes. */
const longestRunMs = 1_800_000;
/** What is too large stays so until it is changed, which is news; each attempt sends and stores nearly two MB in vain. */
const tooLargePauseMs = 600_000;
/** Keys that a controller which does not work collects before it looks which of them are still of use. */
const minPruned = 64;

/**
 * A queue of keys and the workers that reconcile them; a run that waits for a broker is none of them. A run that throws is logged, counted and repeated with
 * growing delays, and when many do, the whole controller slows down; a run that returns has settled the key until
 * somebody enqueues it again.
 */
export class Controller {
  readonly name: string;
  readonly #deps: ControllerDeps;
  readonly #queue: WorkQueue;
  readonly #workers: Places;
  readonly #stopwatch: Stopwatch;
  /** When the runs that go on were begun, by the stopwatch. */
  readonly #begun = new Map<string, number>();
  readonly #pace = new FailurePace();
  #isWorking = false;
  #pruneAt = minPruned;

  constructor(deps: ControllerDeps) {
    this.name = deps.name;
    this.#deps = deps;
    this.#stopwatch = deps.stopwatch ?? systemStopwatch;
    this.#queue = new WorkQueue({ backoff: deps.backoff });
    this.#workers = new Places(deps.concurrency);
  }

  /** Keys that wait for a worker. */
  get depth(): number {
    return this.#queue.depth;
  }

  /** False when a run has been going on for so long that it will never end. */
  isAlive(): boolean {
    const earliestMs = this.#stopwatch.elapsedMs() - longestRunMs;
    return [...this.#begun.values()].every((begunMs) => begunMs > earliestMs);
  }

  enqueue(key: string): void {
    this.#queue.add(key);
    if (!this.#isWorking && this.#queue.depth > this.#pruneAt) this.#prune();
  }

  /**
   * Works until the signal aborts; resolves when the runs of that moment have ended. Keys are collected also while
   * it does not work: a process that begins to lead, or leads again, finds them.
   */
  async start(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#queue.resume();
    this.#isWorking = true;
    const stop = (): void => {
      this.#isWorking = false;
      void this.#queue.drain();
    };
    signal.addEventListener('abort', stop, { once: true });
    const runs = new Set<Promise<void>>();
    try {
      for (;;) {
        await this.#workers.take();
        await this.#pace.ready(signal);
        const key = await this.#queue.take();
        if (key === undefined) break;
        const run = this.#work(key, signal).finally(() => runs.delete(run));
        runs.add(run);
      }
      this.#workers.leave();
      await Promise.all(runs);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async #work(key: string, signal: AbortSignal): Promise<void> {
    const startedMs = this.#stopwatch.elapsedMs();
    this.#begun.set(key, startedMs);
    const outcome = await this.#reconcile(key, signal);
    this.#begun.delete(key);
    this.#queue.done(key);
    this.#workers.leave();
    this.#deps.observe?.({
      controller: this.name,
      outcome,
      durationMs: this.#stopwatch.elapsedMs() - startedMs,
    });
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<ReconcileObservation['outcome']> {
    try {
      const result = await this.#deps.reconcile(key, signal, {
        away: (work) => this.#workers.away(work),
        again: () => this.#queue.add(key),
      });
      this.#queue.forget(key);
      this.#pace.succeeded();
      // It may have been given up because of the stop, and its timer is gone.
      if (signal.aborted) this.#queue.add(key);
      if (result?.requeueAfterMs === undefined) return 'done';
      this.#queue.addAfter(key, result.requeueAfterMs);
      return 'requeued';
    } catch (error) {
      // Cut short by the stop: whoever starts again takes it up again.
      if (signal.aborted) this.#queue.add(key);
      else this.#fail(key, error);
      return isConflict(error) ? 'requeued' : 'failed';
    }
  }

  #prune(): void {
    const { isKnown } = this.#deps;
    if (isKnown === undefined) return;
    this.#queue.prune(isKnown);
    this.#pruneAt = Math.max(minPruned, 2 * this.#queue.depth);
  }

  #fail(key: string, error: unknown): void {
    const isHopeless = isTooLarge(error);
    const retryAfterMs = isApiError(error) ? error.retryAfterMs : undefined;
    const retryInMs = this.#queue.retry(key, isHopeless ? tooLargePauseMs : retryAfterMs);
    const fields = {
      controller: this.name,
      key,
      failures: this.#queue.failures(key),
      retryInMs,
      ...errorFields(error),
    };
    // A conflict is how the API server says "look again": nothing that a person should read about.
    if (isConflict(error)) {
      this.#deps.logger.debug(fields, 'reconcile again: the object has changed');
      return;
    }
    // It says nothing about the API server, and must not slow others down.
    if (!isHopeless) this.#pace.failed();
    this.#deps.logger.warn(fields, 'reconcile failed');
  }
}
