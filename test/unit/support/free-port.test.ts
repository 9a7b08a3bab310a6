import { once } from 'node:events';
import { createServer } from 'node:net';
import { freePort, freePorts } from '../../support/free-port.ts';

describe('a free port', () => {
  it('can be listened on, below the ports that the kernel gives to outgoing connections', async () => {
    const port = await freePort();
    expect(port).toBeGreaterThan(10_080);
    expect(port).toBeLessThan(32_768);
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
  });

  it('is another one each time when several are asked for', async () => {
    expect(new Set(await freePorts(20)).size).toBe(20);
  });
});
