import { errorMessage } from '../src/base/logger.ts';

const indent = ' '.repeat(11);
const columns = 100;

/** Adds a line below the step that is being told. */
export type Tell = (text: string) => void;

/** Tells what happens, step by step: how long each took, what it was, and below it what there was to see. */
export class Story {
  readonly #out: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly #startedAt = performance.now();

  constructor(out: NodeJS.WritableStream & { readonly isTTY?: boolean } = process.stdout) {
    this.#out = out;
  }

  /** Whole seconds since the story began. */
  get seconds(): number {
    return Math.round((performance.now() - this.#startedAt) / 1000);
  }

  /**
   * Runs a step, then prints its time, its title and what it told. On a terminal the title is there from the
   * beginning. A failing step is printed too, with the reason.
   */
  async step<T>(title: string, run: (tell: Tell) => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const told: string[] = [];
    this.#announce(title);
    try {
      const result = await run((text) => told.push(text));
      this.#print(`${time(startedAt)}  ${title}`, told);
      return result;
    } catch (error: unknown) {
      this.#print(`${time(startedAt)}  ${title}: FAILED`, [...told, errorMessage(error)]);
      throw error;
    }
  }

  /** A line at once, such as the progress of something long. */
  line(text: string): void {
    this.#erase();
    this.#out.write(`${text}\n`);
  }

  #print(heading: string, told: readonly string[]): void {
    this.line(cut(heading));
    for (const text of told) {
      for (const line of text.replace(/\n$/, '').split('\n'))
        this.#out.write(`${cut(`${indent}${line}`).trimEnd()}\n`);
    }
  }

  #announce(title: string): void {
    if (this.#out.isTTY === true) this.#out.write(cut(`      … s  ${title}`));
  }

  #erase(): void {
    if (this.#out.isTTY === true) this.#out.write('\r\u001b[K');
  }
}

function time(startedAt: number): string {
  return `${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s`;
}

function cut(line: string): string {
  return line.length <= columns ? line : `${line.slice(0, columns - 1)}…`;
}
