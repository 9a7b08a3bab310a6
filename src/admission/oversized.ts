import { bindingAnnotationPrefixes } from '../api/group.ts';
import { deny, unchanged, type Decision } from './decision.ts';
import type { ReviewVersion } from './review.ts';

/** A review that is answered without having been parsed. */
export interface Oversized {
  readonly version: ReviewVersion;
  readonly uid: string;
  readonly decision: Decision;
}

/** As the API server begins a review; what it is about follows within these many bytes. */
const head =
  /^\{"kind":"AdmissionReview","apiVersion":"admission\.k8s\.io\/(v1|v1beta1)","request":\{"uid":"([\w-]{1,64})"/;
const headLength = 1_000;
const asking = Buffer.from(`"${bindingAnnotationPrefixes.bind}`);

/**
 * Decides on a Pod or workload that is larger than any that could be stored with bindings: to parse it alone would cost
 * more than everything that is done with others. Undefined for a text that does not begin as the API server's reviews.
 */
export function oversized(body: Buffer, maxBytes: number): Oversized | undefined {
  return unread(body, (text) => decide(body, text, maxBytes));
}

/** Answers a review of which only the beginning was read. */
export function unread(body: Buffer, decision: (head: string) => Decision): Oversized | undefined {
  const text = body.toString('latin1', 0, headLength);
  const [, version, uid] = head.exec(text) ?? [];
  if (uid === undefined) return undefined;
  return { version: version === 'v1' ? 'v1' : 'v1beta1', uid, decision: decision(text) };
}

/** Who debugs, and who asks for nothing, is not refused: it is left as it is. */
function decide(body: Buffer, text: string, maxBytes: number): Decision {
  const what = `the request to admit it has ${body.length} bytes, ${maxBytes} are allowed`;
  const message = `service bindings can not be injected: ${what}; make it smaller, or do without bindings`;
  const isOurs = !text.includes('"subResource":"') && body.includes(asking);
  return isOurs ? deny(422, message) : { ...unchanged, outcome: 'skipped', warnings: [message] };
}
