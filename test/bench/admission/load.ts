import { randomUUID } from 'node:crypto';
import { HttpsConnection, type HttpAnswer, type Target } from './https-connection.ts';
import { uidPlaceholder } from './reviews.ts';

/** What came of a stretch of load. A single wrong answer is an error, so there is no count of those. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
}

/** As many requests as the server takes: each connection sends the next one when it has its answer. */
export async function saturate(
  target: Target,
  review: string,
  options: { readonly connections: number; readonly seconds: number },
): Promise<LoadResult> {
  const connections = await openAll(target, options.connections);
  const parts = review.split(uidPlaceholder);
  const startedAt = performance.now();
  const endsAt = startedAt + options.seconds * 1000;
  let requests = 0;
  const work = async (connection: HttpsConnection): Promise<void> => {
    while (performance.now() < endsAt) {
      const uid = randomUUID();
      check(await connection.post(parts.join(uid)), uid);
      requests++;
    }
  };
  try {
    await Promise.all(connections.map(work));
    return { requests, seconds: (performance.now() - startedAt) / 1000 };
  } finally {
    for (const connection of connections) connection.close();
  }
}

/**
 * A fixed number of requests per second, sent when they are due whether or not earlier ones are answered.
 * Returns the latency of each, milliseconds; the wait for a free connection counts.
 */
export async function steady(
  target: Target,
  review: string,
  options: { readonly connections: number; readonly seconds: number; readonly perSecond: number },
): Promise<readonly number[]> {
  const connections = await openAll(target, options.connections);
  const free = [...connections];
  const waiting: ((connection: HttpsConnection) => void)[] = [];
  const parts = review.split(uidPlaceholder);
  const latenciesMs: number[] = [];
  const total = Math.ceil(options.seconds * options.perSecond);

  const send = async (): Promise<void> => {
    const dueAt = performance.now();
    const connection = free.pop() ?? (await new Promise<HttpsConnection>((resolve) => waiting.push(resolve)));
    const uid = randomUUID();
    const answer = await connection.post(parts.join(uid));
    latenciesMs.push(performance.now() - dueAt);
    const next = waiting.shift();
    if (next === undefined) free.push(connection);
    else next(connection);
    check(answer, uid);
  };

  try {
    await paced(total, 1000 / options.perSecond, send);
    return latenciesMs;
  } finally {
    for (const connection of connections) connection.close();
  }
}

/** Starts `task` every `intervalMs` and waits for all of them; the first failure ends it. */
async function paced(total: number, intervalMs: number, task: () => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  const tasks: Promise<void>[] = [];
  await new Promise<void>((resolve, reject) => {
    const tick = (): void => {
      const due = Math.min(total, Math.floor((performance.now() - startedAt) / intervalMs) + 1);
      while (tasks.length < due) {
        const running = task();
        running.catch(reject);
        tasks.push(running);
      }
      if (tasks.length === total) resolve();
      else setTimeout(tick, 1);
    };
    tick();
  });
  await Promise.all(tasks);
}

async function openAll(target: Target, count: number): Promise<HttpsConnection[]> {
  return Promise.all(Array.from({ length: count }, async () => HttpsConnection.open(target)));
}

/** An answer counts when it is the one to this request, allows the Pod, and brings a JSON patch. */
export function check(answer: HttpAnswer, uid: string): void {
  const review = JSON.parse(answer.body) as {
    readonly response?: { uid?: string; allowed?: boolean; patchType?: string; patch?: string };
  };
  const { response } = review;
  const good =
    answer.status === 200 &&
    response?.uid === uid &&
    response.allowed === true &&
    response.patchType === 'JSONPatch' &&
    typeof response.patch === 'string' &&
    response.patch.length > 100;
  if (!good)
    throw new Error(`not an answer with a patch: HTTP ${answer.status} ${answer.body.slice(0, 500)}`);
}
