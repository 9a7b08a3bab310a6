import { errorMessage } from '../../../src/base/logger.ts';
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
  readonly #api: BenchApi;
  readonly #path: string;
  readonly #stop = new AbortController();
  readonly #state = new Map<string, 'there' | 'ready'>();
  readonly #lastMessage = new Map<string, string>();
  #following: Promise<void> = Promise.resolve();
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  private constructor(api: BenchApi, path: string) {
    this.#api = api;
    this.#path = path;
  }

  /** Watches a collection; resolves when what exists is known. */
  static async open(api: BenchApi, path: string): Promise<ReadyWatch> {
    const watch = new ReadyWatch(api, path);
    const lines = await watch.#begin();
    watch.#following = watch.#follow(lines);
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
    await this.#following;
  }

  async #until(condition: () => boolean, timeoutMs: number, complaint: () => string): Promise<void> {
    for (const deadline = performance.now() + timeoutMs; !condition();) {
      if (this.#failure !== undefined) throw this.#failure;
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

  /** The API server ends a watch whose reader is too slow for it: on a busy machine that happens. */
  async #follow(first: AsyncIterable<string>): Promise<void> {
    try {
      for (let lines = first; ; lines = await this.#begin()) {
        for await (const line of lines) {
          const event = JSON.parse(line) as { readonly type: string; readonly object: WatchedObject };
          if (event.type === 'ERROR') break;
          this.#take(event.type, event.object);
          this.#wake();
        }
      }
    } catch (error: unknown) {
      if (this.#stop.signal.aborted) return;
      this.#failure = new Error(`the watch of ${this.#path} broke: ${errorMessage(error)}`, { cause: error });
      this.#wake();
    }
  }

  /** Lists what there is and watches from there on. */
  async #begin(): Promise<AsyncIterable<string>> {
    this.#stop.signal.throwIfAborted();
    const { items, metadata } = (await this.#api.get(this.#path)) as {
      readonly items: readonly WatchedObject[];
      readonly metadata: { readonly resourceVersion: string };
    };
    this.#state.clear();
    for (const item of items) this.#take('ADDED', item);
    this.#wake();
    return this.#api.watch(this.#path, metadata.resourceVersion, this.#stop.signal);
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
