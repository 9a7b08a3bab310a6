import { serviceInstances } from '../../../src/api/kinds.ts';
import { waitFor } from '../../support/wait-for.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
}, 60_000);
afterAll(() => world?.stop());

interface Line {
  readonly level: string;
  readonly requestIdentity?: string;
  readonly operation?: string;
  readonly broker?: string;
  readonly status?: number;
  readonly reason?: string;
}

it('a request that failed, and one that did not, are found in both logs by the same id', async () => {
  world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 503, applies: false });
  await world.createInstance('db');
  await world.instance('db', isReady, 'is ready');
  const sent = world.broker
    .requestsOf('provision')
    .map(({ headers }) => headers['x-broker-api-request-identity']);
  const lines = await waitFor(() => {
    const all = world.eavesdropper.log
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    const found = all.filter(({ operation }) => operation === 'provision');
    return found.length >= sent.length ? found : undefined;
  });
  expect(lines.map(({ requestIdentity }) => requestIdentity)).toEqual(sent);
  expect(lines[0]).toMatchObject({ level: 'info', broker: 'test', status: 503, reason: 'ServerError' });
  expect(lines.at(-1)).toMatchObject({ level: 'debug', broker: 'test', status: 201 });
  await world.remove(serviceInstances, 'db');
  await world.gone(serviceInstances, 'db');
});

interface Event {
  readonly reason: string;
  readonly involvedObject: { readonly name: string };
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
}

it.each(['provision', 'deprovision'] as const)(
  'the Event of a %s that failed has its id as well',
  async (operation) => {
    const name = `told-${operation}`;
    const before = world.broker.requestsOf(operation).length;
    world.broker.script({ operation }, { kind: 'answer', status: 503, applies: false });
    await world.createInstance(name);
    await world.instance(name, isReady, 'is ready');
    await world.remove(serviceInstances, name);
    await world.gone(serviceInstances, name);
    const [failed] = world.broker.requestsOf(operation).slice(before);
    const events = await waitFor(async () => {
      const { stdout } = await world.controlPlane.kubectl(['get', 'events', '-A', '-o', 'json']);
      const { items } = JSON.parse(stdout) as { readonly items: readonly Event[] };
      const ours = items.filter(({ involvedObject }) => involvedObject.name === name);
      const known = ours.map(
        ({ metadata }) => metadata.annotations?.['servicecatalog.k8s.io/request-identity'],
      );
      return known.some((id) => id !== undefined) ? known.filter((id) => id !== undefined) : undefined;
    });
    expect(events).toEqual([failed?.headers['x-broker-api-request-identity']]);
  },
);
