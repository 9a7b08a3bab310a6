import { findCondition } from '../../../src/api/conditions.ts';
import { followParametersAnnotation } from '../../../src/api/group.ts';
import { serviceInstances } from '../../../src/api/kinds.ts';
import { deployments, secrets } from '../../../src/kube/resources.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { asking, byAlice, deploy, reask, requestedFor, inUse } from './requested-services.ts';
import { isToldOn } from './told.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { secretCheckInterval: '300ms' } });
}, 90_000);
afterEach(() => world.broker.forget());
afterAll(() => world?.stop());

const bind = (name: string): string => `bind.servicecatalog.k8s.io/${name}`;
const params = (name: string): string => `params.bind.servicecatalog.k8s.io/${name}`;

/** What the broker has of the service, and by which login. */
async function rows(name: string) {
  const names = requestedFor(world.namespace, name, name);
  const instance = await world.instance(names.instance, isReady, 'is ready');
  const binding = await world.binding(names.login, isReady, 'is ready');
  const live = world.broker.liveInstances().find(({ id }) => id === instance.status?.instanceID);
  const secret = await world.secret(names.login);
  return {
    uid: instance.metadata.uid,
    id: live?.id,
    login: binding.status?.bindingID ?? binding.spec.externalID,
    secret,
  };
}

/** The broker was asked to take nothing away, and to make nothing anew. */
function nothingIsLost(): void {
  for (const operation of ['provision', 'deprovision', 'bind', 'unbind'] as const) {
    expect(world.broker.requestsOf(operation)).toEqual([]);
  }
  expect(world.broker.violations).toEqual([]);
}

async function hasPlan(name: string, planID: RegExp): Promise<void> {
  const { instance } = requestedFor(world.namespace, name, name);
  await world.instance(
    instance,
    (one) =>
      isReady(one) && planID.test(String(one.status?.externalProperties?.clusterServicePlanExternalName)),
    `has plan ${planID.source}`,
  );
}

