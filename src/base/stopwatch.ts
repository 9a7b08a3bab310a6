/**
 * Time that only passes: for deadlines, Leases, circuits, caches and pauses. Nobody can set it, it says nothing to
 * another process, and it is no `Clock`, so that the two can not be taken for each other.
 */
export interface Stopwatch {
  /** Milliseconds since some moment in the past. */
  elapsedMs(): number;
}

export const systemStopwatch: Stopwatch = { elapsedMs: () => performance.now() };
