import { setTimeout as delay } from 'node:timers/promises';
import {
  isAlreadyExists,
  isApiError,
  isConflict,
  isNotFound,
  KubeConnectionError,
} from '../../src/kube/errors.ts';

const pauseMs = 500;
const longestMs = 120_000;

/**
 * Does what a person or a pipeline does when the API server is not there, or a webhook behind it: the same again,
 * until it is answered. `undefined` when the answer is that there is nothing to do: it exists, or is gone already.
 * @throws what a repetition does not mend, and everything after two minutes
 */
export async function insist<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  for (const deadline = performance.now() + longestMs; ; await delay(pauseMs, undefined, { signal })) {
    try {
      return await call();
    } catch (error) {
      if (isAlreadyExists(error) || isNotFound(error)) return undefined;
      if (!mayPass(error) || performance.now() > deadline) throw error;
    }
  }
}

/** Also a conflict: whoever reads the object again and repeats the change gets through. */
function mayPass(error: unknown): boolean {
  if (error instanceof KubeConnectionError || isConflict(error)) return true;
  return isApiError(error) && (error.status >= 500 || error.status === 429);
}
