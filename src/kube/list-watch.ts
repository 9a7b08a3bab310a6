import { sleep } from '../base/abort.ts';
import { backoffMs, type BackoffOptions } from '../base/backoff.ts';
import { Heartbeat } from '../base/heartbeat.ts';
import { errorFields, type Logger } from '../base/logger.ts';
import { systemStopwatch, type Stopwatch } from '../base/stopwatch.ts';
import type { KubeClient } from './client.ts';
import { isApiError, isGone, isNotFound, isTooManyRequests, KubeConnectionError } from './errors.ts';
import { listPages } from './list-pages.ts';
import { isMissingNamespace } from './missing-namespace.ts';
import type { KubeObject } from './objects.ts';
import type { Selection } from './query.ts';
import { isOlderVersion } from './resource-version.ts';
import type { Resource } from './resources.ts';
import type { WatchEvent } from './watch-stream.ts';

/**
 * Who keeps what the list-watch hears, in the form `Kept`. Calls come one after the other and must not block.
 * Nothing is trimmed here: the sink does, so that no object can be trimmed twice.
 */
export interface ListWatchSink<Raw, Kept = Raw> {
  /** What is kept of an object. Asked for each item of a list as its page arrives, so that the rest is dropped early. */
  trim(item: Raw): Kept;
  /** The state of the world at `resourceVersion`; undefined: take it as it is, history went backwards. */
  replace(items: readonly Kept[], resourceVersion?: string): void;
  put(item: Raw): void;
  remove(item: Raw): void;
}

/** What happened, for metrics. */
export interface ListWatchObservation {
  /** Plural of the resource. */
  readonly resource: string;
  readonly what: 'list' | 'watch' | 'event' | 'bookmark' | 'failure';
}

export interface ListWatchDeps<T extends KubeObject, Kept = T> {
  readonly client: KubeClient;
  readonly resource: Resource;
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly metadataOnly?: boolean | undefined;
  readonly sink: ListWatchSink<T, Kept>;
  readonly logger: Logger;
  readonly stopwatch?: Stopwatch | undefined;
  readonly observe?: ((observation: ListWatchObservation) => void) | undefined;
  /** Longest silence of a watch, milliseconds; longer than the minute between bookmarks. @default 150_000 */
  readonly inactivityMs?: number | undefined;
  /** @default 500 ms … 10 s, full jitter */
  readonly backoff?: BackoffOptions | undefined;
}

const defaultBackoff: BackoffOptions = { initialMs: 500, maxMs: 10_000 };
/** A page of a list and the silence of a watch have their own, shorter limits. */
const maxPauseMs = 600_000;
/** A watch that lived so long was a good one: the next starts at once. */
const goodWatchMs = 1_000;
/** So many refusals in a row, and the version is no longer trusted. */
const maxRefusals = 5;

/**
 * Keeps a sink equal to what the API server holds of one kind: lists once, then watches, and goes on from the
 * last version it saw after every cut. Lists again only when that version is too old (410) or looks wrong.
 * No failure ends it: everything is tried again, with growing and jittered delays.
 */
export class ListWatch<T extends KubeObject, Kept = T> {
  /** Resolves after the first complete list; stays pending when stopped before. */
  readonly synced: Promise<void>;
  readonly #deps: ListWatchDeps<T, Kept>;
  readonly #stopwatch: Stopwatch;
  readonly #resolveSynced: () => void;
  readonly #heartbeat: Heartbeat;
  #isSynced = false;
  /** Since when no watch is open. */
  #closedSinceMs: number | undefined;
  /** Where to go on; undefined: list first. */
  #version: string | undefined;
  /** The newest version ever seen. A list that is older means that etcd was restored from a backup. */
  #newest: string | undefined;
  /** Failures since the last good watch. */
  #failures = 0;
  /** Those of them that were answers of the server. */
  #refusals = 0;

  constructor(deps: ListWatchDeps<T, Kept>) {
    this.#deps = deps;
    this.#stopwatch = deps.stopwatch ?? systemStopwatch;
    this.#heartbeat = new Heartbeat(maxPauseMs, this.#stopwatch);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.synced = promise;
    this.#resolveSynced = resolve;
  }

  isSynced(): boolean {
    return this.#isSynced;
  }

  /** False when the loop stands still; an API server that does not answer is no reason. */
  isAlive(): boolean {
    return this.#heartbeat.isAlive();
  }

  /**
   * How old what the sink holds may be, milliseconds: 0 while a watch is open, else the time since it was cut. One that
   * is silent counts as open until `inactivityMs` are over.
   */
  staleMs(): number {
    return this.#closedSinceMs === undefined ? 0 : this.#stopwatch.elapsedMs() - this.#closedSinceMs;
  }

