import { apiVersion } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';

/** With the admission webhook. */
let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await world.startBindery('--leader-elect=false');
  await world.register();
}, 90_000);
afterAll(() => world?.stop());

describe('a new binding', () => {
  it('of an instance that is being deleted is refused, and holds nothing up', async () => {
    await world.createInstance('going');
    await world.createBinding('first', 'going');
    await world.binding('first', isReady, 'is ready');
    await world.remove(serviceInstances, 'going');
    const late = {
      apiVersion,
      kind: serviceBindings.kind,
      metadata: { name: 'late', namespace: world.namespace },
      spec: { instanceRef: { name: 'going' } },
    };
    // The webhook hears of the deletion by a watch.
    const refusal = await waitFor(
      () =>
        world.client.create(serviceBindings, late, { dryRun: true }).then(
          () => undefined,
          (error: unknown) => error,
        ),
      { describe: 'a new binding is refused' },
    );
    expect(refusal).toMatchObject({
      status: 403,
      message: expect.stringContaining(
        `ServiceBinding ${world.namespace}/late references a ServiceInstance that is being deleted: ${world.namespace}/going`,
      ) as string,
    });
    await world.remove(serviceBindings, 'first');
    await world.gone(serviceInstances, 'going');
  });

  it('may come before its instance', async () => {
    await world.createBinding('early', 'early');
    await world.createInstance('early');
    await world.binding('early', isReady, 'is ready');
    await world.remove(serviceBindings, 'early');
    await world.gone(serviceBindings, 'early');
    await world.remove(serviceInstances, 'early');
    await world.gone(serviceInstances, 'early');
  });
});

it('a ServiceBroker whose Secret names a namespace is taken, and the person is told that it is ignored', async () => {
  const manifest = JSON.stringify({
    apiVersion: 'servicecatalog.k8s.io/v1beta1',
    kind: 'ServiceBroker',
    metadata: { name: 'own', namespace: world.namespace },
    spec: {
      url: world.broker.url,
      authInfo: { basic: { secretRef: { namespace: 'elsewhere', name: 'broker-auth' } } },
    },
  });
  const apply = ['apply', '--validate=strict', '-f', '-'];
  const { code, stderr } = await world.controlPlane.kubectl(apply, manifest);
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: `Warning: spec.authInfo.basic.secretRef.namespace is ignored: the Secret of a ServiceBroker is in its own namespace, "${world.namespace}"\n`,
  });
});
