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
  readonly #stop = new AbortController();
  readonly #state = new Map<string, 'there' | 'ready'>();
  readonly #lastMessage = new Map<string, string>();
  readonly #ended: Promise<void>;
  #wake: () => void = () => undefined;

  private constructor(lines: AsyncIterable<string>) {
    this.#ended = this.#follow(lines);
  }

  static async open(api: BenchApi, path: string): Promise<ReadyWatch> {
    const stop = new AbortController();
    const lines = await api.watch(path, stop.signal);
    const watch = new ReadyWatch(lines);
    watch.#stop.signal.addEventListener('abort', () => stop.abort());
    return watch;
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

  async #follow(lines: AsyncIterable<string>): Promise<void> {
    try {
      for await (const line of lines) {
        const { type, object } = JSON.parse(line) as {
          readonly type: string;
          readonly object: WatchedObject;
        };
        this.#take(type, object);
        this.#wake();
      }
    } catch (error: unknown) {
      if (!this.#stop.signal.aborted) throw error;
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
