import { serviceInstances } from '../api/kinds.ts';
import type { KubeClient } from '../kube/client.ts';
import { listPages } from '../kube/list-pages.ts';
import { useOf, type InstanceUse } from './instance-use.ts';

/** How soon it is looked again when only the API server knew of an instance: the watch is behind, and wakes nobody. */
export const lookAgainMs = 60_000;

/**
 * The instances as the API server has them at this moment, whatever the watch has told: to be read before something is
 * deleted because none uses it. Many plans leave a catalog at once, so all who ask while a read is under way share the
 * next one. Nobody is answered by a read that had begun before.
 */
export class LiveInstances {
  readonly #client: Pick<KubeClient, 'list'>;
  /** By namespace, '' for all: the read that has not begun, and the end of the one that has. */
  readonly #next = new Map<string, Promise<readonly InstanceUse[]>>();
  readonly #running = new Map<string, Promise<unknown>>();

  constructor(client: Pick<KubeClient, 'list'>) {
    this.#client = client;
  }

  /**
   * @param namespace undefined for all
   * @throws KubeApiError, KubeConnectionError: nobody knows, so nothing may be deleted
   */
  list(namespace: string | undefined, signal: AbortSignal): Promise<readonly InstanceUse[]> {
    const key = namespace ?? '';
    const known = this.#next.get(key);
    if (known !== undefined) return known;
    const next = this.#begin(namespace, signal);
    this.#next.set(key, next);
    return next;
  }

  async #begin(namespace: string | undefined, signal: AbortSignal): Promise<readonly InstanceUse[]> {
    const key = namespace ?? '';
    await this.#running.get(key);
    this.#next.delete(key);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#running.set(key, promise);
    try {
      return (await listPages(this.#client, serviceInstances, { namespace }, { signal }, useOf)).items;
    } finally {
      this.#running.delete(key);
      resolve();
    }
  }
}
