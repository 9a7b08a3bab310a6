import { jest } from '@jest/globals';
import { constants, createBrotliCompress, deflateSync } from 'node:zlib';
import { bindOf, never, provisionOf, withBroker } from './harness.ts';

jest.setTimeout(20_000);

describe('H06, H08: a body that is too much', () => {
  it.each([false, true])('is dropped at the limit (compressed: %s)', async (gzip) => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, { kind: 'flood', sizeBytes: 256 * 1024 * 1024, gzip, status: 201 });
      const before = process.memoryUsage().rss;
      const outcome = await client.provision(provisionOf(), never);
      expect(outcome).toMatchObject({ reason: 'BodyTooLarge', orphanMitigation: true });
      expect(process.memoryUsage().rss - before).toBeLessThan(128 * 1024 * 1024);
      expect(await client.provision(provisionOf(), never)).toMatchObject({ kind: 'done' });
    });
  });

  it('has a larger limit for catalogs', async () => {
    await withBroker(async ({ broker, client }) => {
      const padding = 'x'.repeat(5 * 1024 * 1024);
      broker.script({ operation: 'catalog' }, { kind: 'answer', body: { services: [], padding } });
      expect(await client.catalog({}, never)).toMatchObject({ kind: 'catalog' });
      broker.script({ operation: 'catalog' }, { kind: 'flood', sizeBytes: 9 * 1024 * 1024 });
      expect(await client.catalog({}, never)).toMatchObject({ reason: 'BodyTooLarge' });
    });
  });

  it('is malformed when it nests 200,000 levels deep', async () => {
    await withBroker(async ({ broker, client }) => {
      const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
      broker.script({}, { kind: 'answer', status: 201, rawBody: `{"credentials":${deep}}` });
      expect(await client.bind(bindOf(), never)).toMatchObject({
        reason: 'MalformedResponse',
        orphanMitigation: true,
      });
    });
  });
});

describe('a compressed body', () => {
  const body = Buffer.from('{"services":[]}');

  it.each([
    ['deflate', deflateSync(body)],
    ['identity', body],
  ])('in %s is understood', async (encoding, bytes) => {
    await withBroker(async ({ broker, client }) => {
      broker.script(
        {},
        { kind: 'answer', status: 200, rawBody: bytes, headers: { 'content-encoding': encoding } },
      );
      expect(await client.catalog({}, never)).toMatchObject({ kind: 'catalog' });
    });
  });

  it('in gzip, over many packets, is understood', async () => {
    await withBroker(async ({ broker, client }) => {
      broker.script(
        {},
        { kind: 'flood', sizeBytes: 2 * 1024 * 1024, gzip: true, status: 201, applies: true },
      );
      expect(await client.bind(bindOf(), never)).toMatchObject({ kind: 'done' });
    });
  });

  it.each([
    ['gzip', body],
    ['br', Buffer.from('nonsense')],
    ['exotic', body],
    ['gzip, br', body],
  ])('that is no %s is malformed', async (encoding, bytes) => {
    await withBroker(async ({ broker, client }) => {
      broker.script(
        {},
        { kind: 'answer', status: 201, rawBody: bytes, headers: { 'content-encoding': encoding } },
      );
      expect(await client.provision(provisionOf(), never)).toMatchObject({
        reason: 'MalformedResponse',
        orphanMitigation: true,
      });
    });
  });

  it('is a bomb in brotli, too', async () => {
    const bomb = createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
    for (let index = 0; index < 64; index++) bomb.write(Buffer.alloc(1024 * 1024, ' '));
    bomb.end();
    const chunks: Buffer[] = [];
    for await (const chunk of bomb) chunks.push(chunk as Buffer);
    await withBroker(async ({ broker, client }) => {
      const headers = { 'content-encoding': 'br' };
      broker.script({}, { kind: 'answer', status: 200, rawBody: Buffer.concat(chunks), headers });
      expect(await client.provision(provisionOf(), never)).toMatchObject({ reason: 'BodyTooLarge' });
    });
  });
});
