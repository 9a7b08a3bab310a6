/** `npm run control-plane`: a control plane for people. It lives until Ctrl-C. */
import { dirname } from 'node:path';
import { findBinaries, MissingBinariesError } from './binaries.ts';
import { startControlPlane } from './control-plane.ts';
import { pinnedVersions } from './pinned-versions.ts';

// What can be pasted into a shell goes to standard output, what is meant for reading to standard error.
const say = (line: string): unknown => process.stderr.write(`${line}\n`);

async function run(signal: AbortSignal): Promise<void> {
  const binaries = await findBinaries({ log: say, signal });
  const { kubernetes } = await pinnedVersions();
  say(`Starting Kubernetes ${kubernetes} …`);
  const startedAt = performance.now();
  const plane = await startControlPlane({ binaries, log: say, signal });
  try {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    say(`Ready after ${seconds} s at ${plane.server}. In another terminal:\n`);
    console.log(`export KUBECONFIG=${quoted(plane.kubeconfig)}`);
    console.log(`export PATH=${quoted(dirname(binaries.kubectl))}:$PATH`);
    say(`\nThen for example: kubectl get namespaces`);
    say(`Logs are in ${plane.files.directory}`);
    say('Ctrl-C stops everything and removes its data.');
    await untilAborted(signal);
    say('\nStopping …');
  } finally {
    await plane.stop();
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  // Listening for a signal does not keep Node alive, a timer does.
  const keepAlive = setInterval(() => undefined, 2 ** 30);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  clearInterval(keepAlive);
}

/** As the shell wants it: a path may have spaces. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // A second one ends this process at once, and the servers with it.
  process.once(name, () => stopping.abort());
}
try {
  await run(stopping.signal);
} catch (error: unknown) {
  if (!stopping.signal.aborted) {
    if (error instanceof MissingBinariesError) say(error.message);
    else console.error(error);
    process.exitCode = 1;
  }
}
