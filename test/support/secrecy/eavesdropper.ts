import type { Logger } from '../../../src/base/logger.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createMetrics, type Metrics } from '../../../src/observability/metrics.ts';
import { secretsIn } from './secret-markers.ts';
import { ObjectHistory } from './object-history.ts';
import { RecordedLog } from './recorded-log.ts';
import type { Statement } from './statement.ts';

/**
 * Hears all that Bindery says while a test runs: log lines of every level, metrics, events, and every version of every
 * object that is not a Secret. At the end none of the marked secrets may be in it.
 */
export class Eavesdropper {
  /** To be given to what runs in this process. */
  readonly logger: Logger;
  /** To be given to what runs in this process. */
  readonly metrics: Metrics = createMetrics();
  readonly #log = new RecordedLog();
  readonly #history: ObjectHistory;
  readonly #statements: Statement[] = [];

  private constructor(history: ObjectHistory) {
    this.#history = history;
    this.logger = this.#log.logger;
  }

  static async start(client: KubeClient): Promise<Eavesdropper> {
    return new Eavesdropper(await ObjectHistory.start(client));
  }

  /** What has been logged up to now. */
  get log(): string {
    return this.#log.text;
  }

  /** Something that was said elsewhere, such as in the log of another process. */
  hear(place: string, text: string): void {
    this.#statements.push({ place, text });
  }

  /**
   * To be called when everything that talks has ended, and the API server has not.
   * @returns the place of each secret that was told, and the secret; empty when all is well
   */
  async stop(): Promise<readonly string[]> {
    this.#statements.push(...(await this.#history.stop()));
    this.hear('log', this.#log.text);
    this.hear('metrics', await this.metrics.text());
    return this.#statements.flatMap(({ place, text }) =>
      secretsIn(text).map((secret) => `${place}: ${secret}`),
    );
  }
}

/** @throws Error that names the places */
export function expectNoLeaks(leaks: readonly string[]): void {
  if (leaks.length > 0) throw new Error(`marked secrets were told:\n${leaks.join('\n')}`);
}
