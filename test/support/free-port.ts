import { createServer } from 'node:net';

/**
 * Above 10080, which `fetch` refuses to speak to. Below 32768: the kernel hands out higher ports to outgoing connections, so a freed one
 * may be gone at once.
 */
const lowestPort = 10_100;
const highestPort = 32_000;
const maxAttempts = 50;

/**
 * A port of 127.0.0.1 that nobody listens on. It is free when found, not reserved: whoever binds it must be
 * ready to ask again on EADDRINUSE.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const port = lowestPort + Math.floor(Math.random() * (highestPort - lowestPort));
    if (await canListen(port)) return port;
  }
  throw new Error(`found no free port between ${lowestPort} and ${highestPort} in ${maxAttempts} attempts`);
}

/** So many different free ports. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

async function canListen(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    });
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
