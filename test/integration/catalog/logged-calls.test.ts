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
