import { reclaimAnnotation } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { requestedName } from '../../../src/api/requested-identity.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import {
  deployments,
  namespaces,
  pods,
  secrets,
  statefulSets,
  type Resource,
} from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import {
  annotateTemplate,
  anotherGoes,
  deployed,
  deployWithPods,
  getsItsTime,
  goes,
  isSame,
  isTold,
  letGo,
  lose,
  losesItsTime,
  podsAreGoing,
  provisioned,
  reclaiming,
  restore,
  serviceOf,
  stands,
  watchful,
} from './kept-services.ts';
import { asking, deploy, requestedFor } from './requested-services.ts';

const bind = (name: string): string => `bind.servicecatalog.k8s.io/${name}`;
const share = (name: string): string => `share.bind.servicecatalog.k8s.io/${name}`;

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: watchful });
}, 90_000);
afterAll(() => world?.stop());

describe('a requested service stays, and so does its login,', () => {
  it('with a typo on its running workload', async () => {
    const service = await deployed(world, 'typo', 'db');
    await annotateTemplate(world, 'typo', { [bind('db')]: 'requst/postgresql/small' });
    await anotherGoes(world);
    await stands(world, service);
    await annotateTemplate(world, 'typo', {
      [bind('db')]: null,
      'bnd.servicecatalog.k8s.io/db': 'request/postgresql/small',
    });
    await anotherGoes(world);
    await stands(world, service);
  }, 120_000);

  it('with another plan and other parameters', async () => {
    const service = await deployed(world, 'edited', 'db');
    await annotateTemplate(world, 'edited', {
      [bind('db')]: 'request/postgresql/large',
      'params.bind.servicecatalog.k8s.io/db': '{"size":2}',
    });
    await anotherGoes(world);
    await stands(world, service);
  }, 120_000);

  it('when its workload is deleted and applied again', async () => {
    const service = await deployed(world, 'again', 'db');
    const { instance, login } = service;
    await world.remove(deployments, 'again');
    await getsItsTime(world, serviceInstances, instance.metadata.name);
    await getsItsTime(world, serviceBindings, login.metadata.name);
    await deploy(world, 'again', asking('db'));
    await losesItsTime(world, serviceInstances, instance.metadata.name);
    await losesItsTime(world, serviceBindings, login.metadata.name);
    await stands(world, service);
  }, 120_000);

  it('when its workload is replaced by force', async () => {
    const service = await deployed(world, 'forced', 'db');
    const manifest = await world.client.get<KubeObject>(deployments, {
      namespace: world.namespace,
      name: 'forced',
    });
    const { name, namespace } = manifest.metadata;
    const text = JSON.stringify({ ...manifest, status: undefined, metadata: { name, namespace } });
    expect(await world.controlPlane.kubectl(['replace', '--force', '-f', '-'], text)).toMatchObject({
      code: 0,
    });
    await anotherGoes(world);
    await losesItsTime(world, serviceInstances, service.instance.metadata.name);
    await losesItsTime(world, serviceBindings, service.login.metadata.name);
    await stands(world, service);
  }, 120_000);

  it('when its StatefulSet goes without its Pods and comes back', async () => {
    const names = await deployWithPods(world, 'set', 'db', {
      resource: statefulSets,
      more: reclaiming('db', '1s'),
      isInjected: true,
    });
    const service = await serviceOf(world, names, '1s');
    const ref = { namespace: world.namespace, name: 'set' };
    await world.client.delete(statefulSets, ref, { propagationPolicy: 'Orphan' });
    await world.gone(statefulSets, 'set');
    await anotherGoes(world);
    await stands(world, service);
    await deploy(world, 'set', { ...asking('db'), ...reclaiming('db', '1s') }, statefulSets);
    await letGo(world, 'set');
    await anotherGoes(world);
    await stands(world, service);
  }, 120_000);

  it('while a Pod of its workload is in its grace period', async () => {
    const names = await deployWithPods(world, 'grace', 'db', { more: reclaiming('db', '1s') });
    const service = await serviceOf(world, names, '1s');
    await world.remove(deployments, 'grace');
    await podsAreGoing(world, 'grace');
    await anotherGoes(world);
    await stands(world, service);
    await letGo(world, 'grace');
    await goes(world, names.instance);
    await world.gone(serviceBindings, names.login);
  }, 120_000);

  it('when its workload is renamed and says whose it was', async () => {
    const { instance } = await deployed(world, 'old-name', 'db', reclaiming('db', '1s'));
    await deploy(world, 'new-name', { ...asking('db'), [share('db')]: 'Deployment/old-name' });
    await loginAt('new-name', instance.metadata.name);
    await world.remove(deployments, 'old-name');
    await anotherGoes(world);
    await provisioned(world, instance);
  }, 120_000);

  it('when one of two who share it goes (63)', async () => {
    const shared = { ...asking('db'), [share('db')]: 'money', ...reclaiming('db', '1s') };
    await deploy(world, 'first', shared);
    await deploy(world, 'second', shared);
    const name = requestedName(world.namespace, { of: 'share', share: 'money', class: 'postgresql' });
    const instance = await world.instance(name, isReady, 'is ready');
    const login = await loginAt('second', name);
    await world.remove(deployments, 'first');
    await anotherGoes(world);
    await provisioned(world, instance);
    await isSame(world, serviceBindings, login);
    await world.remove(deployments, 'second');
    await goes(world, name);
  }, 120_000);

  it('for the Pods of before, when its workload asks for another class', async () => {
    const names = await deployWithPods(world, 'class', 'db', { more: reclaiming('db', '12h') });
    const service = await serviceOf(world, names, '12h');
    await annotateTemplate(world, 'class', { [bind('db')]: 'request/cache/default' });
    await anotherGoes(world);
    await stands(world, service);
  }, 120_000);

  it('while a Pod of anybody names its Secret', async () => {
    const service = await deployed(world, 'named', 'db', reclaiming('db', '1s'));
    const { name } = service.login.metadata;
    const containers = [
      { name: 'main', image: 'registry.example.com/app:1', envFrom: [{ secretRef: { name } }] },
    ];
    await world.client.create(pods, {
      metadata: { namespace: world.namespace, name: 'by-hand' },
      spec: { containers },
    } as KubeObject);
    await world.remove(deployments, 'named');
    await anotherGoes(world);
    await stands(world, service);
    await world.remove(pods, 'by-hand');
    await goes(world, service.instance.metadata.name);
  }, 120_000);
});

