import type { Permit } from '../../../src/base/permit.ts';
import { LeadGuard } from '../../../src/control/lead-guard.ts';
import { KubeClient } from '../../../src/kube/client.ts';
import { configMaps } from '../../../src/kube/resources.ts';
import { FakeApiServer } from '../../support/fake-api-server/fake-api-server.ts';
import { waitFor } from '../../support/wait-for.ts';

let server: FakeApiServer;
let client: KubeClient;
let elapsedMs: number;
let guard: LeadGuard;

beforeEach(async () => {
  server = await FakeApiServer.start();
  client = new KubeClient({ connection: server.connection() });
  elapsedMs = 0;
  guard = new LeadGuard({ elapsedMs: () => elapsedMs });
  guard.extend(1_000_000);
});

afterEach(async () => {
  guard.end();
  await client.close();
  await server.close();
});

const write = (permit: Permit, name = 'a') =>
  client.under(permit).create(configMaps, { metadata: { namespace: 'ns', name } });
const writes = (): number => server.requests.filter(({ method }) => method !== 'GET').length;
const refused = { code: 'NOT_PERMITTED' };

describe('a client under a permit', () => {
  it('writes while the permit holds, and again when it was regained', async () => {
    await write(guard, 'a');
    guard.end();
    await expect(write(guard, 'b')).rejects.toMatchObject(refused);
    guard.extend(1_000_000);
    await write(guard, 'c');
    expect(writes()).toBe(2);
  });

  it('writes nothing when too much time has passed, though nobody has said so yet', async () => {
    elapsedMs = 1_000_001;
    expect(guard.signal.aborted).toBe(false);
    await expect(write(guard)).rejects.toMatchObject(refused);
    expect(writes()).toBe(0);
  });

  it('reads all the same, and so does the bare client write', async () => {
    guard.end();
    await client.under(guard).list(configMaps);
    await client.create(configMaps, { metadata: { namespace: 'ns', name: 'a' } });
    expect(writes()).toBe(1);
  });

  it('asks again in the moment in which a call that waited for a connection is sent', async () => {
    server.plan({ method: 'POST', answer: 'stall', times: 16 });
    const busy = Array.from({ length: 16 }, (_, index) => {
      const ref = { metadata: { namespace: 'ns', name: `busy-${index}` } };
      return client.create(configMaps, ref, { timeoutMs: 3_000 }).catch(() => undefined);
    });
    await waitFor(() => writes() === 16);
    let isStopped = false;
    const permit = { holds: () => !isStopped, signal: new AbortController().signal };
    const waiting = write(permit, 'late');
    isStopped = true;
    await expect(waiting).rejects.toMatchObject(refused);
    await Promise.all(busy);
    await client.list(configMaps);
    expect(writes()).toBe(16);
  });

  it('cuts short what is under way when the permit ends', async () => {
    server.plan({ method: 'POST', answer: 'stall' });
    const waiting = write(guard);
    await waitFor(() => writes() === 1);
    guard.end();
    await expect(waiting).rejects.toMatchObject(refused);
  });
});
