import { aborted } from '../base/abort.ts';
import { ListWatch, type ListWatchDeps } from '../kube/list-watch.ts';
import type { KubeObject } from '../kube/objects.ts';
import { placesOf } from '../kube/places.ts';
import { Store, type StoreOptions } from './store.ts';

export interface InformerDeps<Kept extends KubeObject, Raw extends KubeObject>
  extends Omit<ListWatchDeps<Raw>, 'sink'>, StoreOptions<Kept, Raw> {}

/**
 * A store that follows the API server: what is known of one kind, with who keeps it up to date. That is one watch, or one for
 * each namespace that there is for the client; it is complete when each is, and as old as the oldest.
 */
export class Informer<Kept extends KubeObject, Raw extends KubeObject = Kept> {
  readonly store: Store<Kept, Raw>;
  /** Plural of the resource. */
  readonly name: string;
  /** Resolves after the first complete list; stays pending when stopped before. */
  readonly synced: Promise<void>;
  readonly #listWatches: readonly ListWatch<Raw, Kept>[];

  constructor(deps: InformerDeps<Kept, Raw>) {
    this.name = deps.resource.plural;
    this.store = new Store<Kept, Raw>(deps);
    const { namespace, labelSelector, fieldSelector, metadataOnly } = deps;
    const whole = { namespace, labelSelector, fieldSelector, metadataOnly };
    this.#listWatches = placesOf(deps.client.namespaces, deps.resource, whole).map((place) => {
      const sink = place.namespace === undefined ? this.store : this.store.within(place.namespace);
      return new ListWatch<Raw, Kept>({ ...deps, ...place.selection, sink });
    });
    this.synced = Promise.all(this.#listWatches.map(({ synced }) => synced)).then(() => undefined);
  }

  isSynced(): boolean {
    return this.#listWatches.every((each) => each.isSynced());
  }

  /** False when a loop of it stands still. */
  isAlive(): boolean {
    return this.#listWatches.every((each) => each.isAlive());
  }

  /** How old the store may be, milliseconds; 0 while all watches are open. */
  staleMs(): number {
    return this.#listWatches.reduce((oldest, each) => Math.max(oldest, each.staleMs()), 0);
  }

  /** Runs until the signal aborts; never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    if (this.#listWatches.length === 0) return aborted(signal);
    await Promise.all(this.#listWatches.map(async (each) => each.start(signal)));
  }
}