describe('an edit of what a workload asks for', () => {
  it('of the shape reaches the Secret of the same login, and a typo changes nothing', async () => {
    const shape = 'shape.bind.servicecatalog.k8s.io/forms';
    await deploy(world, 'forms', { ...asking('forms'), [shape]: 'user=username' });
    const { login } = requestedFor(world.namespace, 'forms', 'forms');
    await world.binding(login, isReady, 'is ready');
    const before = await rows('forms');
    expect(before.secret).toMatchObject({ user: 'app', username: 'app' });
    world.broker.forget();

    await reask(world, 'forms', { [shape]: 'user=usrname,what is this' });
    await reask(world, 'forms', { [shape]: 'json=all.json' });
    await world.binding(login, ({ status }) => status?.secret?.shape === 'json=all.json', 'is shaped');
    const after = await rows('forms');
    expect(JSON.parse(after.secret['all.json'] ?? '')).toMatchObject({ username: 'app', port: 5432 });
    const { 'all.json': _document, ...others } = after.secret;
    const { user: _alias, ...own } = before.secret;
    expect(others).toEqual(own);
    expect({ ...after, secret: 0 }).toEqual({ ...before, secret: 0 });
    await isToldOn(world, 'forms', /^Requested: ServiceBinding "forms-[^"]*" with another shape$/);

    await reask(world, 'forms', { [shape]: null });
    await world.binding(login, ({ status }) => status?.secret === undefined, 'has no shape');
    expect((await rows('forms')).secret).toEqual(own);
    nothingIsLost();
  });

  it('of the plan reaches the same service, and the login goes on', async () => {
    await inUse(world, 'grows', 'grows');
    const before = await rows('grows');
    world.broker.forget();
    await reask(world, 'grows', { [bind('grows')]: 'request/postgresql/large' });
    await hasPlan('grows', /^large$/);
    await isToldOn(world, 'grows', /^Requested: ServiceInstance "grows-grows-[^"]*" with plan "large"$/);
    await isToldOn(world, 'grows', /^Bound: .*plan "large" of "postgresql"$/);
    expect(await rows('grows')).toEqual(before);
    nothingIsLost();
    expect(world.broker.requestsOf('update')).toHaveLength(1);

    await reask(world, 'grows', { [bind('grows')]: 'request/postgresql/small' });
    await hasPlan('grows', /^small$/);
    expect(await rows('grows')).toEqual(before);
    nothingIsLost();
  });

  it('of the parameters reaches the same service: inline, in a Secret, and none', async () => {
    const key = bind('tuned');
    await deploy(world, 'tuned', {
      [key]: 'request/postgresql/small',
      [params('tuned')]: '{"size":"1","a":{"b":null}}',
    });
    const before = await rows('tuned');
    world.broker.forget();
    const sent = async (count: number): Promise<unknown> => {
      const { instance } = requestedFor(world.namespace, 'tuned', 'tuned');
      await world.instance(
        instance,
        ({ metadata, status }) =>
          status?.reconciledGeneration === metadata.generation &&
          world.broker.requestsOf('update').length >= count,
        `has been updated ${count} times`,
      );
      return (world.broker.requestsOf('update').at(-1)?.body as { parameters?: unknown } | undefined)
        ?.parameters;
    };
    await reask(world, 'tuned', { [params('tuned')]: '{"size":"2"}' });
    expect(await sent(1)).toEqual({ size: '2' });
    await world.client.create<SecretObject>(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: world.namespace, name: 'tuning' },
      data: { json: Buffer.from('{"size":"3"}').toString('base64') },
    });
    await reask(world, 'tuned', { [params('tuned')]: 'secret:tuning/json' });
    expect(await sent(2)).toEqual({ size: '3' });
    const followed = { metadata: { annotations: { [followParametersAnnotation]: 'enabled' } } };
    const ref = {
      namespace: world.namespace,
      name: requestedFor(world.namespace, 'tuned', 'tuned').instance,
    };
    await world.client.patch(serviceInstances, ref, followed, { type: 'merge' });
    const data = { json: Buffer.from('{"size":"4"}').toString('base64') };
    await world.client.patch(secrets, { ...ref, name: 'tuning' }, { data }, { type: 'merge' });
    expect(await sent(3)).toEqual({ size: '4' });
    await reask(world, 'tuned', { [params('tuned')]: null });
    expect(await sent(4)).toEqual({});
    expect((await world.find(serviceInstances, ref.name))?.metadata.annotations).toMatchObject(
      followed.metadata.annotations,
    );
    expect(await rows('tuned')).toEqual(before);
    nothingIsLost();
  });

  it('of large parameters is compared with what the API server has', async () => {
    const long = (letter: string): string => JSON.stringify({ size: letter.repeat(6_000) });
    await deploy(world, 'fat', { [bind('fat')]: 'request/postgresql/small', [params('fat')]: long('a') });
    const before = await rows('fat');
    world.broker.forget();
    await reask(world, 'fat', { [params('fat')]: long('b') });
    const { instance } = requestedFor(world.namespace, 'fat', 'fat');
    await world.instance(
      instance,
      ({ metadata, status }) =>
        status?.reconciledGeneration === metadata.generation && (metadata.generation ?? 0) > 1,
      'is updated',
    );
    expect(await rows('fat')).toEqual(before);
    nothingIsLost();
  });

  it('that the broker refuses is told on the workload, and what it had goes on', async () => {
    await inUse(world, 'refused', 'refused');
    const before = await rows('refused');
    world.broker.forget();
    world.broker.script(
      { operation: 'update' },
      { kind: 'answer', status: 400, body: { description: 'no room for a large one' } },
    );
    await reask(world, 'refused', { [bind('refused')]: 'request/postgresql/large' });
    await isToldOn(world, 'refused', /^Blocked: ServiceInstance "refused-.*no room for a large one/);
    expect(await rows('refused')).toEqual(before);
    nothingIsLost();
    await reask(world, 'refused', { [bind('refused')]: 'request/postgresql/small' });
    const { instance } = requestedFor(world.namespace, 'refused', 'refused');
    await world.instance(
      instance,
      (one) => isReady(one) && findCondition(one.status?.conditions, 'Stalled') === undefined,
      'is well again',
    );
    nothingIsLost();
  });

  it('of the plan to one that is unknown is told on the workload (61), and taken back without a word to the broker', async () => {
    await inUse(world, 'unknown', 'unknown');
    const before = await rows('unknown');
    world.broker.forget();
    await reask(world, 'unknown', { [bind('unknown')]: 'request/postgresql/lrge' });
    await isToldOn(world, 'unknown', /^Blocked: ServiceInstance "unknown-.*"lrge"/);
    expect(await rows('unknown')).toEqual(before);
    await reask(world, 'unknown', { [bind('unknown')]: 'request/postgresql/small' });
    const { instance } = requestedFor(world.namespace, 'unknown', 'unknown');
    await world.instance(
      instance,
      ({ spec, status, metadata }) =>
        spec.clusterServicePlanExternalName === 'small' &&
        status?.reconciledGeneration === metadata.generation,
      'has its plan back',
    );
    nothingIsLost();
    expect(world.broker.requestsOf('update')).toEqual([]);
  });

  it('does not lead to a plan that makes no logins: that is told on the workload (61)', async () => {
    await inUse(world, 'unbindable', 'unbindable');
    const before = await rows('unbindable');
    world.broker.forget();
    await reask(world, 'unbindable', { [bind('unbindable')]: 'request/postgresql/fixed' });
    await isToldOn(world, 'unbindable', /^Blocked: .* stays as it is: .*plan "fixed" can not be bound/);
    expect(await rows('unbindable')).toEqual(before);
    expect(world.broker.requestsOf('update')).toEqual([]);
    nothingIsLost();
  });

  it('of the instance instead, by hand, is taken back', async () => {
    await inUse(world, 'by-hand', 'by-hand');
    const before = await rows('by-hand');
    const { instance } = requestedFor(world.namespace, 'by-hand', 'by-hand');
    const spec = {
      clusterServicePlanExternalName: 'large',
      clusterServicePlanRef: null,
      parameters: { size: '9' },
    };
    const ref = { namespace: world.namespace, name: instance };
    const { metadata } = await world.client.patch(serviceInstances, ref, { spec }, { type: 'merge' });
    const after = await world.instance(
      instance,
      (one) =>
        one.status?.reconciledGeneration === one.metadata.generation &&
        (one.metadata.generation ?? 0) > (metadata.generation ?? 0) &&
        one.spec.clusterServicePlanExternalName === 'small',
      'is as its workload asks',
    );
    expect(after.spec.parameters).toBeUndefined();
    expect(await rows('by-hand')).toEqual(before);
  });

  it('is asked for by whoever made it', async () => {
    await inUse(world, 'handed-over', 'handed-over');
    world.broker.forget();
    const bob = { 'servicecatalog.k8s.io/requested-by': 'bob' };
    await reask(world, 'handed-over', { [bind('handed-over')]: 'request/postgresql/large' }, bob);
    await hasPlan('handed-over', /^large$/);
    expect(world.broker.requestsOf('update').map(({ identity }) => identity?.value)).toEqual([
      expect.objectContaining({ username: 'bob' }),
    ]);
  });

  it('of the class is another service, and the workload is told which one is kept', async () => {
    const { metadata } = await inUse(world, 'moved', 'moved');
    await reask(world, 'moved', { [bind('moved')]: 'request/cache/default' });
    await isToldOn(world, 'moved', new RegExp(`^Kept: ServiceInstance "${metadata.name}"`));
  });
});

it('a request whose person is not known makes nothing, until somebody annotates anew', async () => {
  await deploy(world, 'nobody', asking('nobody'), deployments, {});
  await isToldOn(
    world,
    'nobody',
    /^Blocked: nobody is recorded as asking: annotate anew; `kubectl annotate deployment\/nobody servicecatalog\.k8s\.io\/requested-by=me --overwrite` writes it$/,
  );
  const { instance, login } = requestedFor(world.namespace, 'nobody', 'nobody');
  expect(await world.find(serviceInstances, instance)).toBeUndefined();
  await reask(world, 'nobody', {}, byAlice);
  await world.binding(login, isReady, 'is ready');
  await isToldOn(world, 'nobody', /^Bound: /);
  const identities = [...world.broker.requestsOf('provision'), ...world.broker.requestsOf('bind')];
  expect(identities.map(({ identity }) => identity?.value)).toEqual([
    expect.objectContaining({ username: 'alice' }),
    expect.objectContaining({ username: 'alice' }),
  ]);
});
