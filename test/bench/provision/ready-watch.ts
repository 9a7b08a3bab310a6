import type { BenchApi } from './bench-api.ts';

interface WatchedObject {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
  };
}

/** Sees when objects become Ready and when they go, as soon as the API server tells anybody. */
export class ReadyWatch {
  readonly #stop: AbortController;
  readonly #state = new Map<string, 'there' | 'ready'>();
  readonly #lastMessage = new Map<string, string>();
  readonly #ended: Promise<void>;
  #wake: () => void = () => undefined;

  private constructor(
    open: () => Promise<AsyncIterable<string>>,
    first: AsyncIterable<string>,
    stop: AbortController,
  ) {
    this.#stop = stop;
    this.#ended = this.#follow(open, first);
  }

  static async open(api: BenchApi, path: string): Promise<ReadyWatch> {
    const stop = new AbortController();
    const open = async (): Promise<AsyncIterable<string>> => api.watch(path, stop.signal);
    return new ReadyWatch(open, await open(), stop);
  }

  /** Resolves when all of them are Ready. */
  async ready(names: readonly string[], timeoutMs: number): Promise<void> {
    await this.#until(
      () => names.every((name) => this.#state.get(name) === 'ready'),
      timeoutMs,
      () => {
        const late = names.filter((name) => this.#state.get(name) !== 'ready');
        const [first = ''] = late;
        return `${late.length} of ${names.length} not Ready, such as ${first}: ${this.#lastMessage.get(first)}`;
      },
    );
  }

  /** Resolves when there is nothing left. */
  async empty(timeoutMs: number): Promise<void> {
    await this.#until(
      () => this.#state.size === 0,
      timeoutMs,
      () => `${this.#state.size} objects are not gone`,
    );
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #until(condition: () => boolean, timeoutMs: number, complaint: () => string): Promise<void> {
    for (const deadline = performance.now() + timeoutMs; !condition();) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new Error(`after ${timeoutMs / 1000} s: ${complaint()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** The API server ends a watch whose reader is too slow for it; the next one begins with what exists. */
  async #follow(open: () => Promise<AsyncIterable<string>>, first: AsyncIterable<string>): Promise<void> {
    for (let lines = first; ; lines = await open()) {
      try {
        for await (const line of lines) {
          const event = JSON.parse(line) as { readonly type: string; readonly object: WatchedObject };
          this.#take(event.type, event.object);
          this.#wake();
        }
      } catch (error: unknown) {
        if (!this.#stop.signal.aborted) process.stderr.write(`watch: ${String(error)}\n`);
      }
      if (this.#stop.signal.aborted) return;
      process.stderr.write('watch ended: opening it again\n');
      this.#state.clear();
    }
  }

  #take(type: string, { metadata: { name }, status }: WatchedObject): void {
    if (type === 'DELETED') {
      this.#state.delete(name);
      return;
    }
    const ready = status?.conditions?.find((condition) => condition.type === 'Ready');
    this.#state.set(name, ready?.status === 'True' ? 'ready' : 'there');
    this.#lastMessage.set(name, ready?.message ?? 'no Ready condition');
  }
}
