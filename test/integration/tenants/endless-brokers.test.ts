import { createServer, type Server, type Socket } from 'node:net';
import { apiVersion } from '../../../src/api/group.ts';
import { serviceBindings, serviceBrokers, serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { namespaces } from '../../../src/kube/resources.ts';
import { startInstalled, tenant } from '../../support/installed-bindery.ts';
import { listen } from '../../support/test-broker/listen.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';
import { waitFor } from '../../support/wait-for.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';

const namespace = 'endless';
const brokersOfEachKind = 10;

let world: ServiceWorld;
let mallory: KubeClient;
let server: Server;
let broker: TestBroker;
const sockets = new Set<Socket>();
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await startInstalled(world);
  await world.register();
  await world.client.create(namespaces, { metadata: { name: namespace } });
  mallory = await tenant(world, 'mallory', { [namespace]: 'admin' });
  server = createServer(flood);
}, 120_000);
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  server?.close();
  await broker?.stop();
  await world?.stop();
});

const floods: Readonly<Record<string, readonly [head: string, piece: string]>> = {
  interim: ['', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(1000)],
  extension: ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;', 'x'.repeat(65_536)],
};

/** Sends for ever, as fast as it is taken, what the first word of the path says. */
function flood(socket: Socket): void {
  sockets.add(socket);
  socket.on('error', () => undefined);
  socket.once('data', (request) => {
    const kind = /^GET \/(\w+)/.exec(request.toString('latin1'))?.[1] ?? '';
    const [head = '', piece = ''] = floods[kind] ?? [];
    const go = (): void => {
      while (socket.writable && socket.write(piece));
    };
    socket.write(head);
    socket.on('drain', go);
    go();
  });
}

/** Everything that its conditions say. */
function told(object: KubeObject & { status?: { conditions?: readonly { message: string }[] } }): string {
  return object.status?.conditions?.map(({ message }) => message).join(' ') ?? '';
}

function make({ kind }: { readonly kind: string }, name: string, spec: object): KubeObject {
  return { apiVersion, kind, metadata: { namespace, name }, spec } as KubeObject;
}

it('brokers that send interim answers or extensions of chunks for ever are told of, and keep nobody else waiting', async () => {
  const port = await listen(server, '127.0.0.1', undefined);
  const names = Object.keys(floods).flatMap((kind) =>
    Array.from({ length: brokersOfEachKind }, (_, number) => [kind, `${kind}-${number}`] as const),
  );
  for (const [kind, name] of names) {
    const url = `http://127.0.0.1:${port}/${kind}`;
    await mallory.create(serviceBrokers, make(serviceBrokers, name, { url }));
  }
  for (const [kind, name] of names) {
    const words = kind === 'interim' ? 'more than 16 interim answers' : 'bytes around a body of 0';
    await waitFor(
      async () => {
        const found = await world.client.get(serviceBrokers, { namespace, name });
        return told(found).includes(words);
      },
      { timeoutMs: 60_000, describe: `${name} says what it does` },
    );
  }
  await world.createInstance('others');
  await world.instance('others', isReady, 'is ready');
}, 180_000);

it('credentials of 100,000 keys are refused by number, and unbound', async () => {
  const plans = [{ id: 'many-plan', name: 'only', description: 'The only one' }];
  const services = [{ id: 'many', name: 'many', description: 'Many', bindable: true, plans }];
  broker = await TestBroker.start({ auth: { kind: 'none' }, catalog: { services } });
  const credentials = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, 'v']));
  broker.script({ operation: 'bind' }, { kind: 'answer', status: 201, body: { credentials } }, 'always');
  await mallory.create(serviceBrokers, make(serviceBrokers, 'many', { url: broker.url }));
  const offer = { serviceClassExternalName: 'many', servicePlanExternalName: 'only' };
  await mallory.create(serviceInstances, make(serviceInstances, 'many', offer));
  await mallory.create(serviceBindings, make(serviceBindings, 'many', { instanceRef: { name: 'many' } }));
  await waitFor(
    async () => {
      const found = await world.client.get(serviceBindings, { namespace, name: 'many' });
      return told(found).includes('100000 keys, 1000 are allowed');
    },
    { timeoutMs: 60_000, describe: 'the binding says how many' },
  );
  await waitFor(() => broker.liveBindings().length === 0, { describe: 'it is unbound' });
}, 120_000);
