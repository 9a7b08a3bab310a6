import { ControllerRole, type ControllerRoleDeps } from '../../../src/commands/controller-role.ts';

/** The reconcilers of one process, in the process of the test, with a client that is theirs alone. */
export class RunningRole {
  readonly #deps: ControllerRoleDeps;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  constructor(deps: ControllerRoleDeps) {
    this.#deps = deps;
    this.#running = new ControllerRole(deps).start(this.#stopping.signal);
  }

  /** Has them end what they do. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#deps.client.close();
  }

  /**
   * Ends them without a goodbye, as `kill -9` does: from this moment on nothing reaches the API server or a broker,
   * no Lease is released, no event is told, and what is under way is cut off.
   * @returns resolves when nothing of them is left; nobody needs to wait for that
   */
  async abandon(): Promise<void> {
    const closing = this.#deps.client.close();
    this.#stopping.abort();
    await closing;
    // What could not be done any more fails here, or nowhere.
    await this.#running.catch(() => undefined);
  }
}
