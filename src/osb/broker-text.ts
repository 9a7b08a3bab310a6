import { printable } from '../base/printable.ts';

const maxBytes = 1024;

/**
 * Text that a broker chose, made fit for conditions and logs: without control characters, without our own secrets,
 * at most 1 KiB of UTF-8. `undefined` for anything but a non-blank string.
 */
export function brokerText(value: unknown, secrets: readonly string[] = []): string | undefined {
  if (typeof value !== 'string') return undefined;
  let text = value.slice(0, 8 * maxBytes);
  for (const secret of secrets) if (secret.length >= 4) text = text.replaceAll(secret, '***');
  const clean = printable(text).trim();
  return clean === '' ? undefined : cutToBytes(clean, maxBytes);
}

function cutToBytes(text: string, limit: number): string {
  if (Buffer.byteLength(text) <= limit) return text;
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(limit - 3));
  return `${text.slice(0, read)}…`;
}
