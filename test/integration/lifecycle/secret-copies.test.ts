import { findCondition } from '../../../src/api/conditions.ts';
import type { SecretTransform, ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { secretsReadByAnnotation, shapeAnnotation } from '../../../src/api/group.ts';
import { serviceBindings } from '../../../src/api/kinds.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import { secrets } from '../../../src/kube/resources.ts';
import { isFailed, isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({
    flags: { secretCheckInterval: '500ms', userProvidedServices: 'true' },
  });
  await world.createInstance('cache', {
    clusterServiceClassExternalName: 'cache',
    clusterServicePlanExternalName: 'default',
  });
  await world.instance('cache', isReady, 'is ready');
}, 90_000);
afterAll(() => world?.stop());
afterEach(() => expect(world.broker.violations).toEqual([]));

/** As the webhook writes it, which these worlds do not have. */
const marked = { [secretsReadByAnnotation]: 'anna' };

const copy = (name: string, namespace = world.namespace): SecretTransform => ({
  addKeysFrom: { secretRef: { namespace, name } },
});

async function bind(
  name: string,
  secretTransforms: readonly SecretTransform[],
  annotations: Readonly<Record<string, string>> = marked,
): Promise<void> {
  await world.createBinding(name, 'cache', { secretTransforms }, annotations);
}

async function ready(name: string): Promise<ServiceBinding> {
  return world.binding(name, (each) => isReady(each) && each.status?.secretContent !== undefined, 'is bound');
}

function ref(name: string): { readonly namespace: string; readonly name: string } {
  return { namespace: world.namespace, name };
}

function encoded(data: Readonly<Record<string, string | null>>): Record<string, string | null> {
  const entries = Object.entries(data);
  return Object.fromEntries(
    entries.map(([key, text]) => [key, text === null ? null : Buffer.from(text).toString('base64')]),
  );
}

async function source(name: string, data: Readonly<Record<string, string>>): Promise<void> {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: ref(name), data: encoded(data) };
  await world.client.create<SecretObject>(secrets, secret as SecretObject);
}

async function edit(name: string, data: Readonly<Record<string, string | null>>): Promise<void> {
  await world.client.patch(secrets, ref(name), { data: encoded(data) }, { type: 'merge' });
}

/** `null` for a key that is not there. */
async function holds(name: string, wanted: Readonly<Record<string, string | null>>): Promise<void> {
  const isHeld = async (): Promise<boolean> => {
    const secret = await world.find<SecretObject>(secrets, name);
    return Object.entries(encoded(wanted)).every(([key, value]) => (secret?.data?.[key] ?? null) === value);
  };
  await waitFor(isHeld, { timeoutMs: 45_000, describe: `Secret ${name} holds ${JSON.stringify(wanted)}` });
}

const conditionOf = (object: ServiceBinding, type: string) => findCondition(object.status?.conditions, type);