it('a requested service that comes back from a backup before its workload begins anew, and is taken up', async () => {
  const { instance, login } = await deployed(world, 'restored', 'db');
  await world.remove(deployments, 'restored');
  await getsItsTime(world, serviceInstances, instance.metadata.name);
  await getsItsTime(world, serviceBindings, login.metadata.name);
  const backup: readonly [Resource, KubeObject][] = await Promise.all(
    ([secrets, serviceInstances, serviceBindings] as const).map(async (resource) => {
      const { name } = resource === serviceInstances ? instance.metadata : login.metadata;
      return [
        resource,
        await world.client.get<KubeObject>(resource, { namespace: world.namespace, name }),
      ] as const;
    }),
  );
  await world.stopControllers();
  try {
    for (const lost of backup.toReversed()) await lose(world, ...lost);
    for (const [resource, object] of backup) await restore(world, resource, object);
  } finally {
    world.startControllers();
  }
  const restored = await getsItsTime(world, serviceInstances, instance.metadata.name);
  expect(restored.metadata.uid).not.toBe(instance.metadata.uid);
  await deploy(world, 'restored', asking('db'));
  await losesItsTime(world, serviceInstances, instance.metadata.name);
  await losesItsTime(world, serviceBindings, login.metadata.name);
  const service = await serviceOf(world, requestedFor(world.namespace, 'restored', 'db'));
  await stands(world, service);
  expect(service.instance.status?.instanceID).toBe(instance.status?.instanceID);
  expect(service.login.status?.bindingID).toBe(login.status?.bindingID);
}, 120_000);

