import { randomBytes } from 'node:crypto';
import { findCondition } from '../../../src/api/conditions.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import {
  adoptAnnotation,
  apiVersion,
  deletionPolicyAnnotation,
  releaseToAnnotation,
} from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { ConfigMapObject } from '../../../src/kube/data-objects.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { configMaps, namespaces } from '../../../src/kube/resources.ts';
import { waitFor } from '../../support/wait-for.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { annotate, expectCleanBroker, readyInstance, removeInstance } from './instance-actions.ts';

let world: ServiceWorld;
const other = `other-${randomBytes(3).toString('hex')}`;
const third = `third-${randomBytes(3).toString('hex')}`;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { maxRetryInterval: '200ms' } });
  for (const name of [other, third]) {
    await world.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
}, 60_000);
afterAll(() => world?.stop());
afterEach(() => expectCleanBroker(world));

const idOf = ({ status }: ServiceInstance): string => status?.instanceID ?? '';
const sent = () =>
  world.broker.requests.map(({ operation }) => operation).filter((operation) => operation !== 'catalog');

async function take(namespace: string, externalID: string): Promise<void> {
  await world.client.create(serviceInstances, {
    apiVersion,
    kind: 'ServiceInstance',
    metadata: { name: 'moved', namespace, annotations: { [adoptAnnotation]: 'true' } },
    spec: {
      clusterServiceClassExternalName: 'postgresql',
      clusterServicePlanExternalName: 'small',
      externalID,
    },
  } as KubeObject);
}

async function until(
  namespace: string,
  condition: (instance: ServiceInstance) => boolean,
): Promise<ServiceInstance> {
  let last: ServiceInstance | undefined;
  const found = await waitFor(
    async () => {
      last = await world.client.get<ServiceInstance>(serviceInstances, { namespace, name: 'moved' });
      return condition(last) ? last : undefined;
    },
    { timeoutMs: 45_000, describe: () => `moved in ${namespace}: ${JSON.stringify(last?.status)}` },
  );
  return found;
}

async function remove(namespace: string): Promise<void> {
  const ref = { namespace, name: 'moved' };
  await world.client.delete(serviceInstances, ref);
  await waitFor(
    async () => {
      const { items } = await world.client.list(serviceInstances, { namespace });
      return items.length === 0;
    },
    { timeoutMs: 45_000, describe: 'it is gone' },
  );
}

describe('an instance that is released to another namespace', () => {
  it('is adopted there with its service, without a word to the broker, and by nobody else', async () => {
    const db = await readyInstance(world, 'db');
    await annotate(world, 'db', { [releaseToAnnotation]: other });
    await world.createBinding('db', 'db');
    await world.binding('db', isReady, 'is ready');
    // While the one lives, the other waits.
    await take(other, idOf(db));
    await until(other, (each) => readyReason(each) === 'IdHeldByAnother');
    world.broker.forget();
    await world.remove(serviceInstances, 'db');
    await world.remove(serviceBindings, 'db');
    await world.gone(serviceInstances, 'db');
    const moved = await until(other, isReady);
    expect(idOf(moved)).toBe(idOf(db));
    expect(readyReason(moved)).toBe('AdoptedSuccessfully');
    expect(sent()).toEqual(['unbind', 'getInstance']);
    await remove(other);
    expect(sent()).toEqual(['unbind', 'getInstance', 'deprovision']);
  });

  it('is for that namespace alone', async () => {
    const db = await readyInstance(world, 'db');
    await annotate(world, 'db', { [releaseToAnnotation]: other });
    await removeInstance(world, 'db');
    world.broker.forget();
    await take(third, idOf(db));
    await until(third, (each) => readyReason(each) === 'IdRetained');
    await remove(third);
    expect(sent()).toEqual([]);
    await take(other, idOf(db));
    await until(other, isReady);
    await remove(other);
  });

  it('stays where the record of an earlier time names another one, until that is changed', async () => {
    const first = await readyInstance(world, 'db');
    await annotate(world, 'db', { [deletionPolicyAnnotation]: 'retain' });
    await removeInstance(world, 'db');
    await world.createInstance('db', { externalID: idOf(first) }, { [adoptAnnotation]: 'true' });
    await world.instance('db', isReady, 'is ready');
    await annotate(world, 'db', { [releaseToAnnotation]: other });
    world.broker.forget();
    await world.remove(serviceInstances, 'db');
    const waiting = await world.instance('db', (each) => readyReason(each) === 'ReleaseRefused', 'waits');
    const message = findCondition(waiting.status?.conditions, 'Ready')?.message ?? '';
    const [, namespace = '', name = ''] = /ConfigMap "([^/]+)\/([^"]+)"/u.exec(message) ?? [];
    await world.client.patch<ConfigMapObject>(
      configMaps,
      { namespace, name },
      { data: { namespace: other } },
      { type: 'merge' },
    );
    await annotate(world, 'db', { seen: 'yes' });
    await world.gone(serviceInstances, 'db');
    await take(other, idOf(first));
    await until(other, isReady);
    expect(sent()).toEqual(['getInstance']);
    await remove(other);
  });

  it.each([
    ['is no name', { [releaseToAnnotation]: 'Other/db' }],
    ['is not what the policy says', { [releaseToAnnotation]: other, [deletionPolicyAnnotation]: 'delete' }],
  ])('waits with its deletion where that %s', async (_case, annotations) => {
    await readyInstance(world, 'db');
    await annotate(world, 'db', annotations);
    world.broker.forget();
    await world.remove(serviceInstances, 'db');
    await world.instance('db', (each) => readyReason(each) === 'DeletionPolicyUnclear', 'waits');
    expect(sent()).toEqual([]);
    await annotate(world, 'db', { [releaseToAnnotation]: null });
    await world.gone(serviceInstances, 'db');
    expect(sent()).toEqual(['deprovision']);
  });
});
