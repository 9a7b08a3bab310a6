/** `npm run cluster`: a cluster of one real node for people. It lives until Ctrl-C. */
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { startCluster } from './cluster.ts';
import { nodeProblem } from './prerequisites.ts';

// What can be pasted into a shell goes to standard output, what is meant for reading to standard error.
const say = (line: string): unknown => process.stderr.write(`${line}\n`);

const { values: flags } = parseArgs({ options: { image: { type: 'string', multiple: true, default: [] } } });
const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // A second one ends this process at once, and the cluster with it.
  process.once(name, () => stopping.abort());
}
const problem = await nodeProblem();
if (problem === undefined) await run(stopping.signal);
else {
  say(`This machine can not run a node: ${problem}. \`npm run control-plane\` starts a cluster without one.`);
  process.exitCode = 1;
}

async function run(signal: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  const cluster = await startCluster({ log: say, signal });
  try {
    for (const archive of flags.image) await cluster.importImage(archive);
    say(`Ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s. In another terminal:\n`);
    console.log(`export KUBECONFIG='${cluster.kubeconfig}'`);
    console.log(`export PATH='${dirname(cluster.files.kubectl)}':$PATH`);
    say(`\nThen for example: kubectl get nodes -o wide`);
    say(`Logs are in ${cluster.files.directory}`);
    say('Ctrl-C stops everything and removes its data.');
    // Listening for a signal does not keep Node alive, a timer does.
    const keepAlive = setInterval(() => undefined, 2 ** 30);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    clearInterval(keepAlive);
    say('\nStopping …');
  } finally {
    await cluster.stop();
  }
}
