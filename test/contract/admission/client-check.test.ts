import type { ConnectionOptions } from 'node:tls';
import type { ClientCheck } from '../../../src/admission/client-check.ts';
import { unchanged } from '../../../src/admission/decision.ts';
import {
  issueClientCertificate,
  issueServerCertificate,
  makeAuthority,
  type KeyAndCertificate,
} from '../../cluster/certificates.ts';
import { HttpsConnection } from './https-client.ts';
import { review, ServerWorld, type RunningServer } from './server-world.ts';

let world: ServerWorld;
let ours: KeyAndCertificate;
let others: KeyAndCertificate;
let asked = 0;
beforeAll(async () => {
  world = await ServerWorld.create();
  [ours, others] = await Promise.all([makeAuthority('ours'), makeAuthority('others')]);
});
beforeEach(() => (asked = 0));
afterEach(() => world.closeAll());

/** Authorities that can be replaced, as a file can. */
function authorities(pem: string): ClientCheck['authorities'] & { replace(pem: string): void } {
  const listeners = new Set<() => void>();
  const state = { current: pem };
  return {
    get current() {
      return state.current;
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    replace: (next) => {
      state.current = next;
      for (const listener of listeners) listener();
    },
  };
}

function start(
  names: readonly string[] = [],
  from = authorities(ours.certificatePem),
): Promise<RunningServer> {
  const count = (): typeof unchanged => (asked++, unchanged);
  return world.start({ '/mutate/pods': count }, { clients: { authorities: from, names } });
}

async function client(authority: KeyAndCertificate, commonName: string): Promise<ConnectionOptions> {
  const { certificatePem, keyPem } = await issueClientCertificate(authority, { commonName });
  return { cert: certificatePem, key: keyPem };
}

/** The status of an answer to a review; undefined when the caller was not let in. */
async function call({ port }: RunningServer, options: ConnectionOptions): Promise<number | undefined> {
  let connection: HttpsConnection | undefined;
  try {
    connection = await HttpsConnection.open(port, { ca: world.authority.ca, ...options });
    return (await connection.post('/mutate/pods', review())).status;
  } catch {
    return undefined;
  } finally {
    connection?.close();
  }
}

const versions = ['TLSv1.2', 'TLSv1.3'] as const;

describe.each(versions)('with authorities of clients, by %s,', (version) => {
  const by = { minVersion: version, maxVersion: version };

  it('whoever shows a certificate of theirs is answered', async () => {
    expect(await call(await start(), { ...by, ...(await client(ours, 'apiserver')) })).toBe(200);
  });

  it('whoever shows none, or one of others, or one for servers, learns nothing', async () => {
    const server = await start();
    const serving = await issueServerCertificate(ours, { dns: ['apiserver'], ips: [] });
    const forServers = { cert: serving.certificatePem, key: serving.keyPem };
    for (const shown of [{}, await client(others, 'apiserver'), forServers]) {
      expect(await call(server, { ...by, ...shown })).toBeUndefined();
    }
    expect(asked).toBe(0);
  });

  it('a certificate must have one of the names, where there are any', async () => {
    const server = await start(['apiserver', 'other']);
    expect(await call(server, { ...by, ...(await client(ours, 'apiserver')) })).toBe(200);
    expect(await call(server, { ...by, ...(await client(ours, 'mallory')) })).toBeUndefined();
    expect(asked).toBe(1);
  });

  it('a session is not taken up again: each connection shows its certificate', async () => {
    const server = await start();
    const options = { ca: world.authority.ca, ...by, ...(await client(ours, 'apiserver')) };
    const first = await HttpsConnection.open(server.port, options);
    await first.post('/mutate/pods', review());
    const session = first.socket.getSession();
    first.close();
    expect(await call(server, { ...by, ...(session === undefined ? {} : { session }) })).toBeUndefined();
  });
});

it('authorities that take the place of others count from the next connection on, also beside a new certificate', async () => {
  const from = authorities(ours.certificatePem);
  const server = await start([], from);
  from.replace(others.certificatePem);
  world.certificate.replace(await world.authority.issue());
  expect(await call(server, await client(ours, 'apiserver'))).toBeUndefined();
  expect(await call(server, await client(others, 'apiserver'))).toBe(200);
});
