import type { ServerResponse } from 'node:http';
import { visibleChange, type Selection } from './selection.ts';
import type { StoredChange, StoredObject } from './stored-object.ts';

/** One open watch, which a test may disturb in every way a network or a server can. */
export class WatchSession {
  readonly collection: string;
  /** The version it began after, as the client said it. */
  readonly fromVersion: string | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly #response: ServerResponse;
  readonly #selection: Selection;
  readonly #present: (object: StoredObject) => object;
  #isStalled = false;

  constructor(options: {
    collection: string;
    fromVersion: string | undefined;
    timeoutSeconds: number | undefined;
    response: ServerResponse;
    selection: Selection;
    present: (object: StoredObject) => object;
  }) {
    this.collection = options.collection;
    this.fromVersion = options.fromVersion;
    this.timeoutSeconds = options.timeoutSeconds;
    this.#response = options.response;
    this.#selection = options.selection;
    this.#present = options.present;
  }

  change(change: StoredChange): void {
    const visible = visibleChange(this.#selection, change);
    if (visible !== undefined) this.event(visible.type, this.#present(visible.object));
  }

  event(type: string, object: object): void {
    this.raw(`${JSON.stringify({ type, object })}\n`);
  }

  bookmark(version: number, kind: string): void {
    this.event('BOOKMARK', { kind, metadata: { resourceVersion: String(version), creationTimestamp: null } });
  }

  /** An ERROR event with a Status, after which the server ends the watch. */
  error(code: number, reason: string, message = 'as the test wants it'): void {
    this.event('ERROR', {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      code,
    });
    this.end();
  }

  /** Any bytes, whole lines or not. */
  raw(bytes: string | Uint8Array): void {
    if (!this.#isStalled && !this.#response.writableEnded) this.#response.write(bytes);
  }

  /** The connection stays, but nothing comes any more. */
  stall(): void {
    this.#isStalled = true;
  }

  /** Ends as a server does when the time is over. */
  end(): void {
    this.#response.end();
  }

  /** The connection is gone in the middle of whatever it was doing. */
  cut(): void {
    this.#response.socket?.resetAndDestroy();
  }
}
