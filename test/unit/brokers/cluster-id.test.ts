import { ClusterId } from '../../../src/brokers/cluster-id.ts';
import type { ConfigMapObject } from '../../../src/kube/data-objects.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { KubeApiError } from '../../../src/kube/errors.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('the cluster id', () => {
  it('is the one in the ConfigMap', async () => {
    const server = new ConfigMapServer({ id: 'mine' });
    expect(await read(server.clusterId())).toBe('mine');
    expect(server.calls).toEqual(['get']);
  });

  it('is a random UUID that is kept in a new ConfigMap when there is none', async () => {
    const server = new ConfigMapServer(undefined);
    const id = await read(server.clusterId());
    expect(id).toMatch(uuid);
    expect(server.data).toEqual({ id });
    expect(await read(server.clusterId())).toBe(id);
  });

  it.each([{}, { id: '' }, { other: 'x' }])('is added to a ConfigMap without one: %j', async (data) => {
    const server = new ConfigMapServer(data);
    const id = await read(server.clusterId());
    expect(id).toMatch(uuid);
    expect(server.data).toEqual({ ...data, id });
  });

  it('is that of another replica which was faster', async () => {
    const server = new ConfigMapServer(undefined);
    server.beforeWrite = () => {
      server.data = { id: 'theirs' };
    };
    expect(await read(server.clusterId())).toBe('theirs');
  });

  it('is read again after a minute, and kept when the API server does not answer then', async () => {
    const server = new ConfigMapServer({ id: 'first' });
    const clusterId = server.clusterId();
    expect(await read(clusterId)).toBe('first');
    server.data = { id: 'edited' };
    server.nowMs += 59_000;
    expect(await read(clusterId)).toBe('first');
    server.nowMs += 2_000;
    expect(await read(clusterId)).toBe('edited');
    server.nowMs += 61_000;
    server.isDown = true;
    expect(await read(clusterId)).toBe('edited');
  });

  it('is an error when there has never been one', async () => {
    const server = new ConfigMapServer(undefined);
    server.isDown = true;
    await expect(read(server.clusterId())).rejects.toMatchObject({ status: 503 });
  });
});

function read(clusterId: ClusterId): Promise<string> {
  return clusterId.get(new AbortController().signal);
}

/** Keeps one ConfigMap, with the rules of the API server for creating and patching it. */
class ConfigMapServer {
  data: Readonly<Record<string, string>> | undefined;
  nowMs = 1_000_000;
  isDown = false;
  beforeWrite = (): void => undefined;
  readonly calls: string[] = [];

  constructor(data: Readonly<Record<string, string>> | undefined) {
    this.data = data;
  }

  clusterId(): ClusterId {
    const client = {
      get: () => this.#answer('get', () => this.#object()),
      create: (_resource: unknown, object: ConfigMapObject) =>
        this.#answer('create', () => {
          this.#write();
          if (this.data !== undefined) throw error(409, 'AlreadyExists');
          this.data = object.data;
          return this.#object();
        }),
      patch: (_resource: unknown, _ref: unknown, patch: ConfigMapObject) =>
        this.#answer('patch', () => {
          this.#write();
          this.data = { ...this.data, ...patch.data };
          return this.#object();
        }),
    } as unknown as KubeClient;
    const stopwatch = { elapsedMs: () => this.nowMs };
    return new ClusterId({ client, namespace: 'n', name: 'cluster-info', stopwatch });
  }

  #object(): ConfigMapObject {
    if (this.data === undefined) throw error(404, 'NotFound');
    return { metadata: { name: 'cluster-info', resourceVersion: '1' }, data: this.data };
  }

  #write(): void {
    const { beforeWrite } = this;
    this.beforeWrite = () => undefined;
    beforeWrite();
  }

  async #answer(call: string, answer: () => ConfigMapObject): Promise<ConfigMapObject> {
    this.calls.push(call);
    if (this.isDown) throw error(503, 'ServiceUnavailable');
    return answer();
  }
}

function error(status: number, reason: string): KubeApiError {
  return new KubeApiError({ status, reason, message: reason });
}
