import { randomUUID } from 'node:crypto';
import { untilAborted } from '../base/abort.ts';
import { CachedValue } from '../base/cached-value.ts';
import type { Stopwatch } from '../base/stopwatch.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../kube/errors.ts';
import { configMaps } from '../kube/resources.ts';
import type { ConfigMapObject } from '../kube/data-objects.ts';
import { clusterMarkOf } from '../model/cluster-mark.ts';

export interface ClusterIdDeps {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'patch'>;
  /** The ConfigMap that holds the id under the key `id`. */
  readonly namespace: string;
  readonly name: string;
  readonly stopwatch?: Stopwatch | undefined;
}

/** An edited id is in use after this time at the latest. */
const maxAgeMs = 60_000;
const timeoutMs = 10_000;
const maxWaitMs = 30_000;

/**
 * What this cluster calls itself towards brokers (`clusterid` of the OSB context). Kept in a ConfigMap, so that it
 * stays the same for the cluster's life and can be set by its operator; a random UUID when nobody has set one.
 */
export class ClusterId {
  readonly #deps: ClusterIdDeps;
  readonly #known: CachedValue<{ readonly id: string; readonly mark: string }>;

  constructor(deps: ClusterIdDeps) {
    this.#deps = deps;
    // Read for all who ask, so that nobody's end takes it from the others.
    const read = async () => {
      const id = await this.#read(AbortSignal.timeout(maxWaitMs));
      return { id, mark: clusterMarkOf(id) };
    };
    this.#known = new CachedValue(maxAgeMs, read, deps.stopwatch);
  }

  /**
   * The id does not change because the API server is away for a moment.
   * @throws KubeApiError, KubeConnectionError when the ConfigMap can be neither read nor written, and no id is known yet
   */
  async get(signal: AbortSignal): Promise<string> {
    return (await untilAborted(this.#known.get(), signal)).id;
  }

  /**
   * How objects name this cluster: see `clusterMarkOf`.
   * @throws KubeApiError, KubeConnectionError as `get` does
   */
  async mark(signal: AbortSignal): Promise<string> {
    return (await untilAborted(this.#known.get(), signal)).mark;
  }

  async #read(signal: AbortSignal): Promise<string> {
    const { client, namespace, name } = this.#deps;
    try {
      const found = await client.get<ConfigMapObject>(configMaps, { namespace, name }, { signal, timeoutMs });
      return found.data?.['id'] ? found.data['id'] : await this.#fill(found, signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return this.#create(signal);
  }

  async #create(signal: AbortSignal): Promise<string> {
    const { client, namespace, name } = this.#deps;
    const id = randomUUID();
    const object: ConfigMapObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace, name },
      data: { id },
    };
    try {
      await client.create(configMaps, object, { signal, timeoutMs });
      return id;
    } catch (error) {
      // Another replica was faster: its id is the one.
      if (isAlreadyExists(error)) return this.#read(signal);
      throw error;
    }
  }

  /** The ConfigMap exists without an id. */
  async #fill(found: ConfigMapObject, signal: AbortSignal): Promise<string> {
    const { client, namespace, name } = this.#deps;
    const id = randomUUID();
    const { resourceVersion } = found.metadata;
    try {
      await client.patch(
        configMaps,
        { namespace, name },
        { metadata: { resourceVersion }, data: { id } },
        { type: 'merge', signal, timeoutMs },
      );
      return id;
    } catch (error) {
      if (isConflict(error)) return this.#read(signal);
      throw error;
    }
  }
}
