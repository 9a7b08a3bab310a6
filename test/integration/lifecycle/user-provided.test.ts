import { findCondition } from '../../../src/api/conditions.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { idMadeAnnotation, shapeAnnotation } from '../../../src/api/group.ts';
import {
  clusterServiceClasses,
  clusterServicePlans,
  serviceBindings,
  serviceInstances,
} from '../../../src/api/kinds.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import { secrets } from '../../../src/kube/resources.ts';
import { idOfBefore } from '../../../src/model/id-mark.ts';
import { isFailed, isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({
    flags: { secretCheckInterval: '500ms', userProvidedServices: 'true' },
  });
  await world.until(clusterServicePlans, 'bindery-user-provided-default', () => true, 'is offered');
}, 90_000);
afterAll(() => world?.stop());
afterEach(() => {
  expect(world.broker.requests.filter(({ operation }) => operation !== 'catalog')).toEqual([]);
});

const offering = {
  clusterServiceClassExternalName: 'user-provided',
  clusterServicePlanExternalName: 'default',
};

async function provided(name: string, spec: Partial<ServiceInstance['spec']>): Promise<void> {
  await world.createInstance(name, { ...offering, ...spec });
}

async function readyInstance(name: string, spec: Partial<ServiceInstance['spec']>): Promise<void> {
  await provided(name, spec);
  await world.instance(name, isReady, 'is ready');
}

async function bound(name: string, instance: string, annotations = {}): Promise<ServiceBinding> {
  await world.createBinding(name, instance, {}, annotations);
  return world.binding(name, (each) => isReady(each) && each.status?.secretContent !== undefined, 'is bound');
}

function ref(name: string): { readonly namespace: string; readonly name: string } {
  return { namespace: world.namespace, name };
}

async function keep(name: string, key: string, value: string): Promise<void> {
  const data = { [key]: Buffer.from(value).toString('base64') };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: ref(name), data };
  await world.client.create<SecretObject>(secrets, secret);
}

async function edit(name: string, key: string, value: string): Promise<void> {
  const data = { [key]: Buffer.from(value).toString('base64') };
  await world.client.patch(secrets, ref(name), { data }, { type: 'merge' });
}

async function holds(name: string, wanted: Readonly<Record<string, string>>): Promise<void> {
  const isHeld = async (): Promise<boolean> => {
    const secret = await world.find<SecretObject>(secrets, name);
    return Object.entries(wanted).every(
      ([key, value]) => Buffer.from(secret?.data?.[key] ?? '', 'base64').toString() === value,
    );
  };
  await waitFor(isHeld, { timeoutMs: 45_000, describe: `Secret ${name} holds ${JSON.stringify(wanted)}` });
}

async function change(name: string, spec: object): Promise<void> {
  await world.client.patch(serviceInstances, ref(name), { spec }, { type: 'merge' });
}

const conditionOf = (object: ServiceBinding | ServiceInstance, type: string) =>
  findCondition(object.status?.conditions, type);

