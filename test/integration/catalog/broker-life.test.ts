import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { specificationOf, type AnyBroker } from '../../../src/brokers/broker-settings.ts';
import { clusterServiceBrokers, clusterServicePlans, serviceBrokers } from '../../../src/api/kinds.ts';
import { brokerAnnotations } from '../../../src/api/broker-annotations.ts';
import { events, namespaces, secrets } from '../../../src/kube/resources.ts';
import { isRemoved } from '../../../src/catalog/scope.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';
import { CatalogWorld, condition, isSettled, uniqueName } from '../../support/world/catalog-world.ts';
import { testCatalog } from './test-catalog.ts';

let world: CatalogWorld;
beforeAll(async () => {
  world = await CatalogWorld.start();
}, 60_000);
afterAll(() => world.stop());

describe('a broker', () => {
  let broker: TestBroker;
  beforeEach(async () => {
    broker = await TestBroker.start({ catalog: testCatalog() });
  });
  afterEach(() => broker.stop());

  const isFailing = ({ status }: Awaited<ReturnType<CatalogWorld['broker']>>): boolean =>
    status?.lastConditionState === 'ErrorFetchingCatalog';

  it('is deleted with its plans and classes when it has no instances', async () => {
    const name = await world.register(broker);
    const object = await world.ready(name);
    await world.client.delete(clusterServiceBrokers, { name });
    await world.until(async () => !(await world.exists(clusterServiceBrokers, object)));
    expect(await world.classesOf(name)).toEqual([]);
    expect(await world.plansOf(name)).toEqual([]);
  });

  it('waits for its instances when it is deleted, names them, and goes with the last one', async () => {
    const name = await world.register(broker);
    await world.ready(name);
    const [offering] = await world.classesOf(name);
    const plans = await world.plansOf(name);
    const plan = plans.find(
      ({ spec }) =>
        'clusterServiceClassRef' in spec && spec.clusterServiceClassRef.name === offering!.metadata.name,
    );
    const instances = [
      await world.createInstance(offering!, plan!),
      await world.createInstance(offering!, plan!),
    ];
    await world.client.delete(clusterServiceBrokers, { name });
    const blocked = await world.brokerUntil(
      name,
      (candidate) => condition(candidate, 'Reconciling')?.message.includes('2 instances') === true,
    );
    expect(condition(blocked, 'Reconciling')).toMatchObject({ reason: 'DeletionBlockedByInstances' });
    expect(blocked.status?.lastConditionState).toBe('DeletionBlockedByInstances');
    for (const { metadata } of instances) {
      expect(condition(blocked, 'Reconciling')?.message).toContain(`${metadata.namespace}/${metadata.name}`);
    }
    expect(condition(blocked, 'Ready')?.status).toBe('False');

    // Nothing new can be made of it meanwhile; what nobody uses goes at once.
    await world.until(async () => (await world.plansOf(name)).length === 1);
    expect((await world.plansOf(name)).every(isRemoved)).toBe(true);

    await world.releaseInstance(instances[0]!);
    await world.brokerUntil(
      name,
      (candidate) => condition(candidate, 'Reconciling')?.message.includes('1 instance:') === true,
    );
    await world.releaseInstance(instances[1]!);
    await world.until(async () => !(await world.exists(clusterServiceBrokers, blocked)));
    expect(await world.exists(clusterServicePlans, plan!)).toBe(false);
  });

  it('waits for an instance that was provisioned at it, even when its class is gone', async () => {
    const name = await world.register(broker);
    await world.ready(name);
    const [offering] = await world.classesOf(name);
    const [plan] = await world.plansOf(name);
    const instance = await world.createInstance(offering!, plan!);
    const ref = { namespace: world.namespace, name: instance.metadata.name };
    const properties = { clusterServicePlanExternalName: '', clusterServicePlanExternalID: '' };
    await world.setInstanceStatus(instance, {
      externalProperties: { ...properties, broker: { kind: 'ClusterServiceBroker', name } },
    });
    await world.stopControllers();
    await world.client.delete(clusterServiceBrokers, { name });
    for (const item of await world.classesOf(name)) await world.deleteClass(item);
    await world.startControllers();
    const blocked = await world.brokerUntil(
      name,
      (candidate) => condition(candidate, 'Reconciling')?.reason === 'DeletionBlockedByInstances',
    );
    expect(condition(blocked, 'Reconciling')?.message).toContain(`${ref.namespace}/${ref.name}`);
    await world.releaseInstance(instance);
    await world.until(async () => !(await world.exists(clusterServiceBrokers, blocked)));
  });

  it('of a namespace that is being deleted can still be reached, by a controller that starts anew', async () => {
    const namespace = uniqueName('doomed');
    await world.createNamespace(namespace);
    const name = await world.registerNamespaced(broker, namespace);
    const object = await world.ready(name, serviceBrokers, namespace);
    const { classes, plans } = await world.namespacedItems(namespace);
    const plan = plans.find(
      ({ spec }) => 'serviceClassRef' in spec && spec.serviceClassRef.name === classes[0]!.metadata.name,
    );
    const instance = await world.createInstance(classes[0]!, plan!, namespace);
    await world.setInstanceStatus(instance, {
      externalProperties: {
        clusterServicePlanExternalName: '',
        clusterServicePlanExternalID: '',
        broker: { kind: 'ServiceBroker', name },
      },
    });
    const connect = async () => {
      const ref = { kind: 'ServiceBroker', namespace, name } as const;
      const result = await world.connections!.connect(ref, AbortSignal.timeout(10_000), undefined);
      if (result.kind === 'unavailable') throw new Error(result.message);
      return result.client.catalog({}, AbortSignal.timeout(10_000));
    };
    const copy = {
      metadata: { name: `broker-credentials-${object.metadata.uid}`, namespace: 'default' },
    };
    // Whoever connects makes the copy, once the instance has been heard of.
    await world.until(
      async () => (await connect()).kind === 'catalog' && (await world.exists(secrets, copy)),
    );

    await world.client.delete(namespaces, { name: namespace });
    await world.until(async () => !(await world.exists(secrets, { metadata: { name, namespace } })));
    await world.stopControllers();
    await world.startControllers();
    await world.until(async () => (await connect()).kind === 'catalog');

    await world.releaseInstance(instance);
    await world.until(async () => !(await world.exists(serviceBrokers, object)));
    expect(await world.exists(secrets, copy)).toBe(false);
    await world.until(async () => !(await world.exists(namespaces, { metadata: { name: namespace } })));
  });

  it('is let go by hand, and its finalizer is not put back', async () => {
    const name = await world.register(broker);
    const object = await world.ready(name);
    const [offering] = await world.classesOf(name);
    const [plan] = await world.plansOf(name);
    await world.createInstance(offering!, plan!);
    await world.client.delete(clusterServiceBrokers, { name });
    await world.brokerUntil(name, (candidate) => condition(candidate, 'Reconciling') !== undefined);
    await world.change(name, { metadata: { finalizers: null } });
    await world.until(async () => !(await world.exists(clusterServiceBrokers, object)));
  });

  it('that is away is not Ready and says why, keeps its catalog, and is Ready when it is back', async () => {
    const name = await world.register(broker);
    await world.ready(name);
    await broker.stop();
    await world.change(name, { spec: { relistRequests: 1 } });
    const failed = await world.brokerUntil(name, ({ status }) => (status?.attempts ?? 0) >= 2);
    expect(condition(failed, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ErrorFetchingCatalog',
      message: expect.stringContaining('ConnectionRefused') as unknown,
    });
    expect(condition(failed, 'Reconciling')).toMatchObject({ status: 'True', reason: 'Backoff' });
    expect(failed.status?.nextAttemptTime).toBeDefined();
    expect(failed.status?.operationStartTime).toBeDefined();
    expect(await world.classesOf(name)).toHaveLength(2);

    await using back = await TestBroker.start({
      catalog: broker.catalog,
      auth: broker.auth,
      port: broker.port,
    });
    const { status } = await world.ready(name);
    expect(status?.conditions).toHaveLength(1);
    expect(status).not.toHaveProperty('attempts');
    expect(status).not.toHaveProperty('nextAttemptTime');
    expect(status).not.toHaveProperty('operationStartTime');
    expect(back.requestsOf('catalog')).not.toEqual([]);
  });

  it('that fails for very long is Failed, and still tried', async () => {
    await world.stopControllers();
    await world.startControllers({ giveUpAfterMs: 1_000 });
    await broker.stop();
    const name = await world.register(broker);
    const failed = await world.brokerUntil(name, ({ status }) => status?.lastConditionState === 'Failed');
    expect(condition(failed, 'Failed')).toMatchObject({ reason: 'ErrorReconciliationRetryTimeout' });
    expect(condition(failed, 'Stalled')?.status).toBe('True');
    await using _back = await TestBroker.start({
      catalog: broker.catalog,
      auth: broker.auth,
      port: broker.port,
    });
    const { status } = await world.ready(name);
    expect(status?.conditions).toHaveLength(1);
    await world.stopControllers();
    await world.startControllers();
  });

  it('H29 is Ready again after its Secret was rotated', async () => {
    const name = await world.register(broker);
    await world.ready(name);
    await using rotated = await TestBroker.start({ catalog: broker.catalog });
    await world.change(name, { spec: { url: rotated.url } });
    const failed = await world.brokerUntil(name, isFailing);
    expect(condition(failed, 'Ready')?.message).toContain('Unauthorized');

    const { auth } = rotated;
    if (auth.kind === 'basic')
      await world.saveSecret(name, { username: auth.username, password: auth.password });
    await world.ready(name);
  });

  it('H29 is asked again as soon as its Secret is corrected, however long its back-off', async () => {
    using _ = world.undisturbed('another process does not know that the Secret was another');
    await world.stopControllers();
    const days = 86_400_000;
    await world.startControllers({ retry: { initialMs: 1_000 * days, maxMs: 1_000 * days } });
    await using refusing = await TestBroker.start({ catalog: broker.catalog });
    const name = uniqueName('broker');
    await world.saveSecret(name, { username: 'broker', password: 'wrong' });
    await world.client.create(clusterServiceBrokers, brokerObject(name, refusing.url, world.namespace));
    const failed = await world.brokerUntil(name, isFailing);
    expect(condition(failed, 'Ready')?.message).toContain('Unauthorized');

    const { auth } = refusing;
    if (auth.kind === 'basic')
      await world.saveSecret(name, { username: auth.username, password: auth.password });
    await world.ready(name);
    // The broker itself was not asked while its Secret was wrong.
    expect(refusing.requests.map(({ status }) => status)).toEqual([401, 200]);
    await world.stopControllers();
    await world.startControllers();
  });

  it('whose Secret is missing says which, and is Ready soon after it appears', async () => {
    const name = uniqueName('broker');
    await world.client.create(clusterServiceBrokers, brokerObject(name, broker.url, world.namespace));
    const failed = await world.brokerUntil(name, isFailing);
    expect(condition(failed, 'Ready')?.message).toContain(
      `Secret "${world.namespace}/${name}" does not exist`,
    );
    const { auth } = broker;
    if (auth.kind === 'basic')
      await world.saveSecret(name, { username: auth.username, password: auth.password });
    await world.ready(name);
  });

  it.each([
    ['H04 no JSON', { kind: 'answer', rawBody: '<html>' } as const, 'MalformedResponse'],
    ['H35 JSON of another kind', { kind: 'answer', body: { services: {} } } as const, 'BadCatalog'],
    ['H27 a redirect', { kind: 'answer', status: 302, headers: { location: '/x' } } as const, 'Redirect'],
    [
      'an error',
      { kind: 'answer', status: 500, body: { description: 'out of order' } } as const,
      'out of order',
    ],
    ['H03 half an answer', { kind: 'truncate' } as const, 'ended inside its body'],
    ['H02 no end', { kind: 'hang', at: 'body' } as const, 'Timeout'],
  ])('that answers with %s keeps its catalog', async (_name, behaviour, message) => {
    const name = await world.register(broker);
    await world.ready(name);
    const script = broker.script({ operation: 'catalog' }, behaviour, 'always');
    await world.change(name, { spec: { relistRequests: 1 } });
    const failed = await world.brokerUntil(name, isFailing);
    expect(condition(failed, 'Ready')?.message).toContain(message);
    expect(await world.plansOf(name)).toHaveLength(3);
    script.cancel();
    await world.ready(name);
  });

  it('H30 with an old version works once an annotation says so, without waiting for the back-off', async () => {
    broker.script(
      { operation: 'catalog' },
      { kind: 'answer', status: 412, body: { description: 'Only 2.14 is spoken here' } },
    );
    await world.stopControllers();
    await world.startControllers({ retry: { initialMs: 3_600_000, maxMs: 3_600_000 } });
    const name = await world.register(broker);
    const failed = await world.brokerUntil(name, isFailing);
    expect(condition(failed, 'Ready')?.message).toContain('Only 2.14 is spoken here');
    await world.change(name, { metadata: { annotations: { [brokerAnnotations.apiVersion]: '2.14' } } });
    await world.ready(name);
    expect(broker.requests.at(-1)?.headers['x-broker-api-version']).toBe('2.14');
    await world.stopControllers();
    await world.startControllers();
  });

  it('is relisted by its own timer', async () => {
    const name = await world.register(broker, { spec: { relistDuration: '1s' } });
    await world.ready(name);
    broker.setCatalog({ services: broker.catalog.services.slice(1) });
    await world.brokerUntil(name, ({ status }) => status?.serviceClassCount === 1);
  });

  it('tells in events what became of it, and nothing of its credentials', async () => {
    const name = await world.register(broker);
    const object = await world.ready(name);
    await world.until(async () => (await eventsOf(object)).includes('FetchedCatalog'));
    // That the catalog is being fetched is no news, let alone a warning.
    expect(await eventsOf(object)).toEqual(['FetchedCatalog']);
    const everything = JSON.stringify([
      object,
      await world.classesOf(name),
      await world.plansOf(name),
      (await world.client.list(events)).items,
    ]);
    expect(broker.secretsIn(everything)).toEqual([]);
    expect(isSettled(object)).toBe(true);
    expect(await world.exists(secrets, { metadata: { name, namespace: world.namespace } })).toBe(true);
  });
});

