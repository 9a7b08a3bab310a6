import { silentLogger } from '../../../src/base/logger.ts';
import { Controller, type ControllerDeps } from '../../../src/control/controller.ts';

interface Ending {
  readonly stop: AbortController;
  readonly finished: Promise<void>;
}

interface Running extends Ending {
  readonly controller: Controller;
}

const running: Ending[] = [];

/** For what a test starts by itself. */
export function endLater(ending: Ending): void {
  running.push(ending);
}

/** Ends all that was started: for `afterEach`. */
export async function stopAll(): Promise<void> {
  running.forEach(({ stop }) => stop.abort());
  await Promise.all(running.splice(0).map(({ finished }) => finished));
}

/** Starts a controller with two workers and short pauses. */
export function run(reconcile: ControllerDeps['reconcile'], deps: Partial<ControllerDeps> = {}): Running {
  const controller = new Controller({
    name: 'test',
    reconcile,
    concurrency: 2,
    logger: silentLogger,
    backoff: { initialMs: 1, maxMs: 10 },
    ...deps,
  });
  const stop = new AbortController();
  const started = { controller, stop, finished: controller.start(stop.signal) };
  endLater(started);
  return started;
}
