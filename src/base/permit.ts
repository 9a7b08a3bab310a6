/**
 * Leave to act on the world, which can end at any moment: the lead. Whoever sends something asks for it in the same
 * turn in which the bytes are written, because a process that was stopped and continued has not been told yet.
 */
export interface Permit {
  /** Whether it holds now. */
  holds(): boolean;
  /** Of this term: aborts when what was begun under it has to have ended. Another one after the permit was regained. */
  readonly signal: AbortSignal;
}

/** Where nobody else could act. */
export const always: Permit = { holds: () => true, signal: new AbortController().signal };
