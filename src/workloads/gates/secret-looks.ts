import type { Stopwatch } from '../../base/stopwatch.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import { secrets } from '../../kube/resources.ts';
import { scoped } from '../../model/stores.ts';

const timeoutMs = 10_000;
/** For so long an answer serves all who ask: a thousand Pods of a workload wait for one Secret. */
const freshMs = 1_000;

interface Look {
  readonly begunMs: number;
  readonly answer: Promise<boolean>;
}

/** Whether Secrets are there, asked of the API server: Secrets are not watched. What is in them is not kept. */
export class SecretLooks {
  readonly #client: Pick<KubeClient, 'get'>;
  readonly #stopwatch: Stopwatch;
  /** The oldest come first. */
  readonly #looks = new Map<string, Look>();

  constructor({
    client,
    stopwatch,
  }: {
    readonly client: Pick<KubeClient, 'get'>;
    readonly stopwatch: Stopwatch;
  }) {
    this.#client = client;
    this.#stopwatch = stopwatch;
  }

  /** How many times the API server was asked in the last second or so. */
  get recent(): number {
    return this.#looks.size;
  }

  async isThere(namespace: string, name: string, signal: AbortSignal): Promise<boolean> {
    const nowMs = this.#stopwatch.elapsedMs();
    for (const [key, { begunMs }] of this.#looks) {
      if (nowMs - begunMs < freshMs) break;
      this.#looks.delete(key);
    }
    const key = scoped(namespace, name);
    const known = this.#looks.get(key);
    if (known !== undefined) return known.answer;
    const answer = this.#ask(namespace, name, signal);
    this.#looks.set(key, { begunMs: nowMs, answer });
    answer.catch(() => this.#looks.delete(key));
    return answer;
  }

  async #ask(namespace: string, name: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#client.get(secrets, { namespace, name }, { signal, timeoutMs });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }
}