describe('keys that a binding adds from another Secret', () => {
  it('are beside what the broker said, which stays as it is', async () => {
    await source('extra', { 'ca.crt': 'PEM', password: 'not-the-brokers' });
    await bind('beside', [copy('extra')]);
    const binding = await ready('beside');
    const secret = await world.secret('beside');
    expect(secret['ca.crt']).toBe('PEM');
    expect(secret['password']).not.toBe('not-the-brokers');
    const told = conditionOf(binding, 'ShapeIncomplete')?.message;
    expect(told).toBe('not copied from Secret "extra", as the Secret has them already: "password"');
  });

  it('follow that Secret, new keys and removed ones, without a word to the broker', async () => {
    await source('moving', { one: '1', two: '2' });
    await bind('moves', [copy('moving'), { renameKey: { from: 'two', to: 'second' } }]);
    await ready('moves');
    await edit('moves', { mine: 'stays' });
    const { password = '' } = await world.secret('moves');
    world.broker.forget();
    await edit('moving', { one: '10', two: null, three: '3' });
    await holds('moves', { one: '10', two: null, second: null, three: '3', mine: 'stays', password });
    await edit('moves', { one: 'edited by somebody' });
    await holds('moves', { one: '10', password });
    const binding = await world.binding('moves', isReady, 'is ready still');
    expect(binding.status?.replacedBindings).toBeUndefined();
    expect(world.broker.requests).toEqual([]);
  });

  it('stay when the shape is edited', async () => {
    await source('shaped', { one: '1' });
    await bind('shape', [copy('shaped')]);
    const { password = '' } = await world.secret((await ready('shape')).metadata.name);
    const patch = { metadata: { annotations: { [shapeAnnotation]: 'pw=password' } } };
    await world.client.patch(serviceBindings, ref('shape'), patch, { type: 'merge' });
    await holds('shape', { one: '1', pw: password });
    await edit('shaped', { one: '2' });
    await holds('shape', { one: '2', pw: password, password });
  });

  it('are waited for before anything is asked of the broker, and the binding says for which', async () => {
    world.broker.forget();
    await bind('waits', [copy('not-yet')]);
    const waiting = await world.binding(
      'waits',
      (each) => readyReason(each) === 'ErrorWithSecretTransforms',
      'says what is missing',
    );
    expect(conditionOf(waiting, 'Ready')?.message).toContain(`Secret "${world.namespace}/not-yet"`);
    expect(world.broker.requests).toEqual([]);
    await source('not-yet', { one: '1' });
    await ready('waits');
    await holds('waits', { one: '1' });
  });

  it('stay as they were when that Secret goes, and the binding says so until it is back', async () => {
    await source('flits', { one: '1' });
    await bind('remembers', [copy('flits')]);
    await ready('remembers');
    await world.remove(secrets, 'flits');
    const told = await world.binding(
      'remembers',
      (each) => conditionOf(each, 'SecretOutdated') !== undefined,
      'says that it is outdated',
    );
    expect(isReady(told)).toBe(true);
    await holds('remembers', { one: '1' });
    await source('flits', { one: '2' });
    await world.binding('remembers', (each) => !conditionOf(each, 'SecretOutdated'), 'is not any more');
    await holds('remembers', { one: '2' });
  });

  it('are not read when nobody has checked who asks for them, until somebody who may says so', async () => {
    await source('guarded', { one: '1' });
    await bind('unchecked', [copy('guarded')], {});
    const refused = await world.binding(
      'unchecked',
      (each) => readyReason(each) === 'SourcesUnchecked',
      'says that nobody has checked',
    );
    expect(conditionOf(refused, 'Ready')?.message).toContain(secretsReadByAnnotation);
    expect(await world.find(secrets, 'unchecked')).toBeUndefined();
    await world.client.patch(
      serviceBindings,
      ref('unchecked'),
      { metadata: { annotations: marked } },
      { type: 'merge' },
    );
    await ready('unchecked');
    await holds('unchecked', { one: '1' });
  });

  it('are never of another namespace', async () => {
    await bind('far', [copy('root', 'kube-system')]);
    const failed = await world.binding('far', isFailed, 'says so');
    expect(readyReason(failed)).toBe('ErrorWithSecretTransforms');
  });

  it('come with a user-provided service as well, and with its edits', async () => {
    await source('tls', { 'ca.crt': 'PEM' });
    await world.createInstance('own', {
      clusterServiceClassExternalName: 'user-provided',
      clusterServicePlanExternalName: 'default',
      parameters: { host: 'a' },
    });
    await world.createBinding('own', 'own', { secretTransforms: [copy('tls')] }, marked);
    await ready('own');
    await holds('own', { host: 'a', 'ca.crt': 'PEM' });
    await edit('tls', { 'ca.crt': 'PEM 2' });
    await holds('own', { host: 'a', 'ca.crt': 'PEM 2' });
    await world.remove(secrets, 'own');
    await holds('own', { host: 'a', 'ca.crt': 'PEM 2' });
  });
});
