import { randomUUID } from 'node:crypto';
import { apiVersion } from '../../../src/api/group.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { clusterServiceBrokers, serviceBrokers, serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { namespaces } from '../../../src/kube/resources.ts';
import { sampleCatalog } from '../../support/test-broker/sample-catalog.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { asking, deploy, reask, requestedFor } from './requested-services.ts';
import { isToldOn } from './told.ts';

let world: ServiceWorld;
let own: TestBroker;
beforeAll(async () => {
  world = await ServiceWorld.start();
  const [postgresql] = sampleCatalog().services;
  const { name: _, ...rest } = postgresql ?? { id: '', plans: [] };
  const services = ['nearer', 'late'].map((name) => ({
    ...rest,
    id: `service-${name}`,
    name,
    plans: [{ id: `plan-${name}`, name: 'small', description: 'small' }],
  }));
  own = await TestBroker.start({ catalog: { services }, auth: { kind: 'none' } });
}, 90_000);
afterAll(async () => {
  await own?.stop();
  await world?.stop();
});

const bind = (binding: string, source: string) => ({ [`bind.servicecatalog.k8s.io/${binding}`]: source });

/** Another look at the whole namespace, with services of a broker that is not in question. */
async function lookAround(): Promise<void> {
  for (const one of ['probe', 'probe-again']) {
    const name = `${one}-${randomUUID().slice(0, 8)}`;
    await deploy(world, name, bind('db', 'request/nearer/small'));
    await world.binding(requestedFor(world.namespace, name, 'db', 'nearer').login, isReady, 'is ready');
  }
}

/** It offers the one class, under another id than any other broker has for it. */
async function withBroker(name: string, className: string, story: () => Promise<void>): Promise<void> {
  const plans = [{ id: `plan-of-${name}`, name: 'small', description: 'small' }];
  const service = { id: `service-of-${name}`, name: className, description: 'one', bindable: true, plans };
  const offering = await TestBroker.start({ catalog: { services: [service] }, auth: { kind: 'none' } });
  try {
    await world.client.create(serviceBrokers, broker(name, offering.url, world.namespace));
    await world.until(serviceBrokers, name, isReady, 'is ready');
    await story();
    expect(offering.requestsOf('deprovision')).toEqual([]);
  } finally {
    await offering.stop();
  }
}

function broker(name: string, url: string, namespace?: string): KubeObject {
  return {
    apiVersion,
    kind: namespace === undefined ? clusterServiceBrokers.kind : serviceBrokers.kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    spec: { url },
  } as KubeObject;
}

it('a workload may come before the broker of its class: one of the namespace or of the cluster', async () => {
  await deploy(world, 'early', bind('db', 'request/nearer/small'));
  await deploy(world, 'later', bind('db', 'request/late/small'));
  await isToldOn(
    world,
    'early',
    /^Blocked: ServiceInstance .* There is no ClusterServiceClass with externalName "nearer"/i,
  );
  const names = requestedFor(world.namespace, 'early', 'db', 'nearer');
  const waiting = await world.instance(names.instance, () => true, 'is there');

  await world.client.create(serviceBrokers, broker('own', own.url, world.namespace));
  const made = await world.instance(names.instance, isReady, 'is ready');
  await world.binding(names.login, isReady, 'is ready');
  expect(made.spec.serviceClassExternalName).toBe('nearer');
  expect(made.status?.externalProperties?.broker).toMatchObject({ kind: 'ServiceBroker', name: 'own' });
  expect(made.metadata.uid).not.toBe(waiting.metadata.uid);
  await world.binding(requestedFor(world.namespace, 'later', 'db', 'late').login, isReady, 'is ready');
  expect(own.requestsOf('provision')).toHaveLength(2);
  expect(own.requestsOf('deprovision')).toEqual([]);
  expect(world.broker.requestsOf('provision')).toEqual([]);
});

it('a service stays where it is when a nearer class comes after something was sent to its broker', async () => {
  await deploy(world, 'settled', asking('db'));
  const names = requestedFor(world.namespace, 'settled', 'db');
  const before = await world.instance(names.instance, isReady, 'is ready');
  await withBroker('copy', 'postgresql', async () => {
    await reask(world, 'settled', { touched: 'yes' });
    await lookAround();
    const after = await world.instance(names.instance, isReady, 'is ready');
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(after.spec.clusterServiceClassExternalName).toBe('postgresql');
    expect(world.broker.requestsOf('deprovision')).toEqual([]);
    await world.remove(serviceBrokers, 'copy');
    await world.gone(serviceBrokers, 'copy');
  });
});

it('an instance that came back with its id from a backup is not made anew for a nearer class', async () => {
  const names = requestedFor(world.namespace, 'restored', 'db', 'third');
  await deploy(world, 'restored', bind('db', 'request/third/small'));
  await isToldOn(world, 'restored', /"third"/);
  const { metadata, spec } = await world.instance(names.instance, () => true, 'is there');
  await world.stopControllers();
  await world.client.patch(
    serviceInstances,
    { namespace: world.namespace, name: names.instance },
    { metadata: { finalizers: null } },
    { type: 'merge' },
  );
  await world.remove(serviceInstances, names.instance);
  await world.gone(serviceInstances, names.instance);
  const { labels = {}, annotations = {} } = metadata;
  const restored = await world.client.create<ServiceInstance>(serviceInstances, {
    apiVersion,
    kind: serviceInstances.kind,
    metadata: { name: names.instance, namespace: world.namespace, labels, annotations },
    spec: { ...spec, externalID: 'from-a-backup' },
  });
  world.startControllers();
  await withBroker('third', 'third', async () => {
    await reask(world, 'restored', { touched: 'yes' });
    await lookAround();
    const after = await world.instance(names.instance, () => true, 'is there');
    expect(after.metadata.uid).toBe(restored.metadata.uid);
    expect(after.metadata.deletionTimestamp).toBeUndefined();
  });
});

it('nothing is made where the namespace has opted out (60), and all is when it opts in', async () => {
  const label = async (value: string | null): Promise<void> => {
    const labels = { 'inject.servicecatalog.k8s.io': value };
    await world.client.patch(
      namespaces,
      { name: world.namespace },
      { metadata: { labels } },
      { type: 'merge' },
    );
  };
  await world.stopControllers();
  await label('disabled');
  world.startControllers();
  await deploy(world, 'opted', asking('db'));
  await deploy(world, 'template', { ...asking('db'), 'inject.servicecatalog.k8s.io': 'disabled' });
  await label(null);
  await world.binding(requestedFor(world.namespace, 'opted', 'db').login, isReady, 'is ready');
  await lookAround();
  const { instance } = requestedFor(world.namespace, 'template', 'db');
  expect(await world.find(serviceInstances, instance)).toBeUndefined();
});
