/**
 * Joins addresses: whoever connects to the first is connected to the second. A Unix socket is a file, so it leads
 * from one network namespace into another.
 *
 *   node relay.ts <listen>=<dial>…       address: <host>:<port> or an absolute path of a socket
 *
 * Prints one line when it listens everywhere.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

for (const pair of process.argv.slice(2)) {
  const [listen = '', dial = ''] = pair.split('=');
  const server = createServer({ allowHalfOpen: true }, (client) => join(client, dial));
  server.listen(address(listen));
  await once(server, 'listening');
}
console.log('listening');

function join(client: Socket, dial: string): void {
  const target = connect({ ...address(dial), allowHalfOpen: true });
  for (const [from, to] of [
    [client, target],
    [target, client],
  ] as const) {
    from.setNoDelay(true);
    from.on('error', () => to.destroy());
    from.on('close', (hadError) => (hadError ? to.destroy() : undefined));
    from.pipe(to);
  }
}

/** As both `listen` and `connect` take it. */
function address(text: string): { readonly path: string } | { readonly host: string; readonly port: number } {
  if (text.startsWith('/')) return { path: text };
  const [host = '', port] = text.split(':');
  return { host, port: Number(port) };
}
