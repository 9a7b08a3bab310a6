import { rsaKeys, type KeyPair, type KeySource } from '../../../src/certs/authority.ts';

/** Hands out the same few keys in turn: making new ones for every certificate would be most of a test's time. */
export async function keyPool(size = 4): Promise<KeySource> {
  const keys: readonly KeyPair[] = await Promise.all(Array.from({ length: size }, rsaKeys));
  let next = 0;
  return async () => keys[next++ % size]!;
}
