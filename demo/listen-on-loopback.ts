import { randomInt } from 'node:crypto';
import type { Server } from 'node:net';

const host = '127.0.0.1';
const attempts = 20;

/**
 * Above 10080, which `fetch` refuses to speak to; below 32768, where outgoing connections take their ports from, so that none
 * of them is in the way.
 */
function randomPort(): number {
  return randomInt(10_100, 32_000);
}

/** Makes a server (net, http or https) listen on a free loopback port and returns the port. */
export async function listenOnLoopback(server: Server): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = randomPort();
    try {
      await listen(server, port);
      return port;
    } catch (error: unknown) {
      if (!isAddressInUse(error) || attempt === attempts) throw error;
    }
  }
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function isAddressInUse(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EADDRINUSE';
}
