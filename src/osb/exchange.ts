import { createBrotliDecompress, createGunzip, createInflate, type Zlib } from 'node:zlib';
import type { Transform } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { AnswerBody } from './reply.ts';
import { parseBody } from './reply.ts';

export type ExchangeResult =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Headers;
      readonly body: AnswerBody;
    }
  | {
      readonly kind: 'broken';
      readonly error: unknown;
      /** The request was (at least partly) written. */
      readonly sent: boolean;
      /** A kept-alive connection that died before the first byte of an answer: most likely it was dead before. */
      readonly stale: boolean;
    };

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;
type Decompressor = Transform & Zlib;

const decompressors: Readonly<Record<string, () => Decompressor>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

const closedCodes: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/**
 * One HTTP request and its answer, as the handler that undici drives. It knows three things that undici's own
 * `request()` does not tell: whether the request was ever written, whether it went out on a used connection, and
 * how many bytes a compressed body has grown to.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly result: Promise<ExchangeResult>;
  readonly #settle: (result: ExchangeResult) => void;
  readonly #limitBytes: number;
  readonly #maySend: () => boolean;
  readonly #isCatalog: boolean;
  #controller: Dispatcher.DispatchController | undefined;
  #settled = false;
  #sent = false;
  #used = false;
  #firstByte = false;
  #status = 0;
  #headers: Headers = {};
  #decompressor: Decompressor | undefined;
  #unreadable: string | undefined;
  #chunks: Uint8Array[] = [];
  #sizeBytes = 0;

  /**
   * @param maySend asked in the last moment before bytes are written
   * @param isCatalog see `parseBody`
   */
  constructor(limitBytes: number, maySend: () => boolean, isCatalog = false) {
    const { promise, resolve } = Promise.withResolvers<ExchangeResult>();
    this.result = promise;
    this.#settle = resolve;
    this.#limitBytes = limitBytes;
    this.#maySend = maySend;
    this.#isCatalog = isCatalog;
  }

  /** Ends it at once, whatever state it is in. `error` becomes the error of the result, and a started body is lost. */
  abort(error: Error): void {
    this.#end({ kind: 'broken', error, sent: this.#sent, stale: false });
  }

  /** @param context.used set by the connection: an answer has already come over it */
  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#controller = controller;
    if (this.#settled) {
      controller.abort(new Error('no longer wanted'));
      return;
    }
    if (!this.#maySend()) {
      this.abort(new Error('not permitted any more'));
      return;
    }
    this.#sent = true;
    this.#used =
      typeof context === 'object' && context !== null && 'used' in context && context.used === true;
  }

  onResponseStarted(): void {
    this.#firstByte = true;
  }

  onResponseStart(_controller: unknown, status: number, headers: Headers): void {
    this.#firstByte = true;
    // 102, 103: interim, the answer is still to come.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    const encoding = headers['content-encoding'];
    if (encoding === undefined || encoding === 'identity' || encoding === '') return;
    const create = typeof encoding === 'string' ? decompressors[encoding.trim().toLowerCase()] : undefined;
    if (create === undefined) this.#unreadable = 'its Content-Encoding is unknown';
    else this.#decompressor = this.#prepare(create());
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#settled) return;
    if (this.#decompressor === undefined) {
      this.#take(chunk);
    } else if (!this.#decompressor.write(chunk)) {
      controller.pause();
      this.#decompressor.once('drain', () => controller.resume());
    }
  }

  onResponseEnd(): void {
    if (this.#decompressor === undefined) this.#answer(this.#body());
    else this.#decompressor.end();
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.#status !== 0) {
      this.#answer({ kind: 'truncated' });
      return;
    }
    const code: unknown = 'code' in error ? error.code : undefined;
    const stale = this.#used && !this.#firstByte && closedCodes.has(code);
    this.#end({ kind: 'broken', error, sent: this.#sent, stale });
  }

  #prepare(decompressor: Decompressor): Decompressor {
    decompressor.on('data', (chunk: Uint8Array) => this.#take(chunk));
    decompressor.on('end', () => this.#answer(this.#body()));
    decompressor.on('error', () =>
      this.#answer({ kind: 'text', text: '', problem: 'its compression is broken' }),
    );
    return decompressor;
  }

  #take(chunk: Uint8Array): void {
    this.#sizeBytes += chunk.byteLength;
    if (this.#sizeBytes > this.#limitBytes) {
      this.#answer({ kind: 'too-large', limitBytes: this.#limitBytes });
    } else if (this.#unreadable === undefined) this.#chunks.push(chunk);
  }

  #body(): AnswerBody {
    if (this.#unreadable !== undefined) return { kind: 'text', text: '', problem: this.#unreadable };
    return parseBody(Buffer.concat(this.#chunks), this.#isCatalog);
  }

  #answer(body: AnswerBody): void {
    this.#end({ kind: 'answer', status: this.#status, headers: this.#headers, body });
  }

  #end(result: ExchangeResult): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#chunks = [];
    this.#decompressor?.destroy();
    // A finished answer leaves the connection alone; anything else must not be read on.
    if (result.kind === 'broken' || result.body.kind === 'too-large') {
      this.#controller?.abort(new Error('no longer wanted'));
    }
    this.#settle(result);
  }
}
