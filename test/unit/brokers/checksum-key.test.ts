import { silentLogger } from '../../../src/base/logger.ts';
import { ChecksumKey } from '../../../src/brokers/checksum-key.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { apiError } from './object-reader.ts';

/** One Secret, or none. */
class Server {
  secret: SecretObject | undefined;
  failure: Error | undefined;
  writes = 0;

  key(): ChecksumKey {
    const client = {
      get: async () => {
        if (this.failure !== undefined) throw this.failure;
        if (this.secret === undefined) throw apiError(404, 'NotFound');
        return this.secret;
      },
      create: async (_resource: unknown, secret: SecretObject) => {
        if (this.secret !== undefined) throw apiError(409, 'AlreadyExists');
        this.writes++;
        this.secret = secret;
      },
      patch: async (_resource: unknown, _ref: unknown, { data }: SecretObject) => {
        this.writes++;
        this.secret = { metadata: { name: 'x' }, ...(data === undefined ? {} : { data }) };
      },
    } as unknown as KubeClient;
    return new ChecksumKey({ client, namespace: 'own', logger: silentLogger });
  }
}

describe('the key of checksums', () => {
  it('is made once, and is the same for every process after that', async () => {
    const server = new Server();
    const key = server.key();
    const [first, second] = await Promise.all([key.get(), key.get()]);
    expect(second).toBe(first);
    expect(await server.key().get()).toEqual(first);
    expect(server.writes).toBe(1);
    expect(first.text).toHaveLength(64);
    expect(first.text).not.toContain(first.id);
  });

  it('is put into a Secret that was made without one', async () => {
    const server = new Server();
    server.secret = { metadata: { name: 'x' } };
    const key = await server.key().get();
    expect(await server.key().get()).toEqual(key);
  });

  it('is one of this process where none can be kept', async () => {
    const server = new Server();
    server.failure = apiError(403, 'Forbidden');
    const process = server.key();
    const key = await process.get();
    expect(await process.get()).toBe(key);
    expect((await server.key().get()).id).not.toBe(key.id);
  });

  it('is not guessed while the API server is away', async () => {
    const server = new Server();
    server.failure = apiError(500, 'InternalError');
    const key = server.key();
    await expect(key.get()).rejects.toMatchObject({ status: 500 });
    server.failure = undefined;
    await key.get();
    expect(server.writes).toBe(1);
  });
});
