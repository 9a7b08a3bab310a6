import { createServer, type Server } from 'node:https';
import { connect } from 'node:tls';
import { isIssuedBy } from '../../../src/certs/certificate-facts.ts';
import type { RotationTimes } from '../../../src/certs/rotation.ts';
import type { CertificatePair } from '../../../src/certs/certificate-types.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { errorMessage } from '../../../src/base/logger.ts';
import { configMaps } from '../../../src/kube/resources.ts';
import { freshNamespace, sharedControlPlane } from '../../support/cluster.ts';
import { freePort } from '../../support/free-port.ts';
import { waitFor } from '../../support/wait-for.ts';
import { realClient } from '../kube/real-client.ts';
import { Replica } from './replica.ts';
import {
  configMapConfiguration,
  publishedBundles,
  removeConfigurations,
  uniqueConfigurations,
} from './webhook-configuration.ts';

/**
 * A year in half a minute. X.509 knows whole seconds only, so it can not be much shorter; and the API server hears of a
 * configuration by a watch of its own, which on a busy machine takes seconds.
 */
const times: RotationTimes = { authorityMs: 36_000, leafMs: 12_000, settleMs: 9_000, backdateMs: 1_000 };

let client: KubeClient;

beforeAll(async () => {
  const { kubeconfig } = await sharedControlPlane();
  client = await realClient(kubeconfig);
});

afterAll(async () => {
  await client.close();
});

/** An admission webhook that lets everything in, over a new connection each time. */
async function serve({ serving }: Replica): Promise<{ readonly server: Server; readonly port: number }> {
  const options = (pair: CertificatePair): { cert: string; key: string } => ({
    cert: pair.cert,
    key: pair.key,
  });
  const server = createServer(options(serving.current), (request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { apiVersion, kind, request: asked } = JSON.parse(text) as Record<string, { uid: string }>;
      response.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
      response.end(JSON.stringify({ apiVersion, kind, response: { uid: asked!.uid, allowed: true } }));
    });
  });
  serving.subscribe((pair) => server.setSecureContext(options(pair)));
  for (;;) {
    const port = await freePort();
    const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      server.once('error', resolve);
      server.listen(port, '127.0.0.1', () => resolve(undefined));
    });
    if (failure === undefined) return { server, port };
    if (failure.code !== 'EADDRINUSE') throw failure;
  }
}

/** Undefined when the handshake succeeds, else what is wrong. */
function handshake(port: number, ca: string, servername = ''): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, ca, servername });
    socket.once('error', (error) => resolve(errorMessage(error)));
    socket.once('secureConnect', () => {
      resolve(undefined);
      socket.destroy();
    });
  });
}

it('whoever trusts what is published never fails, while certificate and authority are replaced', async () => {
  const namespace = await freshNamespace('rotation');
  const [configuration] = uniqueConfigurations() as [ReturnType<typeof uniqueConfigurations>[0]];
  const deps = { client, namespace, configurations: [configuration], times, pollMs: 100 };
  const replicas = [new Replica(deps), new Replica(deps)];
  const servers: Server[] = [];
  const failures: string[] = [];
  const stop = new AbortController();
  let asking: Promise<unknown> = Promise.resolve();
  let admitted = 0;
  try {
    const [first, second] = replicas as [Replica, Replica];
    await Promise.all(replicas.map(({ serving }) => serving.ready));
    const ports: number[] = [];
    for (const replica of replicas) {
      const { server, port } = await serve(replica);
      servers.push(server);
      ports.push(port);
    }
    const url = `https://127.0.0.1:${ports[0]}/`;
    await client.create(configuration.resource, configMapConfiguration(configuration, namespace, url));
    await waitFor(() => replicas.every((replica) => replica.isPublished()));
    const original = first.serving.bundle;
    const admit = (): Promise<unknown> =>
      client.create(configMaps, { metadata: { namespace, generateName: 'asked-' } }, { dryRun: true });
    // From the moment that the API server has heard of the bundle for the first time, nothing may fail.
    await waitFor(async () => (await admit()) !== undefined);

    asking = (async () => {
      while (!stop.signal.aborted) {
        await admit().catch((error: unknown) => failures.push(`API server: ${errorMessage(error)}`));
        admitted++;
        const [bundle = ''] = await publishedBundles(client, configuration);
        for (const port of ports) {
          const failure = await handshake(port, bundle, 'localhost');
          if (failure !== undefined) failures.push(`client: ${failure}`);
        }
      }
    })();

    const certificates = new Set<string>();
    for (const { serving } of replicas) serving.subscribe(({ cert }) => certificates.add(cert));
    const isReplaced = ({ serving }: Replica): boolean => !isIssuedBy(serving.current.cert, original);
    const isForgotten = ({ serving }: Replica): boolean => !serving.bundle.includes(original.trim());
    await waitFor(() => replicas.every(isReplaced), { timeoutMs: 90_000, intervalMs: 100 });
    expect(replicas.some(isForgotten)).toBe(false);
    await waitFor(() => replicas.every(isForgotten), { timeoutMs: 60_000, intervalMs: 100 });

    expect(first.serving.bundle).toBe(second.serving.bundle);
    expect(certificates.size).toBeGreaterThanOrEqual(4);
    // Whoever still had only the first authority would be refused by now.
    expect(await handshake(ports[0]!, original, 'localhost')).toBeDefined();
  } finally {
    stop.abort();
    await asking;
    await removeConfigurations(client, [configuration]);
    await Promise.all(replicas.map((replica) => replica.stop()));
    for (const server of servers) server.close();
  }
  expect(failures).toEqual([]);
  expect(admitted).toBeGreaterThan(10);
}, 240_000);

it('the certificate is good for its names and addresses, and for no others', async () => {
  const namespace = await freshNamespace('names');
  const replica = new Replica({
    client,
    namespace,
    configurations: [],
    times: { ...times, leafMs: 60_000, authorityMs: 600_000 },
  });
  await replica.serving.ready;
  const { server, port } = await serve(replica);
  try {
    const { bundle } = replica.serving;
    expect(await handshake(port, bundle)).toBeUndefined();
    expect(await handshake(port, bundle, 'bindery-webhook.bindery-system.svc')).toBeUndefined();
    expect(await handshake(port, bundle, 'bindery-webhook.other.svc')).toMatch(/does not match certificate/);
    const stranger = new Replica({
      client,
      namespace: await freshNamespace('other'),
      configurations: [],
      times,
    });
    await stranger.serving.ready;
    await stranger.stop();
    expect(await handshake(port, stranger.serving.bundle)).toMatch(/self-signed|unable to verify|signature/);
  } finally {
    server.close();
    await replica.stop();
  }
});
