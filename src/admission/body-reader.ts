import type { Readable } from 'node:stream';
import { ByteBuffer } from '../base/byte-buffer.ts';

export type BodyProblem = 'too-large' | 'too-slow' | 'cut';

type Done = (problem: BodyProblem | undefined, body: Buffer) => void;

interface Reading {
  readonly startedAt: number;
  readonly fail: (problem: BodyProblem) => void;
}

const none = Buffer.alloc(0);

/**
 * Reads request bodies with a limit of size and one of time.
 *
 * The time is kept here and not by `server.requestTimeout`, because Node counts that from the opening of a
 * connection that has not been used yet. The API server opens more connections than it needs under load and uses
 * them later; with `requestTimeout` one that has waited too long is answered 408 at the moment it is used.
 */
export class BodyReader {
  readonly #maxBytes: number;
  readonly #timeoutMs: number;
  readonly #readings = new Set<Reading>();
  readonly #sweep: NodeJS.Timeout;

  constructor(options: { readonly maxBytes: number; readonly timeoutMs: number }) {
    this.#maxBytes = options.maxBytes;
    this.#timeoutMs = options.timeoutMs;
    // One timer for all of them: a timer per request would cost more than the check.
    this.#sweep = setInterval(() => this.#failLate(), Math.max(10, options.timeoutMs / 10)).unref();
  }

  stop(): void {
    clearInterval(this.#sweep);
  }

  /**
   * Calls `done` once, with the whole body or with what was wrong. What comes after a problem is read and thrown
   * away, so that the client gets to see the answer, until the time is over; then the connection is cut.
   * @param declaredBytes the Content-Length, NaN without one
   */
  read(stream: Readable, declaredBytes: number, done: Done): void {
    if (declaredBytes > this.#maxBytes) {
      this.discard(stream);
      done('too-large', none);
      return;
    }
    const read = new ByteBuffer(declaredBytes || 0);
    let isDone = false;
    const finish = (problem: BodyProblem | undefined, body: Buffer): void => {
      if (isDone) return;
      isDone = true;
      this.#readings.delete(reading);
      done(problem, body);
    };
    const reading: Reading = { startedAt: performance.now(), fail: (problem) => finish(problem, none) };
    this.#readings.add(reading);

    stream.on('data', (chunk: Buffer) => {
      if (isDone) return;
      if (read.size + chunk.length > this.#maxBytes) {
        finish('too-large', none);
        this.discard(stream);
      } else read.append(chunk);
    });
    stream.on('end', () => finish(undefined, read.take()));
    // Also after an error: node:http reports one only to those who listen for it.
    stream.on('close', () => finish('cut', none));
  }

  /** Reads a body and throws it away, until the time is over. */
  discard(stream: Readable): void {
    const reading: Reading = { startedAt: performance.now(), fail: () => stream.destroy() };
    this.#readings.add(reading);
    stream.once('close', () => this.#readings.delete(reading));
    stream.resume();
  }

  #failLate(): void {
    const latestStart = performance.now() - this.#timeoutMs;
    for (const reading of this.#readings) {
      if (reading.startedAt < latestStart) reading.fail('too-slow');
    }
  }
}
