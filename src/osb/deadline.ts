/**
 * A signal that aborts with another one or after a time, and that leaves nothing behind when it is ended: neither a
 * timer that lives on for a minute nor a listener on a signal that lives as long as the program.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  readonly #follow = (): void => this.#controller.abort(this.#parent.reason);

  constructor(parent: AbortSignal, timeoutMs: number) {
    this.#parent = parent;
    this.#timer = setTimeout(() => this.#controller.abort(new TimeoutError(timeoutMs)), timeoutMs);
    if (parent.aborted) this.#follow();
    else parent.addEventListener('abort', this.#follow, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Nobody waits any longer. To be called in any case. */
  end(): void {
    clearTimeout(this.#timer);
    this.#parent.removeEventListener('abort', this.#follow);
  }
}

/** Named as the reason of `AbortSignal.timeout`. */
class TimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(timeoutMs: number) {
    super(`${timeoutMs} ms`);
  }
}

/** Whether a signal aborted because time was up, ours or that of a caller's `AbortSignal.timeout`. */
export function isTimeout(reason: unknown): boolean {
  return typeof reason === 'object' && reason !== null && 'name' in reason && reason.name === 'TimeoutError';
}
