import { foldableFields, foldJson, hasMoreValues, unfoldJson } from '../base/folded-json.ts';
import { JsonText } from '../base/json-text.ts';
import { maxDepth, NestingError, parseExact } from '../base/json.ts';
import type { FailureReason } from './outcome-types.ts';

/** What came back for one request, before anybody asked what it means. */
export type Reply = Answer | Fault;

/** An HTTP answer, whatever its status. */
export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  readonly retryAfter?: string;
  readonly etag?: string;
  readonly body: AnswerBody;
  /** It answers a second try; the connection of the first one died, and nobody knows what became of that. */
  readonly resent?: true;
  /** Our own credentials: never to be repeated in a message, should the broker echo them. */
  readonly secrets: readonly string[];
}

export type AnswerBody =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'empty' }
  /** Not JSON; `text` is its beginning. */
  | { readonly kind: 'text'; readonly text: string; readonly problem: string }
  /** The connection ended inside the body. */
  | { readonly kind: 'truncated' }
  | { readonly kind: 'too-large'; readonly limitBytes: number };

/** No answer. */
export interface Fault {
  readonly kind: 'fault';
  readonly reason: FailureReason;
  readonly message: string;
  /** False when the broker surely never saw the request, at no try: nothing can have been made. */
  readonly sent: boolean;
  readonly retryAfterMs?: number;
}

/** What brokers may make large in a catalog: metadata, and `parameters`, the schemas. */
const catalogFields = foldableFields(['metadata', 'parameters']);
/** Parsed, each takes fifty bytes and more. A catalog of 10,000 plans has half of it. */
const defaultMaxValues = 250_000;

export interface BodyRules {
  /** What is large and only stored stays text: a `JsonText`. @default false */
  readonly isCatalog?: boolean | undefined;
  /** @default 250,000 */
  readonly maxValues?: number | undefined;
}

/** Whatever the Content-Type says: as UTF-8 JSON, a byte-order mark allowed, numbers exact. */
export function parseBody(
  bytes: Uint8Array,
  { isCatalog, maxValues = defaultMaxValues }: BodyRules = {},
): AnswerBody {
  const text = new TextDecoder().decode(bytes);
  if (text.trim() === '') return { kind: 'empty' };
  const folded = isCatalog === true ? foldJson(text, catalogFields) : undefined;
  const parsed = folded?.text ?? text;
  if (hasMoreValues(parsed, maxValues)) {
    return { kind: 'text', text: text.slice(0, 1024), problem: `it holds more than ${maxValues} values` };
  }
  try {
    const value = parseExact(parsed);
    if (folded !== undefined) {
      unfoldJson(value, folded, (holder, key, large) => (holder[key] = new JsonText(large)));
    }
    return { kind: 'json', value };
  } catch (error) {
    // The parser's own message quotes the text, and the text may hold credentials.
    const problem =
      error instanceof NestingError ? `it is nested deeper than ${maxDepth} levels` : 'it is not JSON';
    return { kind: 'text', text: text.slice(0, 1024), problem };
  }
}

/** The last of several tries, of which one may have been carried out: its connection died. */
export function afterLostTry(reply: Reply): Reply {
  if (reply.kind === 'answer') return { ...reply, resent: true };
  const what = 'an earlier try of this request, whose connection died, may have been carried out';
  return reply.sent ? reply : { ...reply, message: `${reply.message}; ${what}`, sent: true };
}

export function neverSent(reason: FailureReason, message: string): Fault {
  return { kind: 'fault', reason, message, sent: false };
}
