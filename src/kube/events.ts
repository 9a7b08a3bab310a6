import { sleep } from '../base/abort.ts';
import { backoffMs } from '../base/backoff.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { compact } from '../base/compact.ts';
import { FairShares } from '../base/fair-shares.ts';
import { errorFields, type Logger } from '../base/logger.ts';
import { systemStopwatch, type Stopwatch } from '../base/stopwatch.ts';
import type { KubeClient } from './client.ts';
import { isApiError, isNotFound } from './errors.ts';
import { EventBudget } from './event-budget.ts';
import { eventObject, eventTime, type EventFacts, type EventObject, type EventType } from './event-object.ts';
import { objectKey, type KubeObject } from './objects.ts';
import { events } from './resources.ts';

export interface EventRecorderDeps {
  readonly client: KubeClient;
  /** Shown as the event's source: `bindery-controller`. */
  readonly component: string;
  /** Name of the Pod or host. */
  readonly instance: string;
  readonly logger: Logger;
  readonly clock?: Clock | undefined;
  readonly stopwatch?: Stopwatch | undefined;
  /** Repetitions are written together, at most once in this time. @default 10_000 */
  readonly repeatIntervalMs?: number | undefined;
}

/** One event as it is known here: what to say, and what of it is written. */
interface Entry {
  /** Empty for what belongs to no namespace. */
  readonly namespace: string;
  /** What is said about which object. */
  readonly key: string;
  /** Of all that were ever recorded. The same may be said again while what was said before still waits. */
  readonly id: string;
  facts: EventFacts;
  /** Name and namespace at the server, once it is there. */
  written?: { readonly namespace: string; readonly name: string };
  writtenCount: number;
  /** When it was last recorded, by the stopwatch. */
  seenMs: number;
  isQueued: boolean;
  repeatTimer?: NodeJS.Timeout;
}

/** The same words about the same object within this time are one event with a count. */
const windowMs = 600_000;
const maxEntries = 1_000;
const maxQueued = 1_000;
const maxAttempts = 3;
const backoff = { initialMs: 500, maxMs: 5_000 };
const callTimeoutMs = 10_000;
const stopTimeoutMs = 2_000;
/** After a write there is a rest of so many times as long as it took: a server that has much to do is for others first. */
const restsPerWrite = 3;
const maxRestMs = 5_000;

/**
 * Tells people what happened to an object, as Kubernetes Events. Help for the reader, never a record: events are
 * written in the background, one at a time with rests between, and dropped when the server does not want them (a namespace that is
 * terminating), when there are too many, or when it takes too long. Namespaces take turns, and the one with most loses some:
 * a flood in one neither delays nor drops what is told in another.
 */
export class EventRecorder {
  readonly #deps: EventRecorderDeps;
  readonly #clock: Clock;
  readonly #stopwatch: Stopwatch;
  readonly #budget: EventBudget;
  /** By namespace, the least recently used one first. */
  readonly #entries = new FairShares<Entry>(maxEntries);
  readonly #queue = new FairShares<Entry>(maxQueued);
  readonly #stopping = new AbortController();
  /** Nobody waits for what is not written yet; replaced when somebody has. */
  #leisure = new AbortController();
  #writing: Promise<void> | undefined;
  #recorded = 0;
  #isStopped = false;

  constructor(deps: EventRecorderDeps) {
    this.#deps = deps;
    this.#clock = deps.clock ?? systemClock;
    this.#stopwatch = deps.stopwatch ?? systemStopwatch;
    this.#budget = new EventBudget(this.#stopwatch);
  }

