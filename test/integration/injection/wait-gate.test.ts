import type { BinderyProcess } from '../../../demo/bindery-process.ts';
import { serviceBindings } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { events, pods } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { requestedFor } from '../workloads/requested-services.ts';

interface Pod extends KubeObject {
  readonly spec: {
    readonly schedulingGates?: readonly { readonly name: string }[];
    readonly containers: readonly { readonly image: string }[];
  };
}

const ours = 'servicecatalog.k8s.io/binding';
const others = 'example.com/quota';

let world: ServiceWorld;
let bindery: BinderyProcess;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  bindery = await world.startBindery('--leader-elect=false');
  await world.register();
  await world.createInstance('orders');
  await world.instance('orders', isReady, 'is ready');
}, 90_000);
afterAll(() => world?.stop());

/** A Pod that waits for its binding, and for somebody else. */
async function create(name: string, source: string): Promise<Pod> {
  const annotations = {
    'bind.servicecatalog.k8s.io/db': source,
    'wait.bind.servicecatalog.k8s.io/db': 'gate',
    // It is of no matter to the gate that this one never comes.
    'bind.servicecatalog.k8s.io/other': 'secret/never',
  };
  return world.client.create<Pod>(pods, {
    metadata: { name, namespace: world.namespace, annotations },
    spec: {
      containers: [{ name: 'main', image: 'registry.example.com/app:1' }],
      schedulingGates: [{ name: others }],
    },
  } as unknown as Pod);
}

function gatesOf({ spec }: Pod): readonly string[] {
  return (spec.schedulingGates ?? []).map(({ name }) => name);
}

interface Told extends KubeObject {
  readonly involvedObject: { readonly name: string };
  readonly reason: string;
}

async function isTold(name: string): Promise<boolean> {
  const { items } = await world.client.list<Told>(events, { namespace: world.namespace });
  return items.some(
    ({ involvedObject, reason }) => involvedObject.name === name && reason === 'BindingAwaited',
  );
}

const isHeld = (pod: KubeObject): boolean => gatesOf(pod as Pod).includes(ours);

const isNoted = ({ metadata: { annotations = {} } }: KubeObject): boolean =>
  annotations['servicecatalog.k8s.io/binding-seen'] !== undefined;

async function isLetGo(name: string): Promise<void> {
  await world.until(pods, name, (pod) => !isHeld(pod), 'is held no more');
  const pod = await world.client.get<Pod>(pods, { namespace: world.namespace, name });
  expect(gatesOf(pod)).toEqual([others]);
}

describe('(51) wait: gate holds a Pod', () => {
  it('until its binding is bound, and leaves the gates of others', async () => {
    const pod = await create('patient', 'binding/late');
    expect(gatesOf(pod)).toEqual([others, ours]);
    await world.createBinding('late', 'orders');
    await world.binding('late', isReady, 'is ready');
    await isLetGo('patient');
  });

  it('that asks for a service of its own, until that is there', async () => {
    expect(isHeld(await create('own', 'request/postgresql/small'))).toBe(true);
    const { login } = requestedFor(world.namespace, { kind: 'Pod', name: 'own' }, 'db');
    await world.binding(login, isReady, 'is ready');
    await isLetGo('own');
  });

  it('until the binding that it waits for is deleted', async () => {
    await world.createBinding('never', 'nowhere');
    await world.binding('never', ({ status }) => status?.conditions !== undefined, 'says that it waits');
    expect(isHeld(await create('forlorn', 'binding/never'))).toBe(true);
    await waitFor(async () => isTold('forlorn'), { describe: 'the Pod is told what it waits for' });
    await world.remove(serviceBindings, 'never');
    await world.gone(serviceBindings, 'never');
    await isLetGo('forlorn');
  });

  it.each([
    ['before', 'heard'],
    ['after', 'unheard'],
  ])('until then, also when no controller runs meanwhile, and it came %s the Pod', async (order, name) => {
    const hold = async (): Promise<void> =>
      expect(isHeld(await create(`of-${name}`, `binding/${name}`))).toBe(true);
    if (order === 'after') await hold();
    await world.createBinding(name, 'nowhere');
    await world.binding(name, ({ status }) => status?.conditions !== undefined, 'says that it waits');
    if (order === 'before') await hold();
    else await world.until(pods, `of-${name}`, isNoted, 'has a note that its binding is there');
    await bindery.end();
    await world.remove(serviceBindings, name);
    const ref = { namespace: world.namespace, name };
    await world.client.patch(serviceBindings, ref, { metadata: { finalizers: null } }, { type: 'merge' });
    await world.gone(serviceBindings, name);
    bindery = await world.startBindery('--leader-elect=false');
    await isLetGo(`of-${name}`);
  });

  it('on when its binding has not been made yet, whoever runs', async () => {
    expect(isHeld(await create('early', 'binding/to-come'))).toBe(true);
    await waitFor(async () => isTold('early'), { describe: 'the Pod is told what it waits for' });
    await bindery.end();
    bindery = await world.startBindery('--leader-elect=false');
    // One that is let go shows that the new process has looked.
    await world.createBinding('here', 'orders');
    expect(isHeld(await create('other', 'binding/here'))).toBe(true);
    await isLetGo('other');
    expect(isHeld(await world.client.get(pods, { namespace: world.namespace, name: 'early' }))).toBe(true);
    await world.createBinding('to-come', 'orders');
    await isLetGo('early');
  });
});
