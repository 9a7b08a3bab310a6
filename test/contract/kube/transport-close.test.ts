import { createServer, type Server } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import type { KubeConnection } from '../../../src/kube/connection.ts';
import { ApiTransport } from '../../../src/kube/api-transport.ts';
import { freePort } from '../../support/free-port.ts';
import { waitFor } from '../../support/wait-for.ts';

let server: Server;
let arrived = 0;
let connection: KubeConnection;
beforeEach(async () => {
  arrived = 0;
  // Never answers.
  server = createServer(() => arrived++);
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  connection = {
    server: new URL(`http://127.0.0.1:${port}`),
    headers: () => Promise.resolve({}),
    // Another certificate each time.
    tls: () => Promise.resolve({}),
  } as unknown as KubeConnection;
});
afterEach(() => server.close());

it('a client that is closed in the middle of a request leaves nobody with a failure that nobody hears', async () => {
  const unheard: unknown[] = [];
  const listen = (error: unknown): void => void unheard.push(error);
  process.on('unhandledRejection', listen);
  try {
    const transport = new ApiTransport(connection);
    const request = transport.request({ method: 'GET', path: '/api', headers: {}, timeoutMs: 10_000 });
    const failure = request.catch((error: unknown) => error);
    await waitFor(() => arrived === 1);
    await transport.close();
    expect(await failure).toBeInstanceOf(Error);
    await turn();
    await turn();
    expect(unheard).toEqual([]);
  } finally {
    process.off('unhandledRejection', listen);
  }
});
