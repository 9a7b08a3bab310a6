/** Cold start of each role, beside a Node that starts and does nothing. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { BinderyProcess } from '../../demo/bindery-process.ts';
import { waitFor } from '../support/wait-for.ts';
import { installRoles, roles, type Role } from './installed-roles.ts';
import { compared, median, type BenchOptions, type Measure } from './measure.ts';

export const summary = 'cold start of webhook and controller beside a Node that does nothing';

const rounds = 7;

/** What the log says when the role can be reached. */
const listening: Readonly<Record<Role, string>> = {
  webhook: 'admission webhook listens',
  controller: 'metrics and health are served',
};

interface LogLine {
  readonly time: string;
  readonly msg: string;
  /** Of the line `ready`: since the start of the process. */
  readonly seconds?: number;
}

/** From the start of the process, milliseconds. */
interface StartTimes {
  readonly listening: number;
  readonly ready: number;
}

export async function run(options: BenchOptions): Promise<readonly Measure[]> {
  const { progress, signal } = options;
  await using cleanUp = new AsyncDisposableStack();
  const { start } = await installRoles(options, cleanUp);
  const nodeMs: number[] = [];
  const taken: Readonly<Record<Role, StartTimes[]>> = { webhook: [], controller: [] };
  // The first start makes the authority, which later ones find.
  await (await start('webhook')).stop();
  for (let round = 1; round <= rounds; round++) {
    progress(`round ${round} of ${rounds}`);
    nodeMs.push(await nothingMs(signal));
    for (const role of roles) {
      const bindery = await start(role);
      try {
        taken[role].push(await startTimes(bindery, role));
      } finally {
        await bindery.stop();
      }
    }
  }
  const nothing = median(nodeMs);
  return roles.flatMap((role) =>
    (['listening', 'ready'] as const).map((until) =>
      compared(`${role}, start to ${until}`, 'ms', median(taken[role].map((times) => times[until])), nothing),
    ),
  );
}

async function nothingMs(signal: AbortSignal): Promise<number> {
  const startedAt = performance.now();
  await promisify(execFile)(process.execPath, ['--eval', ''], { signal });
  return performance.now() - startedAt;
}

async function startTimes(bindery: BinderyProcess, role: Role): Promise<StartTimes> {
  // Readiness is answered a moment before it is logged.
  const ready = await waitFor(async () => logLine(bindery, 'ready'), {
    describe: `${role} says that it is ready`,
  });
  const listens = await logLine(bindery, listening[role]);
  if (listens === undefined) throw new Error(`${role} does not say "${listening[role]}"`);
  const readyMs = (ready.seconds ?? Number.NaN) * 1000;
  return { ready: readyMs, listening: readyMs - (Date.parse(ready.time) - Date.parse(listens.time)) };
}

async function logLine(bindery: BinderyProcess, message: string): Promise<LogLine | undefined> {
  const lines = (await bindery.log()).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as LogLine).find(({ msg }) => msg === message);
}