describe('the examples of the documentation', () => {
  it('are accepted by the API server, and understood', async () => {
    await world.createNamespace('shop');
    const text = await readFile(join(import.meta.dirname, '../../../docs/reference/brokers.md'), 'utf8');
    const examples = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(
      ([, yaml]) => load(yaml!) as AnyBroker,
    );
    expect(examples.map(({ kind }) => kind)).toEqual(['ClusterServiceBroker', 'ServiceBroker']);
    for (const example of examples) {
      const resource = example.kind === 'ServiceBroker' ? serviceBrokers : clusterServiceBrokers;
      await world.client.create(resource, example, { dryRun: true });
      expect(specificationOf(example)).toMatchObject({ kind: 'valid' });
    }
  });

  it('name every annotation', async () => {
    const text = await readFile(join(import.meta.dirname, '../../../docs/reference/brokers.md'), 'utf8');
    for (const annotation of Object.values(brokerAnnotations)) {
      expect(text).toContain(`\`${annotation.replace('servicecatalog.k8s.io/', '')}\``);
    }
  });
});

async function eventsOf({ metadata }: KubeObject): Promise<readonly string[]> {
  interface Event extends KubeObject {
    readonly reason: string;
    readonly involvedObject: { readonly uid?: string };
  }
  const { items } = await world.client.list<Event>(events);
  return items
    .filter(({ involvedObject }) => involvedObject.uid === metadata.uid)
    .map(({ reason }) => reason);
}

function brokerObject(name: string, url: string, namespace: string) {
  return {
    apiVersion: 'servicecatalog.k8s.io/v1beta1',
    kind: 'ClusterServiceBroker',
    metadata: { name },
    spec: { url, authInfo: { basic: { secretRef: { namespace, name } } } },
  };
}
