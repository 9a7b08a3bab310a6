import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { KubeClient } from '../../../src/kube/client.ts';
import type { KubeConnection, TlsOptions } from '../../../src/kube/connection.ts';
import { configMaps } from '../../../src/kube/resources.ts';
import {
  issueClientCertificate,
  issueServerCertificate,
  makeAuthority,
  type KeyAndCertificate,
} from '../../cluster/certificates.ts';
import { FakeApiServer } from '../../support/fake-api-server/fake-api-server.ts';
import { listen } from '../../support/test-broker/listen.ts';

// RSA keys are slow to make inside Jest, so two certificates have to do for everything.
let authority: KeyAndCertificate;
let serverPair: KeyAndCertificate;
let clientPair: KeyAndCertificate;
let server: FakeApiServer;

beforeAll(async () => {
  authority = await makeAuthority('test authority');
  serverPair = await issueServerCertificate(authority, { dns: ['localhost'], ips: ['127.0.0.1'] });
  clientPair = await issueClientCertificate(authority, { commonName: 'somebody' });
  const { certificatePem, keyPem } = serverPair;
  server = await FakeApiServer.start({
    tls: { cert: certificatePem, key: keyPem, ca: authority.certificatePem },
  });
});

afterAll(async () => {
  await server.close();
});

async function withClient<T>(
  connection: Partial<KubeConnection>,
  use: (client: KubeClient) => Promise<T>,
): Promise<T> {
  const client = new KubeClient({ connection: server.connection(connection) });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

const trusting = (): TlsOptions => ({ ca: authority.certificatePem });
const showing = ({ certificatePem, keyPem }: KeyAndCertificate): TlsOptions => ({
  ...trusting(),
  cert: certificatePem,
  key: keyPem,
});

describe('TLS', () => {
  it('trusts the authority of the connection', async () => {
    const tls = trusting();
    const list = withClient({ tls: () => Promise.resolve(tls) }, (client) => client.list(configMaps));
    await expect(list).resolves.toMatchObject({ items: [] });
  });

  it.each([
    ['no authority is given', {}, 'SELF_SIGNED_CERT_IN_CHAIN'],
    [
      'the certificate is for another name',
      { servername: 'elsewhere.example' },
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
  ])('refuses the server when %s', async (_name, options, code) => {
    const tls = 'servername' in options ? { ...trusting(), ...options } : options;
    const list = withClient({ tls: () => Promise.resolve(tls) }, (client) => client.list(configMaps));
    await expect(list).rejects.toMatchObject({ name: 'KubeConnectionError', code });
  });

  it('verifies against another name, or not at all, when told so', async () => {
    for (const tls of [{ ...trusting(), servername: 'localhost' }, { rejectUnauthorized: false }]) {
      const list = withClient({ tls: () => Promise.resolve(tls) }, (client) => client.list(configMaps));
      await expect(list).resolves.toMatchObject({ items: [] });
    }
  });

  it('shows its certificate, and the renewed one after a 401', async () => {
    let tls = showing(clientPair);
    const connection = {
      tls: () => Promise.resolve(tls),
      refresh: () => {
        tls = showing(serverPair);
        return Promise.resolve();
      },
    };
    await withClient(connection, async (client) => {
      await client.list(configMaps);
      expect(server.requests.at(-1)?.clientName).toBe('somebody');
      server.plan({ answer: { status: 401, body: {} } });
      await client.list(configMaps);
      expect(server.requests.at(-1)?.clientName).toBe('localhost');
    });
  });

  it('tries a replaced authority once the old one has failed', async () => {
    let tls: TlsOptions = { ca: clientPair.certificatePem };
    await withClient({ tls: () => Promise.resolve(tls) }, async (client) => {
      await expect(client.list(configMaps)).rejects.toMatchObject({ name: 'KubeConnectionError' });
      tls = trusting();
      await expect(client.list(configMaps)).rejects.toMatchObject({ name: 'KubeConnectionError' });
      await expect(client.list(configMaps)).resolves.toMatchObject({ items: [] });
    });
  });

  it('says what is wrong when there are no credentials, and tries again', async () => {
    let isReady = false;
    const tls = trusting();
    const connection = {
      tls: () => (isReady ? Promise.resolve(tls) : Promise.reject(new Error('no such file'))),
    };
    await withClient(connection, async (client) => {
      await expect(client.list(configMaps)).rejects.toThrow('no such file');
      isReady = true;
      await expect(client.list(configMaps)).resolves.toMatchObject({ items: [] });
    });
  });
});

it('goes through the proxy of the connection', async () => {
  const proxy = await startProxy();
  const tls = trusting();
  try {
    const connection = { tls: () => Promise.resolve(tls), proxyUrl: proxy.url };
    await withClient(connection, (client) => client.list(configMaps));
    expect(proxy.targets).toEqual([new URL(server.url).host]);
  } finally {
    await proxy.close();
  }
});

/** Does what CONNECT asks for. */
async function startProxy(): Promise<{ url: string; targets: string[]; close: () => Promise<void> }> {
  const targets: string[] = [];
  const sockets = new Set<Socket>();
  const proxy: Server = createServer();
  proxy.on('connect', (request, client: Socket) => {
    const target = request.url ?? '';
    targets.push(target);
    const [host, port] = target.split(':');
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
  });
  await listen(proxy, '127.0.0.1', undefined);
  const { port } = proxy.address() as AddressInfo;
  const close = (): Promise<void> => {
    sockets.forEach((socket) => socket.destroy());
    return new Promise((resolve) => proxy.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${port}`, targets, close };
}
