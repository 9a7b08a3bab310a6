import { serviceBindings } from '../../../src/api/kinds.ts';
import { secretHashAnnotationPrefix } from '../../../src/api/group.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { deployments, events, replicaSets } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { deploy } from './requested-services.ts';

interface Deployment extends KubeObject {
  readonly spec: {
    readonly template: { readonly metadata: { readonly annotations?: Record<string, string> } };
  };
}

const hash = `${secretHashAnnotationPrefix}db`;
const asking = {
  'bind.servicecatalog.k8s.io/db': 'binding/db',
  'restart.bind.servicecatalog.k8s.io/db': 'on-change',
};

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
  await world.createInstance('db');
  await world.instance('db', isReady, 'is ready');
  await bind();
}, 90_000);
afterAll(() => world?.stop());

async function bind(): Promise<void> {
  await world.createBinding('db', 'db');
  await world.binding('db', isReady, 'is ready');
}

/** What rotates a login today: the binding is made anew, under its name. */
async function rotate(): Promise<void> {
  await world.remove(serviceBindings, 'db');
  await world.gone(serviceBindings, 'db');
  await bind();
}

function when(
  name: string,
  condition: (deployment: Deployment) => boolean,
  describe: string,
): Promise<Deployment> {
  const ref = { namespace: world.namespace, name };
  return waitFor(
    async () => {
      const found = await world.client.get<Deployment>(deployments, ref);
      return condition(found) && found;
    },
    { timeoutMs: 30_000, describe: `${name} ${describe}` },
  );
}

const noted = ({ metadata }: Deployment): string | undefined => metadata.annotations?.[hash];
const onTemplate = ({ spec }: Deployment): string | undefined => spec.template.metadata.annotations?.[hash];
const isRolled = (deployment: Deployment): boolean => onTemplate(deployment) !== undefined;

/** One for each template that it has had. */
async function revisions(name: string): Promise<readonly KubeObject[]> {
  const query = { namespace: world.namespace, labelSelector: `app=${name}` };
  return (await world.client.list<KubeObject>(replicaSets, query)).items;
}

interface Told extends KubeObject {
  readonly involvedObject: { readonly name: string };
  readonly message: string;
}

async function isTold(name: string, why: string): Promise<boolean> {
  const { items } = await world.client.list<Told>(events, { namespace: world.namespace });
  return items.some(({ involvedObject, message }) => involvedObject.name === name && message.includes(why));
}

async function change(name: string, patch: object): Promise<void> {
  const ref = { namespace: world.namespace, name };
  await world.client.patch(deployments, ref, patch, { type: 'merge' });
}

describe('a workload that says restart: on-change', () => {
  it('is rolled out once when the Secret has changed, and not when it is seen first', async () => {
    await deploy(world, 'once', asking);
    const before = await when('once', (found) => noted(found) !== undefined, 'has a digest');
    expect(onTemplate(before)).toBeUndefined();

    await rotate();
    const after = await when('once', isRolled, 'is rolled out');
    expect(onTemplate(after)).not.toBe(noted(before));
    expect(onTemplate(after)).toBe(noted(after));
    const secret = await world.secret('db');
    expect(JSON.stringify(after)).not.toContain(secret['password']);

    // Whatever else changes of workload and binding rolls nothing out.
    await change('once', { metadata: { annotations: { touched: '1' } } });
    const ref = { namespace: world.namespace, name: 'db' };
    await world.client.patch(
      serviceBindings,
      ref,
      { metadata: { labels: { touched: '1' } } },
      { type: 'merge' },
    );
    await deploy(world, 'later', asking);
    await when('later', (found) => noted(found) !== undefined, 'has a digest');
    await waitFor(async () => (await revisions('once')).length === 2, {
      describe: 'its second revision is there',
    });
    expect(onTemplate(await when('once', isRolled, 'is rolled out'))).toBe(onTemplate(after));
  });

  it('waits while it is paused, and while its window is closed', async () => {
    await deploy(world, 'paused', asking);
    await deploy(world, 'windowed', asking);
    await change('paused', { spec: { paused: true } });
    // A window that is shut at every time of the test: nobody can read it.
    await change('windowed', {
      metadata: { annotations: { 'servicecatalog.k8s.io/restart-window': 'never' } },
    });
    for (const name of ['paused', 'windowed'])
      await when(name, (found) => noted(found) !== undefined, 'has a digest');
    await rotate();
    for (const [name, why] of [
      ['paused', 'it is paused'],
      ['windowed', 'is not <HH:MM>-<HH:MM>'],
    ] as const) {
      await waitFor(async () => isTold(name, why), {
        describe: `${name} is told why it waits`,
      });
      expect(onTemplate(await when(name, () => true, 'is there'))).toBeUndefined();
    }
    await change('paused', { spec: { paused: null } });
    await change('windowed', { metadata: { annotations: { 'servicecatalog.k8s.io/restart-window': null } } });
    for (const name of ['paused', 'windowed']) await when(name, isRolled, 'is rolled out');
  });
});
