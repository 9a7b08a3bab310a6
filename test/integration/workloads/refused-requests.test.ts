import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { deployments, type Resource } from '../../../src/kube/resources.ts';
import { refuse, refuseNoMore } from '../../support/world/refusing-policy.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { hasty } from './kept-services.ts';
import { asking, deploy, requestedFor, inUse } from './requested-services.ts';
import { isToldOn, toldOn } from './told.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: hasty });
}, 60_000);
afterAll(() => world.stop());

/** A rule of the cluster's operator against objects of this name. */
async function refuseNamed({ plural }: Resource, name: string, message: string): Promise<void> {
  const expression = `object.metadata.name != '${name}'`;
  await refuse(world.client, `no-${plural}`, { operation: 'CREATE', resource: plural, expression, message });
  const object = {
    apiVersion: 'servicecatalog.k8s.io/v1beta1',
    metadata: { name, namespace: world.namespace },
  };
  const spec = plural === 'serviceinstances' ? classAndPlan : { instanceRef: { name: 'none' } };
  const resource = plural === 'serviceinstances' ? serviceInstances : serviceBindings;
  const tryIt = async (): Promise<boolean> =>
    world.client
      .create(resource, { ...object, kind: resource.kind, spec } as KubeObject, { dryRun: true })
      .then(
        () => false,
        (error: unknown) => String(error).includes(message),
      );
  await waitFor(tryIt, { describe: 'the policy is in force' });
}

const classAndPlan = {
  clusterServiceClassExternalName: 'postgresql',
  clusterServicePlanExternalName: 'small',
};

it.each([
  ['instance', 'instance', serviceInstances, 'ServiceInstance'],
  ['binding', 'login', serviceBindings, 'ServiceBinding'],
] as const)(
  'a request whose %s is refused stops no other, and says so on its workload',
  async (what, key, resource, kind) => {
    const names = (name: string) => requestedFor(world.namespace, name, name);
    await inUse(world, `leaving-${what}`, `leaving-${what}`);
    await refuseNamed(resource, names(`refused-${what}`)[key], 'two databases are enough');
    await deploy(world, `refused-${what}`, asking(`refused-${what}`));
    await isToldOn(
      world,
      `refused-${what}`,
      new RegExp(
        `^Blocked: ${kind} "refused-${what}-refused-${what}-[^"]*" can not be made.*two databases are enough`,
      ),
    );

    await inUse(world, `other-${what}`, `other-${what}`);
    await world.remove(deployments, `leaving-${what}`);
    await world.gone(serviceBindings, names(`leaving-${what}`).login);
    await world.gone(serviceInstances, names(`leaving-${what}`).instance);
    expect(await toldOn(world, `other-${what}`)).not.toContainEqual(expect.stringMatching(/^Blocked/));

    await refuseNoMore(world.client, `no-${resource.plural}`);
    await world.binding(names(`refused-${what}`).login, isReady, 'is ready, soon after nobody refuses it');
  },
  120_000,
);
