import { randomUUID } from 'node:crypto';

/**
 * Secrets that can be recognised wherever they turn up: the test of "no credential in any log". One set for all that
 * runs in this process, which for Jest is one test file: whoever listens need not know who has planted what.
 */
const formsOfMarkers = new Map<string, readonly string[]>();

/** A new secret. */
export function plantSecret(): string {
  return markSecret(`marked-secret-${randomUUID()}`);
}

/** Takes a secret that was made elsewhere. Long enough not to turn up by chance, such as a line of a key. */
export function markSecret(secret: string): string {
  if (secret.length < 16) throw new RangeError(`"${secret}" is too short to be a marker`);
  formsOfMarkers.set(secret, [secret, ...base64Forms(secret)]);
  return secret;
}

/** The marked secrets inside of a text, in clear or as base64, also inside of a longer text that was encoded. */
export function secretsIn(text: string): readonly string[] {
  const found = [...formsOfMarkers].filter(([, forms]) => forms.some((form) => text.includes(form)));
  return found.map(([secret]) => secret);
}

/** Base64 of what begins at each of the three places in a group, without the digits that neighbours share. */
function base64Forms(secret: string): readonly string[] {
  return [0, 1, 2].map((offset) => {
    const bytes = Buffer.from('-'.repeat(offset) + secret);
    const shared = Math.ceil((offset * 4) / 3);
    return bytes.toString('base64').slice(shared, Math.floor((bytes.length * 4) / 3));
  });
}
