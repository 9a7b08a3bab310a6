import { ListWatch, type ListWatchDeps } from '../kube/list-watch.ts';
import type { KubeObject } from '../kube/objects.ts';
import { Store, type StoreOptions } from './store.ts';

export interface InformerDeps<Kept extends KubeObject, Raw extends KubeObject>
  extends Omit<ListWatchDeps<Raw>, 'sink'>, StoreOptions<Kept, Raw> {}

/** A store that follows the API server: what is known of one kind, with who keeps it up to date. */
export class Informer<Kept extends KubeObject, Raw extends KubeObject = Kept> {
  readonly store: Store<Kept, Raw>;
  /** Plural of the resource. */
  readonly name: string;
  readonly #listWatch: ListWatch<Raw, Kept>;

  constructor(deps: InformerDeps<Kept, Raw>) {
    this.name = deps.resource.plural;
    this.store = new Store<Kept, Raw>(deps);
    this.#listWatch = new ListWatch<Raw, Kept>({ ...deps, sink: this.store });
  }

  /** Resolves after the first complete list; stays pending when stopped before. */
  get synced(): Promise<void> {
    return this.#listWatch.synced;
  }

  isSynced(): boolean {
    return this.#listWatch.isSynced();
  }

  /** False when its loop stands still. */
  isAlive(): boolean {
    return this.#listWatch.isAlive();
  }

  /** How old the store may be, milliseconds; 0 while a watch is open. */
  staleMs(): number {
    return this.#listWatch.staleMs();
  }

  /** Runs until the signal aborts; never rejects. */
  start(signal: AbortSignal): Promise<void> {
    return this.#listWatch.start(signal);
  }
}
