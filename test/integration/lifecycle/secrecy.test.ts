import type { LogFields } from '../../../src/base/logger.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { secrets } from '../../../src/kube/resources.ts';
import { isFailed, isReady, ServiceWorld, type Secret } from '../../support/service-world.ts';

const logged: string[] = [];
const write = (fields: LogFields, message: string): void =>
  void logged.push(`${message} ${JSON.stringify(fields)}`);
const logger = { debug: write, info: write, warn: write, error: write };

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ logger });
}, 90_000);
afterAll(() => world.stop());

/** Everything that people other than the owner of a Secret can read. */
async function everythingSaid(): Promise<string> {
  const kinds =
    'clusterservicebrokers,clusterserviceclasses,clusterserviceplans,serviceinstances,servicebindings,events';
  const { stdout, code } = await world.controlPlane.kubectl([
    'get',
    kinds,
    '-A',
    '-o',
    'json',
    '--ignore-not-found',
  ]);
  expect(code).toBe(0);
  return [...logged, stdout].join('\n');
}

it('tells no credential and no secret parameter in logs, events, conditions and statuses, whatever happens', async () => {
  const parameter = world.broker.plantSecret();
  const echo = { kind: 'answer', status: 500, applies: true } as const;
  await world.client.create<Secret>(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: world.namespace, name: 'parameters' },
    data: { json: Buffer.from(JSON.stringify({ adminPassword: parameter })).toString('base64') },
  });
  const parametersFrom = [{ secretKeyRef: { name: 'parameters', key: 'json' } }];

  world.broker.script({ operation: 'provision' }, echo);
  await world.createInstance('db', { parametersFrom });
  await world.instance('db', isReady, 'is ready after a failure');
  world.broker.script({ operation: 'bind' }, echo);
  await world.createBinding('db', 'db', { parametersFrom });
  await world.binding('db', isReady, 'is ready after a failure');
  world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 400, body: { description: 'no' } });
  await world.createBinding('refused', 'db', { parametersFrom });
  await world.binding('refused', isFailed, 'is failed');
  world.broker.script({ operation: 'unbind' }, { kind: 'answer', status: 500 });
  const during = await everythingSaid();
  for (const name of ['db', 'refused']) await world.remove(serviceBindings, name);
  for (const name of ['db', 'refused']) await world.gone(serviceBindings, name);
  await world.remove(serviceInstances, 'db');
  await world.gone(serviceInstances, 'db');

  const said = `${during}\n${await everythingSaid()}`;
  // The marked secrets exist and were used: the broker saw the parameter, and the Secret held a password.
  expect(JSON.stringify(world.broker.requests)).toContain(parameter);
  expect(said).toContain('redacted');
  expect(world.broker.secretsIn(said)).toEqual([]);
});
