import type { ClusterServicePlan } from '../../../src/api/generated/cluster-service-plan.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { findCondition } from '../../../src/api/conditions.ts';
import { clusterServicePlans, serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { secrets } from '../../../src/kube/resources.ts';
import type { CatalogDocument } from '../../support/test-broker/sample-catalog.ts';
import { isReady, madeNow, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { changeSpec, expectCleanBroker, relist, removeInstance } from './instance-actions.ts';

/** Longer than what stores keep of a schema. */
const description = 'What it is for. '.repeat(100);
const create = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  required: ['version'],
  properties: {
    version: { enum: ['17', '18'], description },
    size: { type: 'integer' },
    users: { additionalProperties: { type: 'string', maxLength: 5 } },
  },
  additionalProperties: false,
};
const update = { properties: { size: { type: 'integer' } }, additionalProperties: false };
const bind = { properties: { role: { enum: ['reader', 'writer'] } } };

function catalog(ofCreation: object = create): CatalogDocument {
  const schemas = {
    service_instance: { create: { parameters: ofCreation }, update: { parameters: update } },
    service_binding: { create: { parameters: bind } },
  };
  const plans = [{ id: 'plan', name: 'small', description: 'one', schemas }];
  return { services: [{ id: 'service', name: 'postgresql', description: 'one', bindable: true, plans }] };
}

const unfit = 'The parameters do not fit plan "postgresql/small": ';
const hint = ' ("bindery describe plan postgresql/small" lists what it takes).';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ catalog: catalog() });
}, 60_000);
afterAll(() => world?.stop());
afterEach(() => expectCleanBroker(world));

function requestsFor(
  { status, spec }: ServiceInstance,
  operation: 'provision' | 'update',
): readonly unknown[] {
  const id = status?.instanceID ?? spec.externalID;
  return world.broker
    .requestsOf(operation)
    .filter(({ instanceId }) => instanceId === id)
    .map(({ body }) => (body as { parameters?: unknown }).parameters);
}

function isRefused(object: KubeObject): boolean {
  return readyReason(object) === 'ErrorWithParameters';
}

function reasonOf({ status }: ServiceInstance, type = 'Ready'): string | undefined {
  return findCondition(status?.conditions, type)?.message;
}

async function secret(name: string, parameters: object): Promise<void> {
  const p = Buffer.from(JSON.stringify(parameters)).toString('base64');
  const { namespace } = world;
  await world.client.create<SecretObject>(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    data: { p },
  });
}

const parametersFrom = (name: string) => ({ parametersFrom: [{ secretKeyRef: { name, key: 'p' } }] });

