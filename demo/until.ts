import { setTimeout as delay } from 'node:timers/promises';

/** What was found when looking: the thing waited for, or in words what is there instead. */
export type Sight<T> = { readonly found: T } | { readonly instead: string };

export interface UntilOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
}

/** Looks again and again until it is found; after `timeoutMs` (60 s) throws with what was seen instead. */
export async function until<T>(
  what: string,
  look: () => Promise<Sight<T>>,
  options: UntilOptions,
): Promise<T> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  for (const deadline = performance.now() + timeoutMs; ;) {
    const sight = await look();
    if ('found' in sight) return sight.found;
    if (performance.now() > deadline) {
      throw new Error(`${what}: not within ${timeoutMs / 1000} s; seen: ${sight.instead}`);
    }
    await delay(50, undefined, { signal: options.signal });
  }
}
