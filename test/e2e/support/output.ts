import { waitFor } from '../../support/wait-for.ts';
import type { World } from './world.ts';

/** A script that says what it finds at the binding and in one variable, as one line of JSON. */
export const look = `
  const { readFileSync, readdirSync } = require('node:fs');
  const at = process.env.SERVICE_BINDING_ROOT + '/creds/';
  const files = Object.fromEntries(readdirSync(at).filter((n) => !n.startsWith('.')).map((n) => [n, readFileSync(at + n, 'utf8')]));
  console.log(JSON.stringify({ files, env: process.env.PGUSER ?? null, uid: process.getuid() }));`;

/** A script that does not end. */
export const stay = 'setInterval(() => undefined, 1000);';

type Read<T> = (ns: string, target: string, container: string) => Promise<T>;

/** What containers say. */
export interface Output {
  readonly logs: Read<string>;
  /** Waits for it: a container is Ready when it runs, which is before it has said something. */
  readonly said: Read<string>;
  /** The first line, parsed as JSON. */
  readonly seen: Read<unknown>;
}

/** @param world there is one when a test runs, not yet when it is declared */
export function outputOf(world: () => World): Output {
  const logs: Output['logs'] = async (ns, target, container) =>
    world().kubectl(['logs', '-n', ns, target, '-c', container]);
  const said: Output['said'] = async (...from) =>
    waitFor(async () => logs(...from), { timeoutMs: 60_000, intervalMs: 100 });
  return {
    logs,
    said,
    seen: async (...from) => JSON.parse((await said(...from)).split('\n')[0] ?? '') as unknown,
  };
}
