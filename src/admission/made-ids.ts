import type { Clock } from '../base/clock.ts';
import { compact } from '../base/compact.ts';
import { writeIdMark } from '../model/id-mark.ts';
import type { AdmissionRequest } from './review.ts';

/** An id for a new object, and the mark which says that it was made for it, and where: the time. */
export interface MadeId {
  readonly id: string;
  readonly mark: string;
}

interface Remembered extends MadeId {
  readonly key: string;
}

/** Longer than a CREATE lasts from its first webhook to its last; also of those that never came to be. */
const keptMs = 30_000;
/** More than that at once are forgotten early: such an id then counts as given, which harms nothing. */
const maxIds = 10_000;

/**
 * Makes the ids of new objects, and knows them again: the API server asks a second time when another webhook has changed
 * the object since (`reinvocationPolicy`), and an id of ours then looks like one that the requester gave.
 */
export class MadeIds {
  readonly #uuid: () => string;
  readonly #clock: Clock;
  readonly #made = new Map<string, Remembered>();
  /** Mark of this cluster; undefined while nobody knows. */
  readonly cluster: () => string | undefined;

  /** @param uuid a random UUID, version 4 */
  constructor(uuid: () => string, clock: Clock, cluster: () => string | undefined) {
    this.#uuid = uuid;
    this.#clock = clock;
    this.cluster = cluster;
  }

  make(request: AdmissionRequest): MadeId {
    const id = this.#uuid();
    const what = new Date(this.#clock.now()).toISOString();
    const mark = writeIdMark(compact({ what, cluster: this.cluster() }));
    if (this.#made.size < maxIds) {
      this.#made.set(id, { id, mark, key: keyOf(request) });
      setTimeout(() => this.#made.delete(id), keptMs).unref();
    }
    return { id, mark };
  }

  /** The object is stored: whoever comes with its id from now on brings it from there. */
  stored(id: string | undefined): void {
    if (id !== undefined) this.#made.delete(id);
  }

  /** The mark of an id that was made for this very request; undefined for one that was given. */
  markOf(id: unknown, request: AdmissionRequest): string | undefined {
    const made = typeof id === 'string' ? this.#made.get(id) : undefined;
    return made?.key === keyOf(request) ? made.mark : undefined;
  }
}

function keyOf({ kind, namespace, name, user }: AdmissionRequest): string {
  return JSON.stringify([kind, namespace, name, user.username]);
}
