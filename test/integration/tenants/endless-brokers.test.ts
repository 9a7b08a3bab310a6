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
const brokers: TestBroker[] = [];
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
  await world?.stop();
  await Promise.all(brokers.map((broker) => broker.stop()));
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

/** A broker of Mallory's with one service, of which a binding has these credentials. */
async function bound(name: string, credentials: object): Promise<TestBroker> {
  const plans = [{ id: `${name}-plan`, name: 'only', description: 'The only one' }];
  const services = [{ id: name, name, description: 'Odd', bindable: true, plans }];
  const broker = await TestBroker.start({ auth: { kind: 'none' }, catalog: { services } });
  brokers.push(broker);
  broker.script({ operation: 'bind' }, { kind: 'answer', status: 201, body: { credentials } }, 'always');
  await mallory.create(serviceBrokers, make(serviceBrokers, name, { url: broker.url }));
  const offer = { serviceClassExternalName: name, servicePlanExternalName: 'only' };
  await mallory.create(serviceInstances, make(serviceInstances, name, offer));
  await mallory.create(serviceBindings, make(serviceBindings, name, { instanceRef: { name } }));
  return broker;
}

function bindingSays(name: string, words: string): Promise<unknown> {
  return waitFor(
    async () => told(await world.client.get(serviceBindings, { namespace, name })).includes(words),
    {
      timeoutMs: 60_000,
      describe: `the binding says ${words}`,
    },
  );
}

it('credentials of 100,000 keys are refused by number, and unbound', async () => {
  const broker = await bound(
    'many',
    Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, 'v'])),
  );
  await bindingSays('many', '100000 keys, 1000 are allowed');
  await waitFor(() => broker.liveBindings().length === 0, { describe: 'it is unbound' });
}, 120_000);

it('a type of a megabyte of marks is stored, and keeps nobody else waiting', async () => {
  await bound('marks', { type: `a${'-'.repeat(900_000)}a` });
  await bindingSays('marks', 'Injected bind result');
  await world.createInstance('prompt');
  await world.instance('prompt', isReady, 'is ready');
}, 120_000);
