import { getHeapStatistics } from 'node:v8';
import { collectGarbage } from '../base/collect-garbage.ts';
import { isLarge } from './bytes-in-flight.ts';

/** So much is left of large bodies at most. To collect it takes a millisecond or two, to read so much ten. */
const enoughBytes = 4 * 1024 * 1024;

/** Beyond that what is young is not all that lies about: what was parsed of many reviews at once has become old. */
const largeHeapBytes = 80 * 1024 * 1024;

/**
 * Collects what large reviews leave behind. The parts in which a body comes lie outside of V8's heap: it sees a hundred
 * bytes of each, and lets 32 MiB of them lie about before it looks.
 */
export class LargeGarbage {
  readonly #collect: () => void;
  #bytes = 0;

  constructor(collect = collectNow) {
    this.#collect = collect;
  }

  /** A body is not needed any more, or is not even looked at. */
  left(bytes: number): void {
    if (!isLarge(bytes)) return;
    this.#bytes += bytes;
    if (this.#bytes < enoughBytes) return;
    this.#bytes = 0;
    this.#collect();
  }
}

function collectNow(): void {
  collectGarbage(getHeapStatistics().total_heap_size < largeHeapBytes ? 'minor' : 'major');
}
