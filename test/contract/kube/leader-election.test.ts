import { setTimeout as delay } from 'node:timers/promises';
import { silentLogger } from '../../../src/base/logger.ts';
import { LeaderElection, LeadOverrunError, type LeaderElectionDeps } from '../../../src/control/leader.ts';
import { KubeClient } from '../../../src/kube/client.ts';
import { FakeApiServer } from '../../support/fake-api-server/fake-api-server.ts';
import type { StoredObject } from '../../support/fake-api-server/stored-object.ts';
import { waitFor } from '../../support/wait-for.ts';

const collection = 'coordination.k8s.io/v1/leases';
const place = { collection, namespace: 'bindery', name: 'controller' };

interface Candidate {
  readonly election: LeaderElection;
  readonly stop: AbortController;
  readonly finished: Promise<void>;
  /** Begin and end of each time that it led. */
  readonly log: string[];
}

/** Many times what the answers of this server take on a busy machine: nobody loses the lead because the test is slow. */
const times = { leaseDurationMs: 5_000, renewDeadlineMs: 2_000, retryPeriodMs: 20 };

let server: FakeApiServer;
let client: KubeClient;
let skewMs: number;
const candidates: Candidate[] = [];

beforeEach(async () => {
  server = await FakeApiServer.start();
  client = new KubeClient({ connection: server.connection() });
  skewMs = 0;
});

afterEach(async () => {
  candidates.forEach(({ stop }) => stop.abort());
  await Promise.allSettled(candidates.splice(0).map(({ finished }) => finished));
  await client.close();
  await server.close();
});

function elect(
  identity: string,
  lead: (signal: AbortSignal) => Promise<void> = untilAborted,
  deps: Partial<LeaderElectionDeps> = {},
): Candidate {
  const log: string[] = [];
  const stop = new AbortController();
  const election = new LeaderElection({
    client,
    namespace: place.namespace,
    name: place.name,
    identity,
    logger: silentLogger,
    ...times,
    ...deps,
  });
  const finished = election.run(stop.signal, async (signal) => {
    log.push('begin');
    await lead(signal).finally(() => log.push('end'));
  });
  // Looked at by the test, or by afterEach.
  finished.catch(() => undefined);
  const candidate = { election, stop, finished, log };
  candidates.push(candidate);
  return candidate;
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
}

const lease = (): StoredObject => server.storage.read(place);
const spec = (): Record<string, unknown> => lease()['spec'] as Record<string, unknown>;
const write = (changes: Record<string, unknown>): void => {
  server.storage.update(place, { ...lease(), spec: { ...spec(), ...changes } });
};

