import { allKinds } from '../../../src/api/kinds.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { ListWatch } from '../../../src/kube/list-watch.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import {
  configMaps,
  cronJobs,
  daemonSets,
  deployments,
  events,
  jobs,
  leases,
  mutatingWebhookConfigurations,
  namespaces,
  pods,
  replicaSets,
  statefulSets,
  validatingWebhookConfigurations,
  type Resource,
} from '../../../src/kube/resources.ts';
import type { Statement } from './statement.ts';

/** Everything that Bindery writes, or has somebody else write, and that is not a Secret. */
const told: readonly Resource[] = [
  ...allKinds,
  events,
  pods,
  deployments,
  statefulSets,
  daemonSets,
  replicaSets,
  jobs,
  cronJobs,
  configMaps,
  leases,
  namespaces,
  mutatingWebhookConfigurations,
  validatingWebhookConfigurations,
];

/** Every version of those objects from the start on: also of what is deleted or overwritten in the end. */
export class ObjectHistory {
  readonly #client: KubeClient;
  readonly #versions = new Map<string, Statement>();
  readonly #stopping = new AbortController();
  #watching: readonly Promise<void>[] = [];

  private constructor(client: KubeClient) {
    this.#client = client;
  }

  static async start(client: KubeClient): Promise<ObjectHistory> {
    const history = new ObjectHistory(client);
    const put = (resource: Resource) => (object: KubeObject) => history.#keep(resource, object);
    const watches = told.map(
      (resource) =>
        new ListWatch<KubeObject>({
          client,
          resource,
          logger: silentLogger,
          sink: {
            trim: (object) => object,
            replace: (items) => items.forEach(put(resource)),
            put: put(resource),
            remove: put(resource),
          },
        }),
    );
    history.#watching = watches.map((watch) => watch.start(history.#stopping.signal));
    await Promise.all(watches.map((watch) => watch.synced));
    return history;
  }

  /** Looks a last time, since a watch may be a moment late. */
  async stop(): Promise<readonly Statement[]> {
    await Promise.all(
      told.map(async (resource) => {
        const { items } = await this.#client.list(resource);
        for (const item of items) this.#keep(resource, item);
      }),
    );
    this.#stopping.abort();
    await Promise.all(this.#watching);
    return [...this.#versions.values()];
  }

  #keep({ kind }: Resource, object: KubeObject): void {
    const { namespace, name, resourceVersion = '' } = object.metadata;
    const place = `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}, version ${resourceVersion}`;
    if (!this.#versions.has(place)) this.#versions.set(place, { place, text: JSON.stringify(object) });
  }
}
