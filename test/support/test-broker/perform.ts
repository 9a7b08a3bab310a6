import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import type { Behaviour } from './behaviour.ts';
import type { OrdinaryAnswer } from './service-context.ts';

/** Writes an answer as it should be. */
export function sendOrdinary(response: ServerResponse, answer: OrdinaryAnswer): void {
  const text = JSON.stringify(answer.body);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  response.writeHead(answer.status, { ...headers, ...answer.headers });
  response.end(answer.status === 304 ? undefined : text);
}

export interface Stage {
  /** Aborts when the broker stops: nothing waits any longer then. */
  readonly signal: AbortSignal;
  /** Nothing listens any more, and all connections are cut. */
  readonly vanish: () => void;
}

/**
 * Misbehaves. `answer` is what the broker would have said.
 */
export async function perform(
  response: ServerResponse,
  behaviour: Behaviour,
  answer: OrdinaryAnswer,
  stage: Stage,
): Promise<void> {
  const status = 'status' in behaviour ? (behaviour.status ?? answer.status) : answer.status;
  const text = JSON.stringify(answer.body);
  const { signal } = stage;
  switch (behaviour.kind) {
    case 'delay':
      await delay(behaviour.ms, undefined, { signal, ref: false }).catch(() => undefined);
      if (behaviour.next !== undefined) return perform(response, behaviour.next, answer, stage);
      return sendOrdinary(response, answer);
    case 'answer':
      return sendScripted(response, behaviour, { ...answer, status });
    case 'async':
      return sendOrdinary(response, { ...answer, status });
    case 'reset':
      if (behaviour.at === 'body') await startBody(response, status, text);
      response.socket?.resetAndDestroy();
      return undefined;
    case 'vanish':
      return stage.vanish();
    case 'hang':
      if (behaviour.at === 'body') await startBody(response, status, text);
      return undefined;
    case 'drip':
      return drip(response, status, text, behaviour.intervalMs, signal);
    case 'truncate':
      await startBody(response, status, text);
      response.socket?.end();
      return undefined;
    case 'flood':
      return flood(response, status, behaviour.sizeBytes, behaviour.gzip === true);
    case 'raw':
      response.socket?.write(behaviour.bytes);
      if (behaviour.keepOpen !== true) response.socket?.end();
      return undefined;
  }
}

function sendScripted(
  response: ServerResponse,
  behaviour: Behaviour & { readonly kind: 'answer' },
  answer: OrdinaryAnswer,
): void {
  const ordinary = 'body' in behaviour ? JSON.stringify(behaviour.body) : JSON.stringify(answer.body);
  const body = behaviour.rawBody ?? ordinary ?? '';
  const headers = { 'content-type': 'application/json', ...answer.headers, ...behaviour.headers };
  response.writeHead(answer.status, headers as Record<string, string | string[]>);
  response.end(answer.status === 204 || answer.status === 304 ? undefined : body);
}

/** Headers that promise one byte more than there is, and half of the body. */
async function startBody(response: ServerResponse, status: number, text: string): Promise<void> {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text) + 1,
  });
  const half = text.slice(0, Math.ceil(text.length / 2));
  await new Promise<void>((resolve) => response.write(half, () => resolve()));
}

async function drip(
  response: ServerResponse,
  status: number,
  text: string,
  intervalMs: number,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  for (const byte of Buffer.from(text)) {
    if (signal.aborted || response.destroyed) return;
    response.write(Buffer.of(byte));
    await delay(intervalMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
  response.end();
}

async function flood(
  response: ServerResponse,
  status: number,
  sizeBytes: number,
  gzip: boolean,
): Promise<void> {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(gzip ? { 'content-encoding': 'gzip' } : {}),
  });
  const source = Readable.from(floodChunks(sizeBytes));
  // The other side hangs up in the middle: that is what it is for.
  await (gzip ? pipeline(source, createGzip(), response) : pipeline(source, response)).catch(() => undefined);
}

function* floodChunks(sizeBytes: number): Generator<Buffer> {
  const chunk = Buffer.alloc(64 * 1024, 'a');
  yield Buffer.from('{"filler":"');
  for (let sent = 0; sent < sizeBytes; sent += chunk.length) yield chunk;
  yield Buffer.from('"}');
}
