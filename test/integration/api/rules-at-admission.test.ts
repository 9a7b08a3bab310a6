import { apiVersion } from '../../../src/api/group.ts';
import {
  clusterServiceBrokers,
  clusterServicePlans,
  serviceBindings,
  serviceInstances,
} from '../../../src/api/kinds.ts';
import type { ClusterServicePlan } from '../../../src/api/generated/cluster-service-plan.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import type { Resource } from '../../../src/kube/resources.ts';
import { waitFor } from '../../support/wait-for.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';

/** What definitions, policies and webhook make of a write together. */
let world: ServiceWorld;
let plans: readonly ClusterServicePlan[] = [];
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await world.startBindery('--leader-elect=false');
  await world.register();
  plans = (await world.client.list<ClusterServicePlan>(clusterServicePlans)).items;
  // The webhook hears of the catalog by a watch.
  await waitFor(async () => specOf(await made({ ...small })).clusterServicePlanRef !== undefined);
  await world.createInstance('db');
  await world.instance('db', isReady, 'is ready');
  await world.createBinding('login', 'db', { parameters: { role: 'reader' } });
  await world.binding('login', isReady, 'is ready');
  const { resource, ref } = broker();
  await world.client.patch(resource, ref, { spec: { relistRequests: 3 } }, { type: 'merge' });
  await world.client.patch(
    serviceInstances,
    instanceRef(),
    { spec: { updateRequests: 3 } },
    { type: 'merge' },
  );
}, 90_000);
afterAll(() => world?.stop());

interface Refs {
  readonly clusterServicePlanRef?: unknown;
  readonly externalID?: unknown;
  readonly userInfo?: unknown;
}

type Spec = Readonly<Record<string, unknown>> & Refs;

const small = {
  clusterServiceClassExternalName: 'postgresql',
  clusterServicePlanExternalName: 'small',
};
const instanceRef = () => ({ namespace: world.namespace, name: 'db' });
const broker = () => ({ resource: clusterServiceBrokers, ref: { name: 'test' } });

function specOf(object: KubeObject): Spec {
  return (object as KubeObject & { readonly spec: Spec }).spec;
}

/** An instance as it would be stored. */
async function made(spec: Spec): Promise<KubeObject> {
  const metadata = { name: 'new', namespace: world.namespace };
  const object = { apiVersion, kind: serviceInstances.kind, metadata, spec } as KubeObject;
  return world.client.create(serviceInstances, object, { dryRun: true });
}

/** An object as it would be after a merge patch of its spec. */
async function changed(resource: Resource, name: string, spec: Spec): Promise<Spec> {
  const ref = resource.namespaced ? { namespace: world.namespace, name } : { name };
  return specOf(
    await world.client.patch<KubeObject>(resource, ref, { spec }, { type: 'merge', dryRun: true }),
  );
}

const idOf = (plan: string): string =>
  plans.find(({ spec }) => spec.externalName === plan)?.metadata.name ?? 'none';

describe('a new instance', () => {
  it('has references by its selectors, not those that a person writes (row 11)', async () => {
    const spec = { ...small, clusterServicePlanRef: { name: idOf('large') } };
    expect(specOf(await made(spec)).clusterServicePlanRef).toEqual({ name: idOf('small') });
  });

  it('is asked for by who makes it, whatever it says, and gets an id (row 6)', async () => {
    const spec = specOf(await made({ ...small, userInfo: { username: 'somebody-else', uid: '' } }));
    expect(spec.userInfo).not.toMatchObject({ username: 'somebody-else' });
    expect(spec.externalID).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    ['clusterServiceClassExternalName', 'clusterServicePlanExternalName'],
    ['clusterServiceClassExternalID', 'clusterServicePlanExternalID'],
    ['clusterServiceClassName', 'clusterServicePlanName'],
  ])('with the only plan of its class by %s has it by %s (row 7)', async (classField, planField) => {
    const plan = plans.find(({ spec }) => spec.externalName === 'default');
    const value = {
      clusterServiceClassExternalName: 'cache',
      clusterServiceClassExternalID: 'b2a3a9d6-0000-4000-8000-00000000ca01',
      clusterServiceClassName: plan?.spec.clusterServiceClassRef.name,
    }[classField];
    expect(specOf(await made({ [classField]: value }))[planField]).toBe(
      { clusterServicePlanExternalName: 'default', clusterServicePlanExternalID: plan?.spec.externalID }[
        planField
      ] ?? plan?.metadata.name,
    );
  });
});

describe('a change', () => {
  it('of a plan brings its reference; one of before is not believed (row 11)', async () => {
    const spec = {
      clusterServicePlanExternalName: 'large',
      clusterServicePlanRef: { name: idOf('small') },
    };
    expect((await changed(serviceInstances, 'db', spec)).clusterServicePlanRef).toEqual({
      name: idOf('large'),
    });
  });

  it.each([0, null])('that says %j of a counter leaves it (row 8)', async (value) => {
    const also = { parameters: { a: 1 } };
    expect(await changed(serviceInstances, 'db', { updateRequests: value, ...also })).toMatchObject({
      updateRequests: 3,
    });
    expect(
      await changed(clusterServiceBrokers, 'test', { relistRequests: value, relistDuration: '1h' }),
    ).toMatchObject({ relistRequests: 3 });
  });

  it.each<readonly [string, Resource, string, Spec, string]>([
    [
      'a counter that goes back (row 8)',
      serviceInstances,
      'db',
      { updateRequests: 2 },
      'updateRequests must not decrease',
    ],
    [
      'another class (row 9)',
      serviceInstances,
      'db',
      { clusterServiceClassExternalName: 'cache' },
      'the class of an instance can not be changed',
    ],
    [
      'another id (row 10)',
      serviceInstances,
      'db',
      { externalID: 'x' },
      'externalID may not be changed or removed',
    ],
    [
      'another id of a binding (row 10)',
      serviceBindings,
      'login',
      { externalID: 'x' },
      'externalID may not be changed or removed',
    ],
    [
      'other parameters of a binding (row 15)',
      serviceBindings,
      'login',
      { parameters: { role: 'writer' } },
      'the parameters of a binding can not be changed',
    ],
    [
      'another instance of a binding (row 15)',
      serviceBindings,
      'login',
      { instanceRef: { name: 'other' } },
      'a binding belongs to one instance',
    ],
    [
      'both kinds of trust (row 17)',
      clusterServiceBrokers,
      'test',
      { caBundle: 'YQ==', insecureSkipTLSVerify: true },
      'caBundle cannot be used when insecureSkipTLSVerify is true',
    ],
    [
      'a restriction by what classes do not have (row 18)',
      clusterServiceBrokers,
      'test',
      { catalogRestrictions: { serviceClass: ['spec.free=true'] } },
      'must be a label selector over name, spec.externalName and spec.externalID',
    ],
    [
      'a Secret without a key (row 19)',
      serviceInstances,
      'db',
      { parametersFrom: [{ secretKeyRef: { name: 's' } }] },
      'spec.parametersFrom[0].secretKeyRef.key',
    ],
  ])('to %s is refused', async (_what, resource, name, spec, message) => {
    await expect(changed(resource, name, spec)).rejects.toThrow(message);
  });
});
