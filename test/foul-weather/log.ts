import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const columns = 110;
/** Where nobody watches, a line of progress now and then is enough. */
const quietMs = 15_000;

/** Tells how it goes: news as lines that stay, progress as one line that is overwritten on a terminal. */
export class Log {
  readonly #out = process.stdout;
  readonly #startedMs = performance.now();
  #progressMs = 0;

  get seconds(): number {
    return Math.round((performance.now() - this.#startedMs) / 1000);
  }

  line(text: string): void {
    if (this.#out.isTTY) this.#out.write('\r\u001b[K');
    this.#out.write(`${text}\n`);
  }

  news(text: string): void {
    this.line(`${String(this.seconds).padStart(5)} s  ${text}`);
  }

  progress(text: string): void {
    const line = `${String(this.seconds).padStart(5)} s    ${text}`.slice(0, columns);
    if (this.#out.isTTY) this.#out.write(`\r\u001b[K${line}`);
    else if (performance.now() - this.#progressMs > quietMs) {
      this.#progressMs = performance.now();
      this.#out.write(`${line}\n`);
    }
  }

  /** Keeps what helps to understand a failure, and tells where. */
  async keep(name: string, text: string): Promise<void> {
    const path = join(tmpdir(), name);
    await writeFile(path, text);
    this.line(`  the log of all processes: ${path}`);
  }
}