/** Where no webhook stands in the way. */
describe('parameters that the schema of a plan refuses', () => {
  it('are not sent; the condition says where, and what is mended goes on by itself', async () => {
    await world.createInstance('typo', { parameters: { version: 'hunter2', siez: 1 } }, madeNow());
    const refused = await world.instance('typo', isRefused, 'is refused');
    expect(reasonOf(refused)).toContain(
      `${unfit}spec.parameters.siez is not allowed; spec.parameters.version must be "17" or "18"${hint}`,
    );
    expect(JSON.stringify(refused.status)).not.toContain('hunter2');
    expect(findCondition(refused.status?.conditions, 'Reconciling')?.status).toBe('True');
    expect(requestsFor(refused, 'provision')).toEqual([]);
    await changeSpec(world, 'typo', { parameters: { version: '18', siez: null } });
    const ready = await world.instance('typo', isReady, 'is ready');
    expect(requestsFor(ready, 'provision')).toEqual([{ version: '18' }]);
    await removeInstance(world, 'typo');
  });

  it('can be deleted as they are, and nobody is asked', async () => {
    await world.createInstance('wrong', {}, madeNow());
    const refused = await world.instance('wrong', isRefused, 'is refused');
    expect(reasonOf(refused)).toContain(`${unfit}spec.parameters.version is required${hint}`);
    await removeInstance(world, 'wrong');
    expect(requestsFor(refused, 'provision')).toEqual([]);
  });

  it('of a Secret are told by their top-level name; a mended Secret goes on', async () => {
    await secret('of-db', { version: '18', users: { alice: 'hunter2' } });
    await world.createInstance(
      'secretive',
      { parameters: { size: 1 }, ...parametersFrom('of-db') },
      madeNow(),
    );
    const refused = await world.instance('secretive', isRefused, 'is refused');
    expect(reasonOf(refused)).toContain(
      `${unfit}parameter users, which comes from a Secret, has something in it that does not fit: must have at most 5 characters${hint}`,
    );
    expect(JSON.stringify(refused.status)).not.toMatch(/hunter2|alice/);
    await world.remove(secrets, 'of-db');
    await secret('of-db', { version: '18', users: { alice: 'x' } });
    await world.instance('secretive', isReady, 'is ready');
    await removeInstance(world, 'secretive');
    await world.remove(secrets, 'of-db');
  });

  it('of a default name the default', async () => {
    const [plan] = (await world.client.list<ClusterServicePlan>(clusterServicePlans)).items;
    const name = plan?.metadata.name ?? '';
    const setDefaults = async (defaultProvisionParameters: object | null) =>
      world.client.patch(
        clusterServicePlans,
        { name },
        { spec: { defaultProvisionParameters } },
        { type: 'merge' },
      );
    await setDefaults({ size: 'small' });
    await relist(world);
    await world.createInstance('defaulted', { parameters: { version: '18' } }, madeNow());
    const refused = await world.instance('defaulted', isRefused, 'is refused');
    expect(reasonOf(refused)).toContain('defaultProvisionParameters.size must be a whole number');
    await setDefaults(null);
    await world.instance('defaulted', isReady, 'is ready');
    await removeInstance(world, 'defaulted');
  });

  it('of an update leave what is there in use, and nothing is sent', async () => {
    await world.createInstance('grown', { parameters: { version: '18', size: 1 } }, madeNow());
    const ready = await world.instance('grown', isReady, 'is ready');
    await changeSpec(world, 'grown', { parameters: { size: 'large' } });
    const isTold = (instance: ServiceInstance): boolean =>
      reasonOf(instance, 'Reconciling')?.includes(unfit) === true;
    const refused = await world.instance('grown', isTold, 'is refused');
    expect(isReady(refused)).toBe(true);
    expect(requestsFor(ready, 'update')).toEqual([]);
    await changeSpec(world, 'grown', { parameters: { size: 2 } });
    await waitFor(() => requestsFor(ready, 'update').length > 0);
    // What can not be changed is repeated and no reason to refuse what can.
    expect(requestsFor(ready, 'update')).toEqual([{ version: '18', size: 2 }]);
    await world.instance('grown', isReady, 'is ready');
    await removeInstance(world, 'grown');
  });

  it('of a binding are not sent', async () => {
    await world.createInstance('bound', { parameters: { version: '18' } }, madeNow());
    await world.instance('bound', isReady, 'is ready');
    await world.createBinding('login', 'bound', { parameters: { role: 'hunter2' } }, madeNow());
    const refused = await world.binding('login', isRefused, 'is refused');
    expect(findCondition(refused.status?.conditions, 'Ready')?.message).toContain(
      'spec.parameters.role must be "reader" or "writer"',
    );
    expect(
      world.broker.requestsOf('bind').filter(({ bindingId }) => bindingId === refused.spec.externalID),
    ).toEqual([]);
    await world.remove(serviceBindings, 'login');
    await world.gone(serviceBindings, 'login');
    await removeInstance(world, 'bound');
  });

  it('when the schema has changed since: what is there, or came back with its id, goes on', async () => {
    await world.createInstance('old', { parameters: { version: '17' } }, madeNow());
    await world.instance('old', isReady, 'is ready');
    world.broker.setCatalog(catalog({ required: ['new'], description }));
    await relist(world);
    await changeSpec(world, 'old', { updateRequests: 1 });
    await world.instance('old', ({ status }) => status?.handledUpdateRequests === 1, 'has been updated');
    await world.createInstance('restored', { externalID: 'from-a-backup', parameters: { version: '17' } });
    await world.instance('restored', isReady, 'is ready');
    for (const name of ['old', 'restored']) await world.remove(serviceInstances, name);
    for (const name of ['old', 'restored']) await world.gone(serviceInstances, name);
    world.broker.setCatalog(catalog());
    await relist(world);
  });
});
