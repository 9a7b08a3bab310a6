import { array, assert, asyncProperty, constantFrom, dictionary, integer, string } from 'fast-check';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { watchEvents, type WatchEvent } from '../../../src/kube/watch-stream.ts';

async function read(chunks: Iterable<Uint8Array | string>): Promise<readonly WatchEvent[]> {
  const stream = (async function* () {
    for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  })();
  const events: WatchEvent[] = [];
  for await (const event of watchEvents<KubeObject>(stream)) events.push(event);
  return events;
}

const line = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;
const added = line('ADDED', { metadata: { name: 'a' } });

it('gives the same events however the bytes are cut', async () => {
  const text = string({ unit: 'grapheme', maxLength: 20 });
  const object = dictionary(text, text, { maxKeys: 4 }).map((labels) => ({
    metadata: { name: 'a', labels },
  }));
  const events = array(object, { minLength: 1, maxLength: 8 });
  const type = constantFrom('ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK');
  await assert(
    asyncProperty(
      events,
      type,
      array(integer({ min: 0, max: 60 }), { minLength: 1 }),
      async (objects, type, cuts) => {
        const bytes = Buffer.from(objects.map((object) => line(type, object)).join(''));
        const chunks: Uint8Array[] = [];
        for (let start = 0, cut = 0; start < bytes.length; cut++) {
          const size = 1 + (cuts[cut % cuts.length] ?? 0);
          chunks.push(bytes.subarray(start, start + size));
          start += size;
        }
        expect(await read(chunks)).toEqual(objects.map((object) => ({ type, object })));
      },
    ),
    { numRuns: 200 },
  );
});

it('passes over empty lines and empty chunks', async () => {
  expect(await read(['', '\n', added, '\n\n', ''])).toHaveLength(1);
});

it.each([
  ['no JSON', 'hello\n'],
  ['half an event', '{"type":"ADDED","object":\n'],
  ['a list', '[]\n'],
  ['null', 'null\n'],
  ['an unknown type', line('SURPRISE', { metadata: {} })],
  ['no object', '{"type":"ADDED"}\n'],
  ['an object without metadata', line('ADDED', { kind: 'Secret', data: { password: 'hunter2' } })],
])('refuses a line with %s, without repeating what it says', async (_name, text) => {
  const error: unknown = await read([added, text]).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'KubeConnectionError', code: 'GARBAGE' });
  expect(String(error)).not.toContain('hunter2');
});

it('tells a stream that ends inside an event from one that ends after it', async () => {
  await expect(read([`${added}{"type":`])).rejects.toMatchObject({ code: 'CUT' });
  await expect(read([added, '{"type":'])).rejects.toMatchObject({ code: 'CUT' });
  await expect(read([added, added.trimEnd()])).rejects.toMatchObject({ code: 'CUT' });
  await expect(read([added])).resolves.toHaveLength(1);
});

it('throws the Status of an ERROR event', async () => {
  const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 1 (2)' };
  await expect(read([added, line('ERROR', status)])).rejects.toMatchObject({
    name: 'KubeApiError',
    status: 410,
    reason: 'Expired',
    message: 'too old resource version: 1 (2)',
  });
});

it('keeps large numbers exactly', async () => {
  const text = '{"type":"ADDED","object":{"metadata":{"name":"a"},"spec":{"id":12345678901234567890}}}\n';
  const [event] = await read([text]);
  expect(JSON.stringify(event?.object)).toContain('12345678901234567890');
});

it('gives up a line that does not end', async () => {
  const megabyte = Buffer.alloc(1024 * 1024, 0x61);
  const endless = Array.from({ length: 70 }, () => megabyte);
  await expect(read(endless)).rejects.toMatchObject({ code: 'GARBAGE' });
});
