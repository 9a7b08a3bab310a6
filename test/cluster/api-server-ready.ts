import { request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';

export interface ReadyProbe {
  /** Such as `https://127.0.0.1:12345`. */
  readonly server: string;
  readonly authorityPem: string;
  readonly token: string;
  readonly signal: AbortSignal;
}

/**
 * Resolves when the API server says it is ready and the namespace `default` is there, which it makes by itself a
 * moment later. Rejects with the signal's reason when the signal aborts.
 */
export async function apiServerReady(probe: ReadyProbe): Promise<void> {
  for (const path of ['/readyz', '/api/v1/namespaces/default']) {
    while ((await statusOf(path, probe)) !== 200) {
      await delay(20, undefined, { signal: probe.signal }).catch(() => undefined);
      probe.signal.throwIfAborted();
    }
  }
}

/** The HTTP status, or undefined when there was no answer. */
async function statusOf(path: string, probe: ReadyProbe): Promise<number | undefined> {
  return new Promise((resolve) => {
    const call = request(
      new URL(path, probe.server),
      {
        ca: probe.authorityPem,
        headers: { authorization: `Bearer ${probe.token}` },
        agent: false,
        timeout: 5_000,
        signal: probe.signal,
      },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode));
        response.once('error', () => resolve(undefined));
      },
    );
    call.once('timeout', () => call.destroy());
    call.once('error', () => resolve(undefined));
    call.end();
  });
}