  /** Runs until the signal aborts; never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    await this.#follow(signal);
    this.#heartbeat.rest();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#heartbeat.beat();
      const startedMs = this.#stopwatch.elapsedMs();
      let failure: unknown;
      const wasWatching = this.#version !== undefined;
      try {
        if (this.#version === undefined) await this.#list(signal);
        else await this.#watch(this.#version, signal);
      } catch (error) {
        failure = error;
      }
      this.#closedSinceMs ??= this.#stopwatch.elapsedMs();
      if (signal.aborted) return;
      const isGood = wasWatching && this.#stopwatch.elapsedMs() - startedMs >= goodWatchMs;
      if (isGood) this.#recovered();
      // A server that ends every watch at once, without error, is not to be hammered either.
      if (failure !== undefined || (wasWatching && !isGood)) await this.#failed(failure, isGood, signal);
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, resource, sink } = this.#deps;
    this.#observe('list');
    const keep = (item: T): Kept => sink.trim(item);
    const { items, metadata } = await listPages(client, resource, this.#selection(), { signal }, keep);
    const version = metadata.resourceVersion;
    const isThePast = isOlderVersion(version, this.#newest);
    this.#tell(() => sink.replace(items, isThePast ? undefined : version));
    this.#version = version;
    this.#newest = version;
    this.#isComplete();
  }

  #isComplete(): void {
    this.#closedSinceMs = this.#stopwatch.elapsedMs();
    this.#isSynced = true;
    this.#resolveSynced();
  }

  /** In a namespace that does not exist there is nothing: that is known until it is asked again. */
  async #isNowhere(failure: unknown, signal: AbortSignal): Promise<boolean> {
    const { client, namespace, sink } = this.#deps;
    if (!(await isMissingNamespace(failure, namespace, client, signal))) return false;
    this.#tell(() => sink.replace([]));
    this.#isComplete();
    return true;
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { client, resource, inactivityMs } = this.#deps;
    this.#observe('watch');
    // Spread over minutes, so that the watches of all replicas do not end together.
    const timeoutSeconds = 300 + Math.floor(Math.random() * 300);
    const query = { ...this.#selection(), resourceVersion, timeoutSeconds };
    const opened = (): void => (this.#closedSinceMs = undefined);
    for await (const event of client.watch<T>(resource, query, { signal, inactivityMs, opened })) {
      this.#heartbeat.beat();
      if (signal.aborted) return;
      this.#take(event);
    }
  }

  #take({ type, object }: WatchEvent<T>): void {
    const { sink } = this.#deps;
    const version = object.metadata.resourceVersion;
    this.#observe(type === 'BOOKMARK' ? 'bookmark' : 'event');
    if (type === 'DELETED') this.#tell(() => sink.remove(object));
    else if (type !== 'BOOKMARK') this.#tell(() => sink.put(object));
    // One of several API servers may lag behind, and bookmark an older version than another has told us.
    if (version === undefined || isOlderVersion(version, this.#version)) return;
    this.#version = version;
    this.#newest = version;
  }

  async #failed(failure: unknown, wasGood: boolean, signal: AbortSignal): Promise<void> {
    this.#observe('failure');
    if (this.#mustList(failure)) this.#version = undefined;
    const isNowhere = await this.#isNowhere(failure, signal);
    const retryAfterMs = (isApiError(failure) ? failure.retryAfterMs : undefined) ?? 0;
    // The cut of a good watch is everyday life; only the failures after it count.
    const delayMs = wasGood ? 0 : backoffMs(this.#failures + 1, this.#deps.backoff ?? defaultBackoff);
    const retryInMs = Math.max(retryAfterMs, delayMs);
    this.#report(failure, retryInMs, isNowhere);
    if (!wasGood) this.#failures++;
    await sleep(retryInMs, signal);
  }

  /** Whether going on from the version at hand makes no sense. */
  #mustList(failure: unknown): boolean {
    if (isGone(failure)) return true;
    if (isApiError(failure)) {
      // Not served (any more), not allowed, not understood: only a list can tell what is there after that.
      if (failure.status < 500 && !isTooManyRequests(failure)) return true;
      return !isTooManyRequests(failure) && ++this.#refusals % maxRefusals === 0;
    }
    const isGarbage = failure instanceof KubeConnectionError && failure.code === 'GARBAGE';
    return isGarbage && ++this.#refusals % maxRefusals === 0;
  }

  #recovered(): void {
    if (this.#failures > 0) {
      this.#deps.logger.info({ resource: this.#deps.resource.plural }, 'watching again');
    }
    this.#failures = 0;
    this.#refusals = 0;
  }

  #report(failure: unknown, retryInMs: number, isNowhere: boolean): void {
    const { logger, resource, namespace } = this.#deps;
    const fields = { resource: resource.plural, namespace, retryInMs, failures: this.#failures };
    if (failure === undefined) logger.debug(fields, 'the watch ended early');
    else if (isGone(failure)) logger.debug(fields, 'the watch is too far behind: listing again');
    // The first failure of a series is news, the rest is noise.
    else if (this.#failures > 0 || retryInMs === 0)
      logger.debug({ ...fields, ...errorFields(failure) }, 'watch failed');
    else if (isNowhere) logger.info(fields, 'no such namespace yet');
    else if (isNotFound(failure)) logger.info(fields, 'not served yet');
    // As every kind does in the first second after its definition was created.
    else if (isTooManyRequests(failure)) logger.info({ ...fields, ...errorFields(failure) }, 'asked to wait');
    else logger.warn({ ...fields, ...errorFields(failure) }, 'watch failed');
  }

  /** A sink that throws has a defect; the watch goes on for the others. */
  #tell(step: () => void): void {
    try {
      step();
    } catch (error) {
      const fields = { resource: this.#deps.resource.plural, ...errorFields(error) };
      this.#deps.logger.error(fields, 'a listener failed');
    }
  }

  #selection(): Selection {
    const { namespace, labelSelector, fieldSelector, metadataOnly } = this.#deps;
    return { namespace, labelSelector, fieldSelector, metadataOnly };
  }

  #observe(what: ListWatchObservation['what']): void {
    this.#deps.observe?.({ resource: this.#deps.resource.plural, what });
  }
}