describe('taking the lead', () => {
  it('creates the Lease and leads', async () => {
    const { election, log } = elect('a');
    await waitFor(() => election.isLeading);
    expect(spec()).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 5, leaseTransitions: 0 });
    expect(spec()['renewTime']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(log).toEqual(['begin']);
  });

  it('renews without reading, and keeps the time of the taking', async () => {
    const { election } = elect('a');
    await waitFor(() => election.isLeading);
    const { acquireTime } = spec();
    const versions = new Set<string>();
    await waitFor(() => versions.add(lease().metadata.resourceVersion).size >= 4);
    expect(spec()['acquireTime']).toBe(acquireTime);
    expect(server.requests.filter(({ method }) => method === 'GET')).toHaveLength(1);
  });

  it('is only one of several candidates, and passes on at once when that one stops', async () => {
    const all = ['a', 'b', 'c'].map((identity) => elect(identity));
    const first = await waitFor(() => all.find(({ election }) => election.isLeading));
    await delay(100);
    expect(all.filter(({ election }) => election.isLeading)).toEqual([first]);

    first.stop.abort();
    await first.finished;
    expect(first.log).toEqual(['begin', 'end']);
    // Faster than the duration of the Lease, because it was released.
    await waitFor(() => all.some(({ election }) => election.isLeading), { timeoutMs: 4_500 });
    expect(spec()['leaseTransitions']).toBe(1);
  });

  it('waits a whole lease duration of its own time, whatever the times in the Lease say', async () => {
    const long = {
      holderIdentity: 'gone',
      leaseDurationSeconds: 1,
      renewTime: '1999-01-01T00:00:00.000000Z',
    };
    server.storage.create(
      collection,
      { metadata: { name: place.name }, spec: long } as never,
      place.namespace,
    );
    const startedMs = performance.now();
    const { election } = elect('a');
    expect(election.isLeading).toBe(false);
    await waitFor(() => election.isLeading);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(990);
    expect(spec()).toMatchObject({ holderIdentity: 'a', leaseTransitions: 1 });
  });

  it('does not take over while the other one renews', async () => {
    server.storage.create(
      collection,
      { metadata: { name: place.name }, spec: { holderIdentity: 'other', leaseDurationSeconds: 2 } } as never,
      place.namespace,
    );
    const { election } = elect('a');
    for (let renewal = 0; renewal < 25; renewal++) {
      await delay(100);
      write({ renewTime: `renewal ${renewal}` });
      expect(election.isLeading).toBe(false);
    }
    expect(election.leader).toBe('other');
  });

  it('is decided by the server when two want a free Lease at once', async () => {
    const all = Array.from({ length: 8 }, (_, number) => elect(`candidate-${number}`));
    await waitFor(() => all.some(({ election }) => election.isLeading));
    await delay(60);
    expect(all.filter(({ log }) => log.length > 0)).toHaveLength(1);
  });

  it('is alive while the server does not answer', async () => {
    server.plan({ answer: 'stall', times: 1_000 });
    const stopwatch = { elapsedMs: () => performance.now() + skewMs };
    const { election } = elect('a', untilAborted, { stopwatch });
    await waitFor(() => server.requests.length >= 3);
    expect(election.isAlive()).toBe(true);
    skewMs = 600_000;
    expect(election.isAlive()).toBe(false);
    await waitFor(() => election.isAlive());
  });

  it('survives errors of the server while it is a candidate', async () => {
    server.plan({ answer: { status: 500, body: {} }, times: 2 });
    server.plan({ answer: { status: 403, body: {} }, times: 2 });
    const { election } = elect('a');
    await waitFor(() => election.isLeading);
  });

  it('says once that its namespace is missing, and leads when it is there', async () => {
    const message = 'namespaces "bindery" not found';
    server.plan({
      method: 'POST',
      answer: { status: 404, body: { kind: 'Status', reason: 'NotFound', message } },
      times: 3,
    });
    const warnings: unknown[] = [];
    const logger = { ...silentLogger, warn: (...line: unknown[]) => void warnings.push(line) };
    const { election } = elect('a', untilAborted, { logger });
    await waitFor(() => election.isLeading);
    expect(warnings).toEqual([[expect.objectContaining({ error: message }), 'can not ask for the lead']]);
  });
});

describe('losing the lead', () => {
  it('stops leading before the others may begin, when it can not renew', async () => {
    const leader = elect('a');
    await waitFor(() => leader.election.isLeading);
    const startedMs = performance.now();
    server.plan({ method: 'PUT', answer: 'stall', times: 100 });
    await waitFor(() => leader.log.includes('end'));
    const tookMs = performance.now() - startedMs;
    expect(tookMs).toBeGreaterThan(1_900);
    expect(tookMs).toBeLessThan(times.leaseDurationMs);
  });

  it('survives a short trouble without stopping', async () => {
    const { election, log } = elect('a');
    await waitFor(() => election.isLeading);
    server.plan({ method: 'PUT', answer: { status: 500, body: {} }, times: 3 });
    const before = server.requests.length;
    await waitFor(() => server.requests.length > before + 6);
    expect(log).toEqual(['begin']);
  });

  it('stops at once when somebody else has the Lease, and is a candidate again', async () => {
    const leader = elect('a');
    await waitFor(() => leader.election.isLeading);
    write({ holderIdentity: 'thief' });
    await waitFor(() => leader.log.includes('end'), { timeoutMs: 1_500 });
    expect(spec()['holderIdentity']).toBe('thief');
    await waitFor(() => leader.log.length === 3);
    expect(leader.log).toEqual(['begin', 'end', 'begin']);
  });

  it('goes on when only a label of the Lease was changed', async () => {
    const { election, log } = elect('a');
    await waitFor(() => election.isLeading);
    server.storage.update(place, { ...lease(), metadata: { ...lease().metadata, labels: { x: 'y' } } });
    const { resourceVersion } = lease().metadata;
    await waitFor(
      () => spec()['holderIdentity'] === 'a' && lease().metadata.resourceVersion !== resourceVersion,
    );
    await waitFor(() => server.requests.filter(({ method }) => method === 'PUT').length > 5);
    expect(log).toEqual(['begin']);
  });

  it('makes the Lease again when somebody removed it', async () => {
    const { election, log } = elect('a');
    await waitFor(() => election.isLeading);
    server.storage.delete(place);
    await waitFor(() => spec()['holderIdentity'] === 'a');
    expect(log).toEqual(['begin']);
  });

  it('gives up when more time has passed than it noticed, as in a process that was stopped', async () => {
    const stopwatch = { elapsedMs: () => performance.now() + skewMs };
    const leader = elect('a', untilAborted, { stopwatch });
    await waitFor(() => leader.election.isLeading);
    skewMs = 60_000;
    await waitFor(() => leader.log.includes('end'));
  });
});

