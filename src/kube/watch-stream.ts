import { isObject } from '../base/json.ts';
import { statusError } from './api-answer.ts';
import { parseApiJson } from './api-json.ts';
import { KubeConnectionError } from './errors.ts';
import type { KubeObject } from './objects.ts';

/** One line of a watch. A BOOKMARK has only kind and `metadata.resourceVersion`. ERROR lines are thrown. */
export interface WatchEvent<T extends KubeObject = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

/** etcd refuses objects beyond 1.5 MB; this leaves room for how they are written and for larger limits. */
const maxLineBytes = 64 * 1024 * 1024;
const newline = 0x0a;

/**
 * The events of a watch answer: one JSON document per line, however the bytes are cut into chunks. Whole lines
 * are decoded at once, so a character split over two chunks stays whole.
 * @param fields see `parseApiJson`
 * @throws KubeApiError for an ERROR event; KubeConnectionError GARBAGE for what is no event, CUT when the
 * stream ends inside a line
 */
export async function* watchEvents<T extends KubeObject>(
  chunks: AsyncIterable<Uint8Array>,
  fields?: RegExp,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(newline);
    if (end < 0) {
      pending.push(chunk);
      pendingBytes += chunk.length;
      if (pendingBytes > maxLineBytes) {
        throw new KubeConnectionError('GARBAGE', `a watch event is longer than ${maxLineBytes} bytes`);
      }
      continue;
    }
    pending.push(chunk.subarray(0, end));
    const text = decode(pending);
    pending = end + 1 < chunk.length ? [chunk.subarray(end + 1)] : [];
    pendingBytes = chunk.length - end - 1;
    for (const line of text.split('\n')) {
      if (line.length > 0) yield parseEvent<T>(line, fields);
    }
  }
  if (pendingBytes > 0) throw new KubeConnectionError('CUT', 'the watch ended inside an event');
}

function decode(parts: readonly Uint8Array[]): string {
  const [first] = parts;
  const bytes = parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function parseEvent<T extends KubeObject>(line: string, fields: RegExp | undefined): WatchEvent<T> {
  const event = parseLine(line, fields);
  if (isObject(event) && isObject(event['object'])) {
    const { type, object } = event;
    if (type === 'ERROR') throw statusError(object);
    const isKnown = type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED' || type === 'BOOKMARK';
    if (isKnown && isObject(object['metadata'])) return { type, object: object as unknown as T };
  }
  // The line itself is not told: it may be a Secret.
  throw new KubeConnectionError('GARBAGE', `the watch sent ${line.length} characters that are no event`);
}

function parseLine(line: string, fields: RegExp | undefined): unknown {
  try {
    return parseApiJson(line, fields);
  } catch (cause) {
    throw new KubeConnectionError('GARBAGE', `the watch sent ${line.length} characters that are no JSON`, {
      cause,
    });
  }
}
