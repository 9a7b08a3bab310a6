/**
 * The wall clock, injectable so that tests decide what "now" is. It can be set, by an hour in either direction: for
 * what is written into objects and certificates, never to measure how long something takes. See `stopwatch.ts`.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
