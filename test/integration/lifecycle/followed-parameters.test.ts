import { findCondition, isConditionTrue } from '../../../src/api/conditions.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { followParametersAnnotation } from '../../../src/api/group.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import { secrets } from '../../../src/kube/resources.ts';
import type { RecordedRequest } from '../../support/test-broker/recorded-request.ts';
import { waitFor } from '../../support/wait-for.ts';
import { isFailed, isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { annotate, changeSpec, expectCleanBroker, removeInstance, settled } from './instance-actions.ts';

const userInfo = { username: 'jane', uid: 'u-1' };
const followed = { [followParametersAnnotation]: 'enabled' };

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { secretCheckInterval: '300ms', maxPollInterval: '50ms' } });
}, 60_000);
afterAll(() => world?.stop());
afterEach(() => expectCleanBroker(world));

function dataOf(parameters: object | string): Readonly<Record<string, string>> {
  const text = typeof parameters === 'string' ? parameters : JSON.stringify(parameters);
  return { json: Buffer.from(text).toString('base64') };
}

async function make(
  name: string,
  parameters: object,
  annotations: Readonly<Record<string, string>> = followed,
): Promise<ServiceInstance> {
  await putSecret(name, parameters);
  const parametersFrom = [{ secretKeyRef: { name, key: 'json' } }];
  await world.createInstance(name, { userInfo, parameters: { size: 1 }, parametersFrom }, annotations);
  return world.instance(name, isReady, 'is ready');
}

async function putSecret(name: string, parameters: object): Promise<void> {
  const metadata = { namespace: world.namespace, name };
  await world.client.create<SecretObject>(secrets, { metadata, data: dataOf(parameters) });
}

/** @returns the version that the edit made: nobody else may write the Secret */
async function edit(name: string, parameters: object | string): Promise<string | undefined> {
  const ref = { namespace: world.namespace, name };
  const change = { data: dataOf(parameters) };
  const { metadata } = await world.client.patch<SecretObject>(secrets, ref, change, { type: 'merge' });
  return metadata.resourceVersion;
}

async function cleanUp(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await removeInstance(world, name);
    if ((await world.find(secrets, name)) !== undefined) await world.remove(secrets, name);
  }
}

const idOf = ({ spec, status }: ServiceInstance): string => status?.instanceID ?? spec.externalID ?? '';

function updatesOf(instance: ServiceInstance): readonly RecordedRequest[] {
  return world.broker.requestsOf('update').filter(({ instanceId }) => instanceId === idOf(instance));
}

function sentTo(instance: ServiceInstance): readonly unknown[] {
  return updatesOf(instance).map(({ body }) => (body as { readonly parameters?: unknown }).parameters);
}

async function sent(instance: ServiceInstance, parameters: object): Promise<void> {
  await waitFor(() => JSON.stringify(sentTo(instance).at(-1)) === JSON.stringify(parameters), {
    timeoutMs: 45_000,
    describe: () => `${JSON.stringify(parameters)} are sent, after ${JSON.stringify(sentTo(instance))}`,
  });
}

/** All Secrets of the namespace have been looked at: one that was changed twice has been sent twice. */
async function rounds(name: string): Promise<void> {
  const clock = await make(name, { tick: 0 });
  for (const tick of [1, 2]) {
    await edit(name, { tick });
    await sent(clock, { tick, size: 1 });
    await settled(world, name);
  }
  await cleanUp(name);
}

function unfollowed({ status }: ServiceInstance): string {
  return findCondition(status?.conditions, 'ParametersNotFollowed')?.message ?? '';
}

