import type { Server } from 'node:net';
import { freePort } from '../free-port.ts';

/** Listens on a free port, or on the one given; returns it. */
export async function listen(server: Server, host: string, port: number | undefined): Promise<number> {
  for (let attempt = 0; ; attempt++) {
    const chosen = port ?? (await freePort());
    const problem = await tryListen(server, host, chosen);
    if (problem === undefined) return chosen;
    if (port !== undefined || problem.code !== 'EADDRINUSE' || attempt >= 20) throw problem;
  }
}

async function tryListen(
  server: Server,
  host: string,
  port: number,
): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      server.off('listening', listening);
      resolve(error);
    };
    const listening = (): void => {
      server.off('error', failed);
      resolve(undefined);
    };
    server.once('error', failed).once('listening', listening).listen({ host, port });
  });
}