describe('the permit of the leader', () => {
  it('holds while it leads, and outlasts the renew deadline, but not the Lease', async () => {
    const stopwatch = { elapsedMs: () => performance.now() + skewMs };
    const leader = elect('a', untilAborted, { stopwatch });
    expect(leader.election.permit.holds()).toBe(false);
    await waitFor(() => leader.election.isLeading);
    const { permit } = leader.election;
    expect(permit.holds()).toBe(true);
    // In the same turn: nobody has been able to notice that the process was stopped.
    skewMs = 2_250;
    expect(permit.holds()).toBe(true);
    skewMs = 4_950;
    expect(permit.holds()).toBe(false);
    expect(leader.log).toEqual(['begin']);
  });

  it('lasts until the work has ended after an orderly stop, and not until the Lease is given away', async () => {
    const work = Promise.withResolvers<void>();
    const leader = elect('a', () => work.promise);
    await waitFor(() => leader.election.isLeading);
    leader.stop.abort();
    expect(leader.election.permit.holds()).toBe(true);
    server.plan({ method: 'PUT', answer: 'stall' });
    work.resolve();
    await waitFor(() => !leader.election.permit.holds());
    expect(spec()['holderIdentity']).toBe('a');
  });

  it('ends when somebody else has the Lease, and its signal with it', async () => {
    const leader = elect('a');
    await waitFor(() => leader.election.isLeading);
    const { signal } = leader.election.permit;
    write({ holderIdentity: 'thief' });
    await waitFor(() => signal.aborted, { timeoutMs: 1_500 });
    expect(leader.election.permit.holds()).toBe(false);
  });

  it('is another one after the lead was regained', async () => {
    const leader = elect('a');
    await waitFor(() => leader.election.isLeading);
    const { signal } = leader.election.permit;
    write({ holderIdentity: 'thief' });
    await waitFor(() => leader.log.length === 3);
    expect(signal.aborted).toBe(true);
    expect(leader.election.permit.holds()).toBe(true);
    expect(leader.election.permit.signal.aborted).toBe(false);
  });
});

describe('the end', () => {
  it('is a failure when the work of a lost lead does not end before the Lease does', async () => {
    const { election, finished } = elect('a', () => new Promise(() => undefined));
    await waitFor(() => election.isLeading);
    const startedMs = performance.now();
    write({ holderIdentity: 'thief' });
    await expect(finished).rejects.toThrow(LeadOverrunError);
    expect(performance.now() - startedMs).toBeLessThan(times.leaseDurationMs);
    expect(spec()['holderIdentity']).toBe('thief');
  });

  it('keeps the Lease until the work has ended, then releases it', async () => {
    const work = Promise.withResolvers<void>();
    const leader = elect('a', () => work.promise);
    await waitFor(() => leader.election.isLeading);
    leader.stop.abort();
    const versions = new Set<string>();
    await waitFor(() => versions.add(lease().metadata.resourceVersion).size >= 4);
    expect(spec()['holderIdentity']).toBe('a');
    work.resolve();
    await leader.finished;
    expect(spec()).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
    expect(leader.election.isLeading).toBe(false);
  });

  it('releases the Lease and passes the error on when the work fails', async () => {
    const { finished } = elect('a', () => Promise.reject(new Error('broken')));
    await expect(finished).rejects.toThrow('broken');
    expect(spec()['holderIdentity']).toBe('');
  });

  it('ends when the work is done', async () => {
    const { finished } = elect('a', () => Promise.resolve());
    await finished;
    expect(spec()['holderIdentity']).toBe('');
  });

  it('ends a candidate at once', async () => {
    elect('leader');
    await waitFor(() => server.storage.list(collection).length === 1);
    const candidate = elect('candidate');
    candidate.stop.abort();
    await candidate.finished;
    expect(candidate.log).toEqual([]);
  });
});

it.each([
  [{ leaseDurationMs: 10_000, renewDeadlineMs: 10_000 }],
  [{ renewDeadlineMs: 2_000, retryPeriodMs: 2_000 }],
])('refuses times that can not be safe: %j', (times) => {
  const deps = { client, namespace: 'n', name: 'l', identity: 'i', logger: silentLogger, ...times };
  expect(() => new LeaderElection(deps)).toThrow('does not hold');
});
