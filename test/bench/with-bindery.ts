import { errorMessage } from '../../src/base/logger.ts';
import type { BinderyProcess } from '../../demo/bindery-process.ts';
import { startControlPlane } from '../cluster/control-plane.ts';
import type { BenchOptions } from './measure.ts';
import { BenchApi } from './provision/bench-api.ts';
import { startInstantBroker, type InstantBroker } from './provision/instant-broker.ts';
import { buildBundle, startShipped } from './shipped-bindery.ts';

export interface RunningBindery {
  readonly bindery: BinderyProcess;
  /** Of the control plane that it runs on. */
  readonly api: BenchApi;
}

/** Lines of the log that come with a failure. */
const logLines = 15;

/**
 * `bindery run`, as it is shipped, on a control plane of its own, while it is measured. What fails brings the end of its log.
 * @param parallel requests that the bench itself has under way at most
 */
export async function withBindery<T>(
  { progress, signal }: BenchOptions,
  parallel: number,
  measure: (running: RunningBindery) => Promise<T>,
): Promise<T> {
  await using cleanUp = new AsyncDisposableStack();
  progress('control plane');
  const plane = await startControlPlane({ log: progress, signal });
  cleanUp.defer(async () => plane.stop());
  progress('build and start bindery run');
  await buildBundle(signal);
  const bindery = await startShipped({ kubeconfig: plane.kubeconfig, signal });
  cleanUp.defer(async () => bindery.stop());
  const api = await BenchApi.open(plane, parallel);
  cleanUp.defer(async () => api.close());
  try {
    return await measure({ bindery, api });
  } catch (error: unknown) {
    const log = await bindery.logTail(logLines);
    throw new Error(`${errorMessage(error)}\nThe last log lines of bindery run:\n${log.join('\n')}`, {
      cause: error,
    });
  }
}

/** The same beside a broker that answers at once. */
export async function withInstantBroker<T>(
  options: BenchOptions,
  parallel: number,
  measure: (running: RunningBindery, broker: InstantBroker) => Promise<T>,
): Promise<T> {
  const broker = await startInstantBroker();
  try {
    return await withBindery(options, parallel, async (running) => measure(running, broker));
  } finally {
    await broker.stop();
  }
}
