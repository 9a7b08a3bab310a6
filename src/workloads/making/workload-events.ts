import type { Clock } from '../../base/clock.ts';
import type { Stopwatch } from '../../base/stopwatch.ts';
import type { EventRecorder } from '../../kube/events.ts';
import type { Telling } from './standing.ts';
import type { Ask } from './wanted-services.ts';

export interface WorkloadEventsDeps {
  readonly events: Pick<EventRecorder, 'record'>;
  readonly clock: Clock;
  readonly stopwatch: Stopwatch;
}

interface Said {
  readonly line: string;
  /** By the stopwatch. */
  readonly atMs: number;
}

/** What holds somebody up is said again, since the API server forgets events after an hour. */
const repeatMs = 1_800_000;
/** What is longer so was said before this process began. */
const oldMs = 600_000;

/**
 * Says on each workload how its wishes stand, once for each step and not once for each time that somebody looks. What was
 * said is lost with the process: the next one says it again, but for what has been well for long.
 */
export class WorkloadEvents {
  readonly #deps: WorkloadEventsDeps;
  /** By namespace, by wish. */
  readonly #said = new Map<string, Map<string, Said>>();

  constructor(deps: WorkloadEventsDeps) {
    this.#deps = deps;
  }

  /** Something was done, or tried: said each time. */
  happened({ workload }: Ask, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#deps.events.record(workload, type, reason, message);
  }

  /**
   * Something is so: said when it is news.
   * @returns milliseconds until it is to be said again; undefined for never
   */
  stands(ask: Ask, { type, reason, message, since }: Telling): number | undefined {
    const { namespace = '' } = ask.workload.metadata;
    const said = this.#said.get(namespace) ?? new Map<string, Said>();
    this.#said.set(namespace, said);
    const key = keyOf(ask);
    const line = `${reason} ${message}`;
    const known = said.get(key);
    const nowMs = this.#deps.stopwatch.elapsedMs();
    const isRepeated = type === 'Warning';
    const leftMs = known?.line === line ? (isRepeated ? known.atMs + repeatMs - nowMs : Infinity) : 0;
    if (leftMs > 0) return Number.isFinite(leftMs) ? leftMs : undefined;
    said.set(key, { line, atMs: nowMs });
    if (known !== undefined || !this.#isOld(since)) {
      this.#deps.events.record(ask.workload, type, reason, message);
    }
    return isRepeated ? repeatMs : undefined;
  }

  /** Forgets what nobody asks for any more. */
  retain(namespace: string, asks: readonly Ask[]): void {
    const said = this.#said.get(namespace);
    if (said === undefined) return;
    const keys = new Set(asks.map(keyOf));
    for (const key of said.keys()) if (!keys.has(key)) said.delete(key);
    if (said.size === 0) this.#said.delete(namespace);
  }

  #isOld(since: string | undefined): boolean {
    return since !== undefined && this.#deps.clock.now() - Date.parse(since) > oldMs;
  }
}

function keyOf({ workload, wish }: Ask): string {
  return `${workload.metadata.uid} ${wish.login.name}`;
}