describe('a user-provided service', () => {
  it('has its parameters in the Secret of a binding, as a broker would have given them', async () => {
    await readyInstance('plain', {
      parameters: { uri: 'postgresql://app:pw@db.example.com:5432/shop', pool: { size: 5 } },
    });
    await bound('plain', 'plain');
    const secret = await world.secret('plain');
    expect(secret).toMatchObject({
      uri: 'postgresql://app:pw@db.example.com:5432/shop',
      pool: '{"size":5}',
      type: 'servicebinding.io/postgresql',
      host: 'db.example.com',
      provider: 'bindery:built-in',
    });
  });

  it('takes them from the one object `credentials`, as the sample broker of Service Catalog did', async () => {
    await readyInstance('nested', { parameters: { credentials: { name: 'root', password: 'letmein' } } });
    await bound('nested', 'nested');
    const { name, password } = await world.secret('nested');
    expect({ name, password }).toEqual({ name: 'root', password: 'letmein' });
  });

  it('merges what parametersFrom names, and shows none of it', async () => {
    await keep('of-db', 'json', '{"password":"s3cr3t-of-db"}');
    await readyInstance('kept', {
      parameters: { host: 'db.example.com' },
      parametersFrom: [{ secretKeyRef: { name: 'of-db', key: 'json' } }],
    });
    await bound('kept', 'kept');
    await holds('kept', { host: 'db.example.com', password: 's3cr3t-of-db' });
    const [instance, binding] = await Promise.all([
      world.find(serviceInstances, 'kept'),
      world.find(serviceBindings, 'kept'),
    ]);
    expect(JSON.stringify([instance, binding])).not.toContain('s3cr3t-of-db');
  });

  it('waits for a Secret that is not there, and says for which', async () => {
    await provided('early', { parametersFrom: [{ secretKeyRef: { name: 'late', key: 'json' } }] });
    const waiting = await world.instance(
      'early',
      (each) => readyReason(each) === 'ErrorWithParameters',
      'says what is missing',
    );
    expect(conditionOf(waiting, 'Ready')?.message).toContain(
      `Secret "${world.namespace}/late" does not exist`,
    );
    await keep('late', 'json', '{"a":"b"}');
    await world.instance('early', isReady, 'is ready');
  });

  it('says that it has no parameters, and goes on when it has', async () => {
    await provided('bare', {});
    const failed = await world.instance('bare', isFailed, 'says so');
    expect(conditionOf(failed, 'Ready')?.message).toContain('needs parameters');
    await change('bare', { parameters: { a: 'b' } });
    await world.instance('bare', isReady, 'is ready');
  });

  it('goes on with a binding whose Secret could not be made, when the instance says something else', async () => {
    await readyInstance('named', { parameters: { 'bad key!': 'x' } });
    await world.createBinding('named', 'named');
    const waiting = await world.binding(
      'named',
      (each) =>
        readyReason(each) !== undefined &&
        !isReady(each) &&
        (conditionOf(each, 'Ready')?.message ?? '').includes('bad key!'),
      'says which',
    );
    expect(isFailed(waiting)).toBe(false);
    await change('named', { parameters: { 'bad key!': null, good: 'x' } });
    await world.binding('named', isReady, 'is ready');
    await holds('named', { good: 'x' });
  });

  it('refuses parameters of a binding instead of losing them', async () => {
    await readyInstance('strict', { parameters: { a: 'b' } });
    await world.createBinding('strict', 'strict', { parameters: { role: 'reader' } });
    const failed = await world.binding('strict', isFailed, 'says so');
    expect(conditionOf(failed, 'Ready')?.message).toContain('take no parameters');
  });

  it('has every binding follow an edit, key by key, and keeps what others put there', async () => {
    await readyInstance('edited', { parameters: { host: 'a', old: 'x' } });
    await bound('edited-1', 'edited');
    await bound('edited-2', 'edited', { [shapeAnnotation]: 'json=all' });
    await edit('edited-1', 'mine', 'stays');
    await change('edited', { parameters: { host: 'b', old: null } });
    await holds('edited-1', { host: 'b', old: '', mine: 'stays' });
    await holds('edited-2', { host: 'b', all: '{"host":"b"}' });
    const binding = await world.binding('edited-1', isReady, 'is ready still');
    expect(binding.status?.replacedBindings).toBeUndefined();
  });

  it('follows a Secret that was edited', async () => {
    await keep('rotated', 'json', '{"password":"one"}');
    await readyInstance('rotating', { parametersFrom: [{ secretKeyRef: { name: 'rotated', key: 'json' } }] });
    await bound('rotating', 'rotating');
    await edit('rotated', 'json', '{"password":"two"}');
    await holds('rotating', { password: 'two' });
  });

  it('keeps the Secret when the one it comes from can not be used, and says so until it can', async () => {
    await keep('broken', 'json', '{"password":"one"}');
    await readyInstance('breaking', { parametersFrom: [{ secretKeyRef: { name: 'broken', key: 'json' } }] });
    await bound('breaking', 'breaking');
    await edit('broken', 'json', 'not-json-p4ssw0rd');
    const told = await world.binding(
      'breaking',
      (each) => conditionOf(each, 'SecretOutdated') !== undefined,
      'says that it is outdated',
    );
    expect(isReady(told)).toBe(true);
    expect(JSON.stringify(told)).not.toContain('p4ssw0rd');
    await holds('breaking', { password: 'one' });
    await edit('broken', 'json', '{"password":"two"}');
    await world.binding('breaking', (each) => conditionOf(each, 'SecretOutdated') === undefined, 'is not');
    await holds('breaking', { password: 'two' });
  });

  it('has a Secret that was deleted made again', async () => {
    await readyInstance('lost', { parameters: { a: 'b' } });
    await bound('lost', 'lost');
    await world.remove(secrets, 'lost');
    await holds('lost', { a: 'b' });
  });

  it('goes with its last binding, and leaves nothing', async () => {
    await readyInstance('gone', { parameters: { a: 'b' } });
    await bound('gone', 'gone');
    await world.remove(serviceInstances, 'gone');
    await world.remove(serviceBindings, 'gone');
    await world.gone(serviceBindings, 'gone');
    await world.gone(serviceInstances, 'gone');
    await world.gone(secrets, 'gone');
  });

  it('does not take an instance that came back for its own until that says so', async () => {
    await world.createInstance(
      'back',
      { ...offering, parameters: { a: 'b' }, externalID: 'id-of-before' },
      { [idMadeAnnotation]: idOfBefore },
    );
    await world.createBinding('back', 'back');
    const waiting = await world.instance(
      'back',
      (each) => readyReason(each) === 'BuiltInClassUnsure',
      'waits',
    );
    expect(conditionOf(waiting, 'Ready')?.message).toContain(
      'clusterServiceClassName: bindery-user-provided',
    );
    await world.binding('back', (each) => readyReason(each) !== undefined, 'waits');
    expect(await world.find(secrets, 'back')).toBeUndefined();
    await change('back', { clusterServiceClassRef: { name: 'bindery-user-provided' } });
    await world.instance('back', isReady, 'is ready');
    await world.binding('back', isReady, 'is bound');
    await holds('back', { a: 'b' });
  });

  it('is offered again when somebody has deleted its class, and serves what there is', async () => {
    await readyInstance('steady', { parameters: { a: 'b' } });
    await world.client.delete(clusterServiceClasses, { name: 'bindery-user-provided' });
    await bound('steady', 'steady');
    await world.until(clusterServiceClasses, 'bindery-user-provided', () => true, 'is there again');
  });
});
