/**
 * The demo's broker and PostgreSQL in a Pod: they listen on its loopback, and relays make them reachable at the
 * address of the Pod. Prints how to register the broker as one line of JSON, then one line per request.
 *
 *   node broker-program.ts <address> <asynchronous ms>
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { aborted } from '../../../src/base/abort.ts';
import { startPostgresBroker } from '../../../demo/postgres-broker/server.ts';

const [address = '', asynchronousMs = '1000'] = process.argv.slice(2);
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const broker = await startPostgresBroker(stop.signal, {
  advertisedHost: address,
  asynchronousMs: Number(asynchronousMs),
  log: (line) => console.log(line),
});
const { port } = new URL(broker.url);
await relay(Number(port));
await relay(broker.postgres.port);
const { username, password } = broker;
console.log(JSON.stringify({ url: `http://${address}:${port}`, username, password }));
await aborted(stop.signal);
await broker.stop();
process.exit(0);

async function relay(relayed: number): Promise<void> {
  const server = createServer((client) => {
    const target = connect({ host: '127.0.0.1', port: relayed });
    client.on('error', () => target.destroy());
    target.on('error', () => client.destroy());
    client.pipe(target).pipe(client);
  });
  server.listen({ host: address, port: relayed });
  await once(server, 'listening');
}
