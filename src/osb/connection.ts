import type { Socket } from 'node:net';

/**
 * What undici does not tell of a connection: whether an answer has already come over it, and how many bytes come.
 * Of these it passes on only the bodies; interim answers and the extensions of chunks have no end of their own.
 */
export class Connection {
  #isUsed = false;
  #socket: Socket | undefined;
  #startBytes = 0;
  #listener: ((bytes: number) => void) | undefined;

  get isUsed(): boolean {
    return this.#isUsed;
  }

  opened(socket: Socket): void {
    this.#socket = socket;
    // Takes nothing out of the stream: it is told whenever there is more to be read.
    socket.on('readable', () => this.#tell());
  }

  closed(): void {
    this.#isUsed = false;
    this.#socket = undefined;
    this.#listener = undefined;
  }

  /** A request begins. @param listener called with the bytes that have come since, whenever more have */
  begin(listener: (bytes: number) => void): void {
    this.#startBytes = this.#socket?.bytesRead ?? 0;
    this.#listener = listener;
  }

  /** Its answer has come. */
  ended(): void {
    this.#isUsed = true;
    this.#listener = undefined;
  }

  #tell(): void {
    const bytes = this.#socket?.bytesRead ?? 0;
    this.#listener?.(bytes - this.#startBytes);
  }
}
