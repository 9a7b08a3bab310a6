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
  /** What came through the relay, as "DELETED name". */
  readonly heard: string[] = [];
  readonly #relayed: KubeClient;
  readonly #resource: Resource;

  constructor(deps: KubeClientDeps, relay: TcpRelay, resource: Resource) {
    super(deps);
    const { connection } = deps;
    this.#relayed = new KubeClient({ connection: { ...connection, server: relay.url(connection.server) } });
    this.#resource = resource;
  }

  override async *watch<T extends KubeObject>(
    resource: Resource,
    query: WatchQuery,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    if (resource !== this.#resource) return yield* super.watch(resource, query, options);
    for await (const event of this.#relayed.watch<T>(resource, query, options)) {
      this.heard.push(`${event.type} ${event.object.metadata.name}`);
      yield event;
    }
  }

  override async close(): Promise<void> {
    await Promise.all([this.#relayed.close(), super.close()]);
  }
}
