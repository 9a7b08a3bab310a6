import { KnownClusterMark } from '../../../src/brokers/known-cluster-mark.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { KubeApiError } from '../../../src/kube/errors.ts';
import { clusterMarkOf } from '../../../src/model/cluster-mark.ts';

const signal = new AbortController().signal;

class Server {
  id: string | undefined;
  status = 0;
  nowMs = 0;
  reads = 0;
  readonly mark = new KnownClusterMark({
    client: { get: async () => this.#get() } as unknown as KubeClient,
    namespace: 'n',
    name: 'cluster-info',
    stopwatch: { elapsedMs: () => this.nowMs },
  });

  /** What is known once what asking has begun is done. */
  async known(afterMs = 0): Promise<string | undefined> {
    this.nowMs += afterMs;
    this.mark.get(signal);
    await new Promise(setImmediate);
    return this.mark.get(signal);
  }

  async #get(): Promise<object> {
    this.reads += 1;
    if (this.status !== 0) throw new KubeApiError({ status: this.status, reason: 'X', message: 'X' });
    if (this.id === undefined) throw new KubeApiError({ status: 404, reason: 'NotFound', message: 'no' });
    return { data: { id: this.id } };
  }
}

describe('the mark of the cluster, for who can not wait for it', () => {
  it('is not known while nobody has made an id, and known soon after', async () => {
    const server = new Server();
    expect(await server.known()).toBeUndefined();
    server.id = 'us';
    expect(await server.known(1_000)).toBeUndefined();
    expect(await server.known(2_000)).toBe(clusterMarkOf('us'));
  });

  it('is read anew after a minute, by one question, and kept while there is no answer', async () => {
    const server = new Server();
    server.id = 'us';
    expect(await server.known()).toBe(clusterMarkOf('us'));
    server.id = 'restored';
    expect(await server.known(59_000)).toBe(clusterMarkOf('us'));
    expect(server.reads).toBe(1);
    expect(await server.known(2_000)).toBe(clusterMarkOf('restored'));
    server.status = 503;
    expect(await server.known(61_000)).toBe(clusterMarkOf('restored'));
    server.status = 0;
    server.id = undefined;
    expect(await server.known(3_000)).toBeUndefined();
  });
});