describe('a changed Secret of parameters', () => {
  it('is an update in no name, once, and nobody writes the Secret', async () => {
    const db = await make('db', { password: 'first' });
    const version = await edit('db', { password: 'second' });
    await sent(db, { password: 'second', size: 1 });
    const after = await settled(world, 'db');
    expect(isReady(after)).toBe(true);
    expect(updatesOf(db)[0]?.identity).toBeUndefined();
    expect(updatesOf(db)[0]?.body).not.toHaveProperty('plan_id');
    expect(after.status?.externalProperties?.userInfo).toMatchObject(userInfo);
    expect(after.status).not.toHaveProperty('toldParameterChecksum');
    await rounds('clock-once');
    expect(updatesOf(db)).toHaveLength(1);
    expect((await world.find(secrets, 'db'))?.metadata.resourceVersion).toBe(version);

    await changeSpec(world, 'db', { parameters: { size: 2 } });
    await sent(db, { password: 'second', size: 2 });
    expect(updatesOf(db)[1]?.identity?.value).toMatchObject(userInfo);
    await settled(world, 'db');
    await cleanUp('db');
  });

  it('is none where nobody asked for it, until somebody does', async () => {
    const quiet = await make('quiet', { password: 'first' }, { [followParametersAnnotation]: 'disabled' });
    await edit('quiet', { password: 'second' });
    await rounds('clock-quiet');
    expect(updatesOf(quiet)).toEqual([]);
    await annotate(world, 'quiet', followed);
    await sent(quiet, { password: 'second', size: 1 });
    await settled(world, 'quiet');
    await cleanUp('quiet');
  });

  it('H24 that the broker refuses is tried once, also after a restart; other content is tried anew', async () => {
    const picky = await make('picky', { password: 'first' });
    const body = { description: 'too short' };
    world.broker.script({ operation: 'update' }, { kind: 'answer', status: 400, body });
    await edit('picky', { password: 'x' });
    const refused = await world.instance('picky', isFailed, 'is refused');
    expect(isReady(refused)).toBe(true);
    expect(findCondition(refused.status?.conditions, 'Stalled')?.message).toContain('too short');
    await rounds('clock-refused');
    await world.stopControllers();
    world.startControllers();
    await rounds('clock-restart');
    expect(sentTo(picky)).toEqual([{ password: 'x', size: 1 }]);

    await edit('picky', { password: 'long enough' });
    await sent(picky, { password: 'long enough', size: 1 });
    expect(isFailed(await settled(world, 'picky'))).toBe(false);
    await cleanUp('picky');
  }, 120_000);

  it('H24 that is put back after a refusal is no request, and nothing is stalled any more', async () => {
    const back = await make('back', { password: 'first' });
    world.broker.script({ operation: 'update' }, { kind: 'answer', status: 422, body: {} });
    await edit('back', { password: 'x' });
    await world.instance('back', isFailed, 'is refused');
    await edit('back', { password: 'first' });
    const isHealed = (each: ServiceInstance): boolean => isReady(each) && !isFailed(each);
    await world.instance('back', isHealed, 'is as it was');
    expect(updatesOf(back)).toHaveLength(1);
    await cleanUp('back');
  });

  it('H24 is sent until the broker takes it, with what the Secret has by then', async () => {
    const late = await make('late', { password: 'first' });
    world.broker.script({ operation: 'update' }, { kind: 'answer', status: 503 }, 2);
    await edit('late', { password: 'second' });
    await world.instance('late', ({ status }) => Boolean(status?.nextAttemptTime), 'is tried again');
    await edit('late', { password: 'third' });
    await sent(late, { password: 'third', size: 1 });
    expect(isReady(await settled(world, 'late'))).toBe(true);
    await cleanUp('late');
  });

  it('P12 that is accepted and fails later is tried once', async () => {
    const slow = await make('slow', { password: 'first' });
    world.broker.script({ operation: 'update' }, { kind: 'async', polls: 1, result: 'failed' });
    await edit('slow', { password: 'x' });
    await world.instance('slow', isFailed, 'has failed');
    await rounds('clock-slow');
    expect(sentTo(slow)).toEqual([{ password: 'x', size: 1 }]);
    await cleanUp('slow');
  });

  it('is seen by the next process when there was none, and once when one dies in the middle', async () => {
    const away = await make('away', { password: 'first' });
    await world.stopControllers();
    await edit('away', { password: 'second' });
    world.startControllers();
    await sent(away, { password: 'second', size: 1 });
    await settled(world, 'away');
    expect(updatesOf(away)).toHaveLength(1);

    world.broker.script({ operation: 'update' }, { kind: 'delay', ms: 1500 });
    await edit('away', { password: 'third' });
    await waitFor(() => updatesOf(away).length === 2, { timeoutMs: 45_000, describe: 'the request arrived' });
    await world.stopControllers();
    world.startControllers();
    await settled(world, 'away');
    await rounds('clock-away');
    const third = { password: 'third', size: 1 };
    const repeated = sentTo(away).slice(1);
    expect(repeated.length).toBeLessThanOrEqual(2);
    expect(repeated).toEqual(repeated.map(() => third));
    await cleanUp('away');
  }, 120_000);
});

describe('a Secret of parameters that can not be read', () => {
  it('is told and changes nothing; what comes back the same is no update', async () => {
    const lost = await make('lost', { password: 'first' });
    await world.remove(secrets, 'lost');
    const told = await world.instance('lost', (each) => unfollowed(each) !== '', 'is told');
    expect(unfollowed(told)).toContain(`Secret "${world.namespace}/lost" does not exist`);
    expect(isReady(told)).toBe(true);
    await putSecret('lost', { password: 'first' });
    await world.instance('lost', (each) => unfollowed(each) === '', 'is told no more');

    await edit('lost', '{"password": "se');
    const broken = await world.instance('lost', (each) => unfollowed(each) !== '', 'is told');
    expect(unfollowed(broken)).toContain('does not hold a JSON object');
    expect(unfollowed(broken)).not.toContain('se"');
    await rounds('clock-lost');
    expect(updatesOf(lost)).toEqual([]);
    await annotate(world, 'lost', { [followParametersAnnotation]: null });
    await world.instance('lost', (each) => unfollowed(each) === '', 'is told no more');
    await cleanUp('lost');
  });
});

it('a word that nobody knows is told, and follows nothing', async () => {
  const odd = await make('odd', { password: 'first' }, { [followParametersAnnotation]: 'yes' });
  const told = await world.instance('odd', (each) => unfollowed(each) !== '', 'is told');
  expect(unfollowed(told)).toContain('write "enabled" or "disabled"');
  await edit('odd', { password: 'second' });
  await rounds('clock-odd');
  expect(updatesOf(odd)).toEqual([]);
  await cleanUp('odd');
});

it('a lost key of checksums is no change, and later changes are seen', async () => {
  const kept = await make('kept', { password: 'first' });
  const checksum = ({ status }: ServiceInstance): string =>
    status?.externalProperties?.parameterChecksum ?? '';
  await world.stopControllers();
  await world.remove(secrets, 'kept').then(() => putSecret('kept', { password: 'first' }));
  await world.client.delete(secrets, { namespace: 'default', name: 'bindery-checksum-key' });
  world.startControllers();
  const noted = await world.instance('kept', (each) => checksum(each) !== checksum(kept), 'is noted anew');
  expect(isConditionTrue(noted.status?.conditions, 'Ready')).toBe(true);
  expect(updatesOf(kept)).toEqual([]);
  await edit('kept', { password: 'second' });
  await sent(kept, { password: 'second', size: 1 });
  await settled(world, 'kept');
  await cleanUp('kept');
});
