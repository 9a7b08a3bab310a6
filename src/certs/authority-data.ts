import type { CertificatePair } from './certificate-types.ts';
import { certificateFacts, isPair } from './certificate-facts.ts';
import type { AuthorityState, PublishedNote } from './rotation.ts';

type SecretData = Readonly<Record<string, string>>;

/** `data` of the Secret. `ca.crt` is what people look for; times are RFC 3339. */
export function writeAuthorityState({ current, next, previous, published }: AuthorityState): SecretData {
  const data: Record<string, string> = { 'ca.crt': current.cert, 'ca.key': current.key };
  if (next !== undefined) {
    data['next.crt'] = next.pair.cert;
    data['next.key'] = next.pair.key;
    data['next-since'] = new Date(next.sinceMs).toISOString();
  }
  if (previous !== undefined) {
    data['previous.crt'] = previous.cert;
    data['previous-since'] = new Date(previous.sinceMs).toISOString();
  }
  return { ...encode(data), ...(published === undefined ? {} : writePublishedNote(published)) };
}

/** The part of `data` that tells what verifiers were given. */
export function writePublishedNote({ fingerprints, sinceMs }: PublishedNote): SecretData {
  return encode({ published: fingerprints.join('\n'), 'published-since': new Date(sinceMs).toISOString() });
}

function encode(data: Record<string, string>): SecretData {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
}

/**
 * Reads it again. Undefined when there is no usable current authority; a next or previous one that can not be read
 * is left out, since what signs now matters more.
 */
export function readAuthorityState(data: SecretData): AuthorityState | undefined {
  const current = pairOf(data, 'ca');
  if (current === undefined) return undefined;
  const nextPair = pairOf(data, 'next');
  const nextSinceMs = timeOf(data, 'next-since');
  const previousCert = textOf(data, 'previous.crt');
  const previousSinceMs = timeOf(data, 'previous-since');
  const fingerprints = textOf(data, 'published')
    .split('\n')
    .filter((line) => line !== '');
  const publishedSinceMs = timeOf(data, 'published-since');
  const isPreviousUsable = certificateFacts(previousCert)?.isAuthority === true;
  return {
    current,
    ...(nextPair !== undefined && nextSinceMs !== undefined
      ? { next: { pair: nextPair, sinceMs: nextSinceMs } }
      : {}),
    ...(isPreviousUsable && previousSinceMs !== undefined
      ? { previous: { cert: previousCert, sinceMs: previousSinceMs } }
      : {}),
    ...(fingerprints.length > 0 && publishedSinceMs !== undefined
      ? { published: { fingerprints, sinceMs: publishedSinceMs } }
      : {}),
  };
}

function pairOf(data: SecretData, name: string): CertificatePair | undefined {
  const pair = { cert: textOf(data, `${name}.crt`), key: textOf(data, `${name}.key`) };
  return certificateFacts(pair.cert)?.isAuthority === true && isPair(pair) ? pair : undefined;
}

function timeOf(data: SecretData, key: string): number | undefined {
  const time = Date.parse(textOf(data, key));
  return Number.isFinite(time) ? time : undefined;
}

function textOf(data: SecretData, key: string): string {
  return Buffer.from(data[key] ?? '', 'base64').toString();
}
