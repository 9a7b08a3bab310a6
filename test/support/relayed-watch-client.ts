import {
  KubeClient,
  type KubeClientDeps,
  type WatchOptions,
  type WatchQuery,
} from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import type { Resource } from '../../src/kube/resources.ts';
import type { WatchEvent } from '../../src/kube/watch-stream.ts';
import type { TcpRelay } from './tcp-relay.ts';

/** Watches of one kind go through a relay, so that a test can silence them and nothing else. */
export class RelayedWatchClient extends KubeClient {
  readonly #relayed: KubeClient;
  readonly #resource: Resource;

  constructor(deps: KubeClientDeps, relay: TcpRelay, resource: Resource) {
    super(deps);
    const { connection } = deps;
    this.#relayed = new KubeClient({ connection: { ...connection, server: relay.url(connection.server) } });
    this.#resource = resource;
  }

  override watch<T extends KubeObject>(
    resource: Resource,
    query: WatchQuery,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    return resource === this.#resource
      ? this.#relayed.watch(resource, query, options)
      : super.watch(resource, query, options);
  }

  override async close(): Promise<void> {
    await Promise.all([this.#relayed.close(), super.close()]);
  }
}
