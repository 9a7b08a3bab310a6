import { createBrotliDecompress, createGunzip, createInflate, type Zlib } from 'node:zlib';
import type { Transform } from 'node:stream';
import type { Dispatcher } from 'undici';
import { ByteBuffer } from '../base/byte-buffer.ts';
import { bodyBudget } from './body-budget.ts';
import { Connection } from './connection.ts';
import { AnswerCosts, type ExcessError } from './excess.ts';
import { inTurn } from './parse-turns.ts';
import { parseBody, type AnswerBody, type BodyRules } from './reply.ts';

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

/** From here on parsing a body takes a millisecond and more, bytes. */
const largeFrom = 64 * 1024;

const closedCodes: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/**
 * One HTTP request and its answer, as the handler that undici drives. It knows three things that undici's own
 * `request()` does not tell: whether the request was ever written, whether it went out on a used connection, and
 * how many bytes a compressed body has grown to.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly result: Promise<ExchangeResult>;
  readonly owner: string;
  readonly #settle: (result: ExchangeResult) => void;
  readonly #limitBytes: number;
  readonly #maySend: () => boolean;
  readonly #rules: BodyRules;
  readonly #costs = new AnswerCosts();
  #controller: Dispatcher.DispatchController | undefined;
  #settled = false;
  #sent = false;
  #used = false;
  #firstByte = false;
  #status = 0;
  #headers: Headers = {};
  #decompressor: Decompressor | undefined;
  #unreadable: string | undefined;
  readonly #body = new ByteBuffer();
  #sizeBytes = 0;
  /** Of the body as it came, compressed or not. */
  #bodyBytes = 0;
  #isComplete = false;

  /**
   * @param owner see `BodyBudget`
   * @param maySend asked in the last moment before bytes are written
   * @param rules see `parseBody`
   */
  constructor(owner: string, limitBytes: number, maySend: () => boolean, rules: BodyRules = {}) {
    this.owner = owner;
    const { promise, resolve } = Promise.withResolvers<ExchangeResult>();
    this.result = promise;
    this.#settle = resolve;
    this.#limitBytes = limitBytes;
    this.#maySend = maySend;
    this.#rules = rules;
  }

  /** Ends it at once, whatever state it is in. `error` becomes the error of the result, and a started body is lost. */
  abort(error: Error): void {
    this.#end({ kind: 'broken', error, sent: this.#sent, stale: false });
  }

  /** There is no room for what it has received. */
  stop(error: ExcessError): void {
    this.#refuse(error);
  }

  /** @param context the `Connection` */
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
    if (!(context instanceof Connection)) return;
    this.#used = context.isUsed;
    context.begin((bytes) => this.#refuse(this.#costs.received(bytes, this.#bodyBytes)));
  }

  onResponseStarted(): void {
    this.#firstByte = true;
  }

  onResponseStart(_controller: unknown, status: number, headers: Headers): void {
    this.#firstByte = true;
    // 102, 103: interim, the answer is still to come.
    if (status < 200) {
      this.#refuse(this.#costs.interim());
      return;
    }
    this.#status = status;
    this.#headers = headers;
    const encoding = headers['content-encoding'];
    if (encoding === undefined || encoding === 'identity' || encoding === '') return;
    const create = typeof encoding === 'string' ? decompressors[encoding.trim().toLowerCase()] : undefined;
    if (create === undefined) this.#unreadable = 'its Content-Encoding is unknown';
    else this.#decompressor = this.#prepare(create());
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    this.#bodyBytes += chunk.byteLength;
    if (this.#decompressor === undefined) {
      this.#take(chunk);
    } else if (this.#bodyBytes > this.#limitBytes) {
      // Compressed data may go on for ever and come to nothing.
      this.#tooLarge();
    } else if (!this.#decompressor.write(chunk)) {
      controller.pause();
      this.#decompressor.once('drain', () => controller.resume());
    }
  }

  onResponseEnd(): void {
    this.#isComplete = true;
    if (this.#decompressor === undefined) this.#finish();
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
    decompressor.on('data', (chunk: Buffer) => this.#take(chunk));
    decompressor.on('end', () => this.#finish());
    decompressor.on('error', () =>
      this.#answer({ kind: 'text', text: '', problem: 'its compression is broken' }),
    );
    return decompressor;
  }

  #take(chunk: Buffer): void {
    this.#sizeBytes += chunk.byteLength;
    if (this.#sizeBytes > this.#limitBytes) {
      this.#tooLarge();
    } else if (this.#unreadable === undefined) {
      this.#body.append(chunk);
      bodyBudget.holds(this, this.#sizeBytes);
    }
  }

  #tooLarge(): void {
    this.#answer({ kind: 'too-large', limitBytes: this.#limitBytes });
  }

  #refuse(error: ExcessError | undefined): void {
    if (error === undefined) return;
    if (this.#status === 0) this.abort(error);
    else this.#answer({ kind: 'text', text: '', problem: error.message });
  }

  #finish(): void {
    const answer = (): void => {
      if (!this.#settled) this.#answer(this.#parsed());
    };
    if (this.#sizeBytes < largeFrom) answer();
    else inTurn(answer);
  }

  #parsed(): AnswerBody {
    if (this.#unreadable !== undefined) return { kind: 'text', text: '', problem: this.#unreadable };
    return parseBody(this.#body.take(), this.#rules);
  }

  #answer(body: AnswerBody): void {
    this.#end({ kind: 'answer', status: this.#status, headers: this.#headers, body });
  }

  #end(result: ExchangeResult): void {
    if (this.#settled) return;
    this.#settled = true;
    bodyBudget.leaves(this);
    this.#body.take();
    this.#decompressor?.destroy();
    // A finished answer leaves the connection alone; anything else must not be read on.
    if (!this.#isComplete) this.#controller?.abort(new Error('no longer wanted'));
    this.#settle(result);
  }
}
