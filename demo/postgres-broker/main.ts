/** Runs the broker alone: `node demo/postgres-broker/main.ts`. Prints how to register it; ends with Ctrl-C. */
import { aborted } from '../../src/base/abort.ts';
import { startPostgresBroker } from './server.ts';

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort());

const broker = await startPostgresBroker(stop.signal, { log: (line) => console.error(line) });
console.log(
  JSON.stringify({ url: broker.url, username: broker.username, password: broker.password }, undefined, 2),
);
await aborted(stop.signal);
await broker.stop();
