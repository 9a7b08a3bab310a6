import { StandingEvents, type StandingEventsDeps } from '../standing-events.ts';
import type { Telling } from './standing.ts';
import type { Ask } from './wanted-services.ts';

/** Says on each workload how its wishes stand, and what was done for them. */
export class WorkloadEvents {
  readonly #events: StandingEventsDeps['events'];
  readonly #standing: StandingEvents;

  constructor(deps: StandingEventsDeps) {
    this.#events = deps.events;
    this.#standing = new StandingEvents(deps);
  }

  /** Something was done, or tried: said each time. */
  happened({ workload }: Ask, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#events.record(workload, type, reason, message);
  }

  /**
   * Something is so: said when it is news.
   * @param service of which the wish is: what is remembered goes with it
   * @returns milliseconds until it is to be said again; undefined for never
   */
  stands(service: string, ask: Ask, telling: Telling): number | undefined {
    return this.#standing.stands(service, ask.workload, keyOf(ask), telling);
  }

  /** Forgets what nobody asks for any more. */
  retain(service: string, asks: readonly Ask[]): void {
    this.#standing.retain(service, new Set(asks.map(keyOf)));
  }
}

function keyOf({ workload, wish }: Ask): string {
  return `${workload.metadata.uid} ${wish.login.name}`;
}
