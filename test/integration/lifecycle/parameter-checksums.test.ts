import { jsonChecksum } from '../../../src/base/hash.ts';
import { serviceInstances } from '../../../src/api/kinds.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { secrets } from '../../../src/kube/resources.ts';
import { ServiceWorld } from '../../support/world/service-world.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import { changePlan, changeSpec, readyInstance, removeInstance } from './instance-actions.ts';

const keyRef = { namespace: 'default', name: 'bindery-checksum-key' };
const parameters = { user: 'ada', password: 'low entropy' };

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
  await world.client.create<SecretObject>(secrets, {
    metadata: { namespace: world.namespace, name: 'login' },
    data: { json: Buffer.from(JSON.stringify(parameters)).toString('base64') },
  });
}, 60_000);
afterAll(() => world.stop());

const spec = {
  parameters: { size: 1 },
  parametersFrom: [{ secretKeyRef: { name: 'login', key: 'json' } }],
};
const planOf = ({ status }: ServiceInstance): string | undefined =>
  status?.externalProperties?.clusterServicePlanExternalName;
const checksumOf = ({ status }: ServiceInstance): string =>
  status?.externalProperties?.parameterChecksum ?? '';

/** A change of plan says nothing of parameters that have not changed. */
async function expectPlanChangeAlone(name: string): Promise<ServiceInstance> {
  await changePlan(world, name, 'large');
  const changed = await world.instance(name, (found) => planOf(found) === 'large', 'has the new plan');
  const [update, ...others] = world.broker.requestsOf('update');
  expect(others).toEqual([]);
  expect(update?.body).toMatchObject({ plan_id: changed.status?.externalProperties?.planID });
  expect(update?.body).not.toHaveProperty('parameters');
  world.broker.forget();
  return changed;
}

it('a lost key changes nothing, and changes of parameters are seen after it as before', async () => {
  const made = await readyInstance(world, 'db', spec);
  const all = { ...spec.parameters, ...parameters };
  expect(checksumOf(made)).not.toContain(jsonChecksum(all));
  await world.stopControllers();
  await world.client.delete(secrets, keyRef);
  world.startControllers();
  expect(checksumOf(await expectPlanChangeAlone('db'))).toBe(checksumOf(made));

  await changeSpec(world, 'db', { parameters: { size: 2 } });
  const changed = await world.instance('db', (found) => checksumOf(found) !== checksumOf(made), 'is changed');
  expect(checksumOf(changed).split('.')[0]).not.toBe(checksumOf(made).split('.')[0]);
  expect(world.broker.requestsOf('update')).toHaveLength(1);
  await removeInstance(world, 'db');
});

it('a checksum of before there were keys is understood', async () => {
  await readyInstance(world, 'old', spec);
  await world.stopControllers();
  world.broker.forget();
  const parameterChecksum = jsonChecksum({ ...parameters, ...spec.parameters });
  await world.client.patch(
    serviceInstances,
    { namespace: world.namespace, name: 'old' },
    { status: { externalProperties: { parameterChecksum } } },
    { type: 'merge', subresource: 'status' },
  );
  world.startControllers();
  expect(checksumOf(await expectPlanChangeAlone('old'))).toBe(parameterChecksum);
  await removeInstance(world, 'old');
});
