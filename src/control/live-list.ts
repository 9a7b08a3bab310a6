import type { KubeClient } from '../kube/client.ts';
import { listPlaces } from '../kube/list-pages.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { Resource } from '../kube/resources.ts';

/**
 * The objects of a kind as the API server has them at this moment, whatever the watch has told: to be read before something
 * is done that can not be undone. Many ask at once, so all who ask while a read is under way share the next one. Nobody is
 * answered by a read that had begun before.
 */
export class LiveList<T extends KubeObject, Kept> {
  readonly #client: Pick<KubeClient, 'list'>;
  readonly #resource: Resource;
  readonly #keep: (object: T) => Kept;
  /** By namespace, '' for all: the read that has not begun, and the end of the one that has. */
  readonly #next = new Map<string, Promise<readonly Kept[]>>();
  readonly #running = new Map<string, Promise<unknown>>();

  /** @param keep what to keep of each object, called page by page */
  constructor(client: Pick<KubeClient, 'list'>, resource: Resource, keep: (object: T) => Kept) {
    this.#client = client;
    this.#resource = resource;
    this.#keep = keep;
  }

  /**
   * @param namespace undefined for all that there are for the client
   * @throws KubeApiError, KubeConnectionError: nobody knows
   */
  list(namespace: string | undefined, signal: AbortSignal): Promise<readonly Kept[]> {
    const key = namespace ?? '';
    const known = this.#next.get(key);
    if (known !== undefined) return known;
    const next = this.#begin(namespace, signal);
    this.#next.set(key, next);
    return next;
  }

  async #begin(namespace: string | undefined, signal: AbortSignal): Promise<readonly Kept[]> {
    const key = namespace ?? '';
    await this.#running.get(key);
    this.#next.delete(key);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#running.set(key, promise);
    try {
      return await listPlaces(this.#client, this.#resource, { namespace }, { signal }, this.#keep);
    } finally {
      this.#running.delete(key);
      resolve();
    }
  }
}