it('people are told what becomes of a requested service', async () => {
  using _ = world.undisturbed('what was not told yet ends with the process');
  const { instance } = await deployed(world, 'told', 'db', reclaiming('db', '1h'));
  const { name } = instance.metadata;
  await world.remove(deployments, 'told');
  await isTold(world, name, 'ReclaimScheduled', /deleted with its data at 20\d\d-/);
  await deploy(world, 'told', { ...asking('db'), ...reclaiming('db', '1s') });
  await isTold(world, name, 'ReclaimCancelled', /Deployment "told" asks for it/);
  await serviceOf(world, requestedFor(world.namespace, 'told', 'db'), '1s');
  await world.remove(deployments, 'told');
  await isTold(world, name, 'Reclaimed', /nobody has asked for it/);
}, 120_000);

describe('a requested service gets a time', () => {
  it('that its namespace says', async () => {
    using _ = world.undisturbed('the last word of a workload is heard by the process that sees it go');
    const ref = { name: world.namespace };
    const say = (policy: string | null): Promise<KubeObject> =>
      world.client.patch(
        namespaces,
        ref,
        { metadata: { annotations: { [reclaimAnnotation]: policy } } },
        { type: 'merge' },
      );
    await say('keep');
    const { instance } = await deployed(world, 'said', 'db');
    await world.remove(deployments, 'said');
    await anotherGoes(world);
    await isSame(world, serviceInstances, instance);
    await say('30d');
    await getsItsTime(world, serviceInstances, instance.metadata.name);
  }, 120_000);
});

describe('a requested service that is to be deleted at once', () => {
  it('goes after the last Pod', async () => {
    using _ = world.undisturbed('the last word of a workload is heard by the process that sees it go');
    const names = await deployWithPods(world, 'brief', 'db', { more: reclaiming('db', 'delete') });
    const service = await serviceOf(world, names, 'delete');
    await world.remove(deployments, 'brief');
    await podsAreGoing(world, 'brief');
    await anotherGoes(world);
    await stands(world, service);
    await letGo(world, 'brief');
    await world.gone(serviceBindings, names.login);
    await world.gone(serviceInstances, names.instance);
  }, 120_000);

  it('does not go before its workload is gone', async () => {
    const { instance } = await deployed(world, 'there', 'db', reclaiming('db', 'delete'));
    const ref = { namespace: world.namespace, name: 'there' };
    const asksNoMore = { template: { metadata: { annotations: null } }, replicas: 0 };
    await world.client.patch(deployments, ref, { spec: asksNoMore }, { type: 'merge' });
    await anotherGoes(world);
    await provisioned(world, instance);
    await world.remove(deployments, 'there');
    const kept = await getsItsTime(world, serviceInstances, instance.metadata.name);
    expect(kept.metadata.annotations?.[reclaimAnnotation]).toBeUndefined();
  }, 120_000);

  it('is kept for the longer time when that was taken back while nobody looked', async () => {
    const { instance } = await deployed(world, 'unseen', 'db', reclaiming('db', 'delete'));
    await world.stopControllers();
    try {
      await annotateTemplate(world, 'unseen', reclaiming('db', 'keep'));
      await world.remove(deployments, 'unseen');
      await world.gone(deployments, 'unseen');
    } finally {
      world.startControllers();
    }
    const kept = await getsItsTime(world, serviceInstances, instance.metadata.name);
    expect(kept.metadata.annotations?.[reclaimAnnotation]).toBeUndefined();
    await anotherGoes(world);
    expect(world.broker.liveInstances().map(({ id }) => id)).toContain(instance.status?.instanceID);
  }, 120_000);
});

/** The login of a Deployment at an instance that is not its own. */
async function loginAt(workload: string, instance: string): Promise<KubeObject> {
  const of = { kind: 'Deployment', name: workload };
  const identity = { of: 'login', workload: of, binding: 'db', instance, parameters: '' } as const;
  return world.binding(requestedName(world.namespace, identity), isReady, 'is ready');
}