  /**
   * Never throws, never blocks. `regarding` should know its apiVersion and kind. Everybody who may read the
   * namespace can read events: no secrets in them.
   * @param annotations of the event, which those of a repetition replace
   */
  record(
    regarding: KubeObject,
    type: EventType,
    reason: string,
    message: string,
    annotations?: EventFacts['annotations'],
  ): void {
    if (this.#isStopped) return;
    const nowMs = this.#clock.now();
    const seenMs = this.#stopwatch.elapsedMs();
    const object = objectKey(regarding);
    const { uid } = regarding.metadata;
    const { namespace = '' } = regarding.metadata;
    const key = JSON.stringify([regarding.kind, object, uid, type, reason, message]);
    const known = this.#entries.get(namespace, key);
    if (known !== undefined && seenMs - known.seenMs < windowMs) {
      known.seenMs = seenMs;
      known.facts = { ...known.facts, annotations, count: known.facts.count + 1, lastMs: nowMs };
      this.#entries.put(namespace, key, known);
      this.#repeatLater(known);
      return;
    }
    if (known !== undefined) this.#forget(known);
    if (!this.#budget.take(uid ?? object)) {
      this.#drop(regarding, reason);
      return;
    }
    const facts = { regarding: named(regarding), type, reason, message, annotations };
    const counted = { ...facts, count: 1, firstMs: nowMs, lastMs: nowMs };
    const id = String(this.#recorded++);
    const entry = { namespace, key, id, facts: counted, writtenCount: 0, seenMs, isQueued: false };
    const forgotten = this.#entries.put(namespace, key, entry);
    if (forgotten !== undefined) this.#forget(forgotten);
    this.#enqueue(entry);
  }

  /** Waits until what was recorded is written, for two seconds at most. */
  async flush(): Promise<void> {
    const over = new AbortController();
    const leisure = this.#leisure;
    leisure.abort();
    await Promise.race([this.#writing, sleep(stopTimeoutMs, over.signal)]);
    over.abort();
    if (this.#leisure === leisure) this.#leisure = new AbortController();
  }

  /** Writes what waits, for two seconds at most. Nothing is recorded after. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#leisure.abort();
    for (const entry of this.#entries.values()) {
      clearTimeout(entry.repeatTimer);
      if (entry.facts.count > entry.writtenCount) this.#enqueue(entry);
    }
    const timer = setTimeout(() => this.#stopping.abort(), stopTimeoutMs);
    await this.#writing;
    clearTimeout(timer);
  }

  #repeatLater(entry: Entry): void {
    if (entry.isQueued || entry.repeatTimer !== undefined) return;
    entry.repeatTimer = setTimeout(() => {
      delete entry.repeatTimer;
      this.#enqueue(entry);
    }, this.#deps.repeatIntervalMs ?? 10_000);
    entry.repeatTimer.unref();
  }

  #forget(entry: Entry): void {
    clearTimeout(entry.repeatTimer);
    if (this.#entries.get(entry.namespace, entry.key) === entry)
      this.#entries.delete(entry.namespace, entry.key);
  }

  #drop({ kind, metadata }: KubeObject, reason: string): void {
    this.#deps.logger.debug({ kind, key: objectKey({ metadata }), reason }, 'event dropped: too many');
  }

  #enqueue(entry: Entry): void {
    if (entry.isQueued) return;
    entry.isQueued = true;
    const dropped = this.#queue.put(entry.namespace, entry.id, entry);
    if (dropped !== undefined) {
      dropped.isQueued = false;
      this.#forget(dropped);
      this.#drop(dropped.facts.regarding, dropped.facts.reason);
    }
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    // Not in the stack of whoever records.
    await Promise.resolve();
    for (let entry = this.#queue.shift(); entry !== undefined; entry = this.#queue.shift()) {
      entry.isQueued = false;
      const startedMs = this.#stopwatch.elapsedMs();
      if (!this.#stopping.signal.aborted) await this.#writeOne(entry);
      const tookMs = this.#stopwatch.elapsedMs() - startedMs;
      await sleep(Math.min(restsPerWrite * tookMs, maxRestMs), this.#leisure.signal);
    }
    this.#writing = undefined;
  }

  async #writeOne(entry: Entry): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const { count } = entry.facts;
      try {
        await this.#write(entry);
        entry.writtenCount = count;
        return;
      } catch (error) {
        const { kind, metadata } = entry.facts.regarding;
        const fields = {
          kind,
          key: objectKey({ metadata }),
          reason: entry.facts.reason,
          ...errorFields(error),
        };
        // 4xx: no such namespace, a terminating one, no right. Asking again changes nothing.
        const isHopeless = isApiError(error) && error.status < 500 && error.status !== 429;
        if (isHopeless || attempt >= maxAttempts || this.#stopping.signal.aborted) {
          this.#deps.logger.debug(fields, 'event not written');
          return;
        }
        await sleep(backoffMs(attempt, backoff), this.#stopping.signal);
      }
    }
  }

  async #write(entry: Entry): Promise<void> {
    const options = { signal: this.#stopping.signal, timeoutMs: callTimeoutMs };
    const { client, component, instance } = this.#deps;
    const { count, lastMs } = entry.facts;
    if (entry.written !== undefined) {
      try {
        const metadata = compact({ annotations: entry.facts.annotations });
        const patch = { metadata, count, lastTimestamp: eventTime(lastMs) };
        await client.patch<EventObject>(events, entry.written, patch, { ...options, type: 'merge' });
        return;
      } catch (error) {
        // The server forgets events after an hour: write a new one.
        if (!isNotFound(error)) throw error;
      }
    }
    const event = eventObject(entry.facts, component, instance);
    await client.create<EventObject>(events, event, options);
    entry.written = { namespace: event.metadata.namespace ?? 'default', name: event.metadata.name };
  }
}

/** Only what an event needs: an object may be large. */
function named({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion } = metadata;
  return compact({ apiVersion, kind, metadata: compact({ name, namespace, uid, resourceVersion }) });
}
