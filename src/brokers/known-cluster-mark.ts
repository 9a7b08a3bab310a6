import { systemStopwatch, type Stopwatch } from '../base/stopwatch.ts';
import type { KubeClient } from '../kube/client.ts';
import type { ConfigMapObject } from '../kube/data-objects.ts';
import { isNotFound } from '../kube/errors.ts';
import { configMaps } from '../kube/resources.ts';
import { clusterMarkOf } from '../model/cluster-mark.ts';

export interface KnownClusterMarkDeps {
  readonly client: Pick<KubeClient, 'get'>;
  /** The ConfigMap with the id of the cluster. The controller makes it when it first needs it. */
  readonly namespace: string;
  readonly name: string;
  readonly stopwatch?: Stopwatch | undefined;
}

/** An edited id is in use after this time at the latest, … */
const maxAgeMs = 60_000;
/** … and one that was not there yet, or could not be read, is looked for again. */
const pauseMs = 2_000;
const timeoutMs = 5_000;

/**
 * The mark of this cluster for whoever may not wait for it, nor make an id: as far as it is known. Asking has it read anew in the
 * background, when it is time.
 */
export class KnownClusterMark {
  readonly #deps: KnownClusterMarkDeps;
  readonly #stopwatch: Stopwatch;
  #mark: string | undefined;
  #dueMs = 0;
  #reading: Promise<void> | undefined;

  constructor(deps: KnownClusterMarkDeps) {
    this.#deps = deps;
    this.#stopwatch = deps.stopwatch ?? systemStopwatch;
  }

  /** Undefined while nobody has told: then the controller, which knows, completes what was written without it. */
  get(signal: AbortSignal): string | undefined {
    if (this.#stopwatch.elapsedMs() >= this.#dueMs) void this.refresh(signal);
    return this.#mark;
  }

  /** Never rejects: while it can not be read, what was known stays. Only an id that is gone is not known any more. */
  refresh(signal: AbortSignal): Promise<void> {
    this.#reading ??= this.#read(signal).finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { client, namespace, name } = this.#deps;
    let id: string | undefined;
    try {
      const found = await client.get<ConfigMapObject>(configMaps, { namespace, name }, { signal, timeoutMs });
      id = found.data?.['id'];
      this.#mark = id ? clusterMarkOf(id) : undefined;
    } catch (error) {
      if (isNotFound(error)) this.#mark = undefined;
    }
    this.#dueMs = this.#stopwatch.elapsedMs() + (id ? maxAgeMs : pauseMs);
  }
}
