import { foldableFields, foldJson, hasMoreValues, unfoldJson, type FoldedJson } from '../base/folded-json.ts';
import { JsonText } from '../base/json-text.ts';
import { isObject, maxDepth, NestingError, parseExact } from '../base/json.ts';
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
  /** Of the request. */
  readonly requestIdentity?: string;
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
  /** Of the request, if it was sent. */
  readonly requestIdentity?: string;
  readonly retryAfterMs?: number;
}

/** What brokers may make large in a catalog: metadata, and `parameters`, the schemas. */
const catalogFields = foldableFields(['metadata', 'parameters']);
/** And in the answers about bindings and instances. */
const largeFields = foldableFields(['credentials', 'parameters']);
/** Parsed, each takes fifty bytes and more. A catalog of 10,000 plans has half of it. */
const defaultMaxValues = 250_000;

export interface BodyRules {
  /** What is large and only stored stays text: a `JsonText`. @default false */
  readonly isCatalog?: boolean | undefined;
  /** Likewise credentials and parameters, and they are not counted among the values. @default false */
  readonly hasLargeFields?: boolean | undefined;
  /** @default 250,000 */
  readonly maxValues?: number | undefined;
}

/** Whatever the Content-Type says: as UTF-8 JSON, a byte-order mark allowed, numbers exact. */
export function parseBody(bytes: Uint8Array, rules: BodyRules = {}): AnswerBody {
  const text = new TextDecoder().decode(bytes);
  if (text.trim() === '') return { kind: 'empty' };
  const folded = foldBody(text, rules);
  const excess = excessOf(folded, rules);
  if (excess !== undefined) return { kind: 'text', text: text.slice(0, 1024), problem: excess };
  try {
    const value = parseExact(folded.text);
    if (folded.values.length === 0) return { kind: 'json', value };
    unfoldJson(value, folded, (holder, key, large) => {
      // What is kept for later has to be JSON, and an object, as whoever gets it expects.
      const isKept = rules.isCatalog === true || isObject(parseExact(large));
      holder[key] = isKept ? new JsonText(large) : [];
    });
    return { kind: 'json', value };
  } catch (error) {
    // The parser's own message quotes the text, and the text may hold credentials.
    const problem =
      error instanceof NestingError ? `it is nested deeper than ${maxDepth} levels` : 'it is not JSON';
    return { kind: 'text', text: text.slice(0, 1024), problem };
  }
}

function foldBody(text: string, { isCatalog, hasLargeFields }: BodyRules): FoldedJson {
  const fields = [isCatalog === true ? catalogFields : [], hasLargeFields === true ? largeFields : []].flat();
  const folded = fields.map((pattern) => foldJson(text, pattern)).find((found) => found !== undefined);
  return folded ?? { text, values: [] };
}

/** Of the parts that stay text each may hold as much as a whole catalog; those of catalogs are not parsed at all. */
function excessOf({ text, values }: FoldedJson, rules: BodyRules): string | undefined {
  const { maxValues = defaultMaxValues, isCatalog } = rules;
  if (hasMoreValues(text, maxValues)) return `it holds more than ${maxValues} values`;
  const parsed = isCatalog === true ? [] : values;
  const isTooMuch = parsed.some((large) => hasMoreValues(large, defaultMaxValues));
  return isTooMuch ? `it holds more than ${defaultMaxValues} values` : undefined;
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
