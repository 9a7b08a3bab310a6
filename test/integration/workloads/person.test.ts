import { requestedByAnnotation } from '../../../src/api/group.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { deployments } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { asking, deploy, reask, requestedFor } from './requested-services.ts';

/** With the admission webhook, which fills in who asks. */
let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await world.startBindery('--leader-elect=false');
  await world.register();
}, 90_000);
afterAll(() => world?.stop());

/** As it is on record on the workload. */
async function person(workload: string): Promise<string | undefined> {
  const found = await world.find<KubeObject>(deployments, workload);
  return found?.metadata.annotations?.[requestedByAnnotation];
}

it('the broker is told the person whom the workload names, and not the controller: originating identity', async () => {
  await deploy(world, 'orders', asking('db'));
  const names = requestedFor(world.namespace, 'orders', 'db');
  await world.binding(names.login, isReady, 'is ready');
  const username = await person('orders');
  expect(username).toBeTruthy();
  const asked = [...world.broker.requestsOf('provision'), ...world.broker.requestsOf('bind')];
  expect(asked.map(({ identity }) => identity?.value)).toEqual([
    expect.objectContaining({ username, groups: [] }),
    expect.objectContaining({ username, groups: [] }),
  ]);

  await reask(world, 'orders', { 'bind.servicecatalog.k8s.io/db': 'request/postgresql/large' });
  const { spec } = await world.instance(
    names.instance,
    (one) => isReady(one) && one.status?.externalProperties?.clusterServicePlanExternalName === 'large',
    'has its new plan',
  );
  expect(spec.userInfo).toEqual({ username: await person('orders') });
  expect(world.broker.requestsOf('update').map(({ identity }) => identity?.value)).toEqual([
    expect.objectContaining({ username: await person('orders') }),
  ]);
  expect(world.broker.violations).toEqual([]);
});
