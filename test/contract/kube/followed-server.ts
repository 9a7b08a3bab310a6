import { Store } from '../../../src/control/store.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { KubeClient } from '../../../src/kube/client.ts';
import { ListWatch, type ListWatchDeps, type ListWatchObservation } from '../../../src/kube/list-watch.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { configMaps } from '../../../src/kube/resources.ts';
import { FakeApiServer } from '../../support/fake-api-server/fake-api-server.ts';
import type { WatchSession } from '../../support/fake-api-server/watch-session.ts';
import { waitFor } from '../../support/wait-for.ts';

export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

export interface Following {
  readonly store: Store<ConfigMap>;
  readonly listWatch: ListWatch<ConfigMap>;
}

export const collection = 'v1/configmaps';
export const expired = { status: 410, body: { kind: 'Status', reason: 'Expired', code: 410 } };

/** A fake API server with config maps in the namespace `ns`, and stores that follow it. */
export class FollowedServer {
  readonly server: FakeApiServer;
  readonly observations: ListWatchObservation['what'][] = [];
  readonly #client: KubeClient;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[] = [];

  private constructor(server: FakeApiServer) {
    this.server = server;
    this.#client = new KubeClient({ connection: server.connection() });
  }

  static async start(): Promise<FollowedServer> {
    return new FollowedServer(await FakeApiServer.start());
  }

  /** Stops following; the server stays. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#client.close();
    await this.server.close();
  }

  follow(deps: Partial<ListWatchDeps<ConfigMap>> = {}): Following {
    const store = new Store<ConfigMap>({ freeze: true });
    const listWatch = new ListWatch<ConfigMap>({
      client: this.#client,
      resource: configMaps,
      sink: store,
      logger: silentLogger,
      backoff: { initialMs: 1, maxMs: 20 },
      observe: ({ what }) => this.observations.push(what),
      ...deps,
    });
    this.#running.push(listWatch.start(this.#stop.signal));
    return { store, listWatch };
  }

  put(name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}): void {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data };
    this.server.storage.create(collection, body as never, 'ns');
  }

  change(name: string, data: Record<string, string>): void {
    const target = { collection, namespace: 'ns', name };
    this.server.storage.update(target, { ...this.server.storage.read(target), data });
  }

  relabel(name: string, labels: Record<string, string>): void {
    const target = { collection, namespace: 'ns', name };
    const known = this.server.storage.read(target);
    this.server.storage.update(target, { ...known, metadata: { ...known.metadata, labels } });
  }

  remove(name: string): void {
    this.server.storage.delete({ collection, namespace: 'ns', name });
  }

  /** How often that was observed. */
  count(what: ListWatchObservation['what']): number {
    return this.observations.filter((seen) => seen === what).length;
  }

  /** The open watch, as soon as there is one other than those given. */
  openWatch(...others: readonly WatchSession[]): Promise<WatchSession> {
    const found = (): WatchSession | undefined =>
      this.server.watches().find((session) => !others.includes(session));
    return waitFor(found, { describe: 'an open watch' });
  }

  /** Waits until the store equals what the server has: names and versions. */
  async equalsServer(store: Store<ConfigMap>): Promise<void> {
    const have = (): string => facts(store.list());
    const want = (): string => facts(this.server.storage.list(collection));
    await waitFor(() => have() === want(), { describe: () => `the store (${have()}) to equal ${want()}` });
  }
}

function facts(objects: readonly { metadata: { name: string; resourceVersion?: string } }[]): string {
  return objects
    .map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`)
    .sort()
    .join(' ');
}
