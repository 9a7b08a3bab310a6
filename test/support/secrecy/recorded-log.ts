import type { Logger } from '../../../src/base/logger.ts';
import { createLogger } from '../../../src/observability/log.ts';

/** The program's own log at its most talkative, kept; with BINDERY_TEST_LOG=1 also shown, to find a cause. */
export class RecordedLog {
  readonly logger: Logger;
  readonly #lines: string[] = [];

  constructor() {
    const write = (line: string): void => {
      this.#lines.push(line);
      if (process.env['BINDERY_TEST_LOG']) process.stderr.write(line);
    };
    this.logger = createLogger({ level: 'debug', destination: { write } });
  }

  get text(): string {
    return this.#lines.join('');
  }
}
