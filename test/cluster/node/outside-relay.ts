import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../support/free-port.ts';
import { spawnGuarded, type GuardedProcess } from '../guarded-process.ts';

export interface OutsideRelay {
  /** Of 127.0.0.1. */
  readonly port: number;
  stop(): Promise<void>;
}

const program = join(import.meta.dirname, 'relay.ts');
const maxPortAttempts = 5;

/** The command that runs relay.ts with those pairs of addresses. */
export function relayCommand(...pairs: readonly string[]): { command: string; args: readonly string[] } {
  return { command: process.execPath, args: ['--disable-warning=ExperimentalWarning', program, ...pairs] };
}

/** Makes a socket, which a process in another network serves, reachable on a free port of loopback. */
export async function startOutsideRelay(socket: string, directory: string): Promise<OutsideRelay> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const logPath = join(directory, `relay-${port}.log`);
    const relay = await spawnGuarded({
      ...relayCommand(`127.0.0.1:${port}=${socket}`),
      env: { PATH: '/usr/bin:/bin' },
      logPath,
    });
    if (await isListening(relay, logPath)) return { port, stop: async () => relay.kill() };
    if (attempt === maxPortAttempts) {
      throw new Error(`found no port to listen on: ${await readFile(logPath, 'utf8')}`);
    }
  }
}

/** False when it has ended: somebody took the port between our look and its own. */
async function isListening(relay: GuardedProcess, logPath: string): Promise<boolean> {
  let hasEnded = false;
  void relay.exited.then(() => (hasEnded = true));
  for (;;) {
    if ((await readFile(logPath, 'utf8').catch(() => '')).includes('listening')) return true;
    if (hasEnded) return false;
    await delay(10);
  }
}
