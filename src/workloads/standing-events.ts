import type { Clock } from '../base/clock.ts';
import type { Stopwatch } from '../base/stopwatch.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { KubeObject } from '../kube/objects.ts';

export interface StandingEventsDeps {
  readonly events: Pick<EventRecorder, 'record'>;
  readonly clock: Clock;
  readonly stopwatch: Stopwatch;
}

/** How something stands, for those who look at an object. */
export interface Standing {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** Since when it is so, RFC 3339. */
  readonly since?: string;
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
 * Says how things stand, once for each step and not once for each time that somebody looks. What was said is lost with the
 * process: the next one says it again, but for what has been so for long.
 */
export class StandingEvents {
  readonly #deps: StandingEventsDeps;
  /** By what is looked at together, by what it is about. */
  readonly #said = new Map<string, Map<string, Said>>();

  constructor(deps: StandingEventsDeps) {
    this.#deps = deps;
  }

  /**
   * Said when it is news.
   * @param group what is looked at together, and forgotten together: a namespace, or a part of one
   * @param key what it is about: of two lines under one key the later one counts
   * @returns milliseconds until it is to be said again; undefined for never
   */
  stands(
    group: string,
    target: KubeObject,
    key: string,
    { type, reason, message, since }: Standing,
  ): number | undefined {
    const said = this.#said.get(group) ?? new Map<string, Said>();
    this.#said.set(group, said);
    const line = `${reason} ${message}`;
    const known = said.get(key);
    const nowMs = this.#deps.stopwatch.elapsedMs();
    const isRepeated = type === 'Warning';
    const leftMs = known?.line === line ? (isRepeated ? known.atMs + repeatMs - nowMs : Infinity) : 0;
    if (leftMs > 0) return Number.isFinite(leftMs) ? leftMs : undefined;
    said.set(key, { line, atMs: nowMs });
    if (known !== undefined || !this.#isOld(since)) this.#deps.events.record(target, type, reason, message);
    return isRepeated ? repeatMs : undefined;
  }

  /** Forgets what nobody asks about any more. */
  retain(group: string, keys: ReadonlySet<string>): void {
    const said = this.#said.get(group);
    if (said === undefined) return;
    for (const key of said.keys()) if (!keys.has(key)) said.delete(key);
    if (said.size === 0) this.#said.delete(group);
  }

  #isOld(since: string | undefined): boolean {
    return since !== undefined && this.#deps.clock.now() - Date.parse(since) > oldMs;
  }
}
