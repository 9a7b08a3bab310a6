import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { Resource } from '../../../src/kube/resources.ts';
import { namespaces, secrets } from '../../../src/kube/resources.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { isFailed, isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import { sampleCatalog } from '../../support/test-broker/sample-catalog.ts';
import { waitFor } from '../../support/wait-for.ts';

const resourceQuotas: Resource = {
  group: '',
  version: 'v1',
  plural: 'resourcequotas',
  kind: 'ResourceQuota',
  namespaced: true,
};

let world: ServiceWorld;
beforeAll(async () => {
  // Difficult, and within its rights.
  world = await ServiceWorld.start({
    oneAtATime: true,
    requiresApp: true,
    catalog: { services: [...sampleCatalog().services, ...bindableMatrix()] },
  });
  await world.createInstance('db');
  await world.instance('db', isReady, 'is ready');
}, 90_000);
afterAll(() => world.stop());
afterEach(() => {
  expect(world.broker.violations).toEqual([]);
  world.broker.forget();
});

/** Services that can be bound and that can not, each with a plan that says nothing, yes and no. */
function bindableMatrix(): ReturnType<typeof sampleCatalog>['services'] {
  return [true, false].map((bindable) => ({
    id: `service-${bindable}`,
    name: `service-${bindable}`,
    description: 'For the matrix',
    bindable,
    plans: [undefined, true, false].map((plan) => ({
      id: `service-${bindable}-${plan}`,
      name: `${plan}`,
      description: 'For the matrix',
      ...(plan === undefined ? {} : { bindable: plan }),
    })),
  }));
}

async function removeBindings(names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => world.remove(serviceBindings, name)));
  await Promise.all(names.map((name) => world.gone(serviceBindings, name)));
  expect(world.broker.liveBindings()).toEqual([]);
}

function messageOf(binding: ServiceBinding, type: string): string {
  return binding.status?.conditions?.find((condition) => condition.type === type)?.message ?? '';
}

const isCleanFailure = (binding: ServiceBinding): boolean =>
  isFailed(binding) && binding.status?.orphanMitigationInProgress !== true;

describe('a broker that takes one operation at a time', () => {
  it('P42 P41: 20 bindings of an instance all become ready, and go again', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `many-${index}`);
    world.broker.script({ operation: 'bind' }, { kind: 'delay', ms: 20 }, 'always');
    await Promise.all(names.map((name) => world.createBinding(name, 'db')));
    await Promise.all(names.map((name) => world.binding(name, isReady, 'is ready')));
    expect(world.broker.liveBindings()).toHaveLength(20);
    const binds = world.broker.requestsOf('bind');
    expect(binds.some(({ status }) => status === 422)).toBe(true);
    // Everybody is refused a few times before the queue is there, and nobody again and again.
    expect(binds.length).toBeLessThan(20 * 4);
    expect(world.broker.requestsOf('unbind')).toEqual([]);
    await removeBindings(names);
  }, 90_000);
});

describe('P61: whether a plan can be bound', () => {
  it.each([
    [true, 'undefined', true],
    [true, 'true', true],
    [true, 'false', false],
    [false, 'undefined', false],
    [false, 'true', true],
    [false, 'false', false],
  ])('class %s and plan %s: %s', async (bindable, plan, expected) => {
    const name = `matrix-${bindable}-${plan}`;
    await world.createInstance(name, {
      clusterServiceClassExternalName: `service-${bindable}`,
      clusterServicePlanExternalName: plan,
    });
    await world.instance(name, isReady, 'is ready');
    await world.createBinding(name, name);
    if (expected) {
      await world.binding(name, isReady, 'is ready');
    } else {
      const refused = await world.binding(name, isFailed, 'is refused');
      expect(readyReason(refused)).toBe('ErrorNonbindableServiceClass');
      expect(messageOf(refused, 'Ready')).toContain('bind an instance of a bindable plan');
      expect(world.broker.requestsOf('bind')).toEqual([]);
    }
    await removeBindings([name]);
    await world.remove(serviceInstances, name);
    await world.gone(serviceInstances, name);
  });
});

describe('P63: a service that is bound to applications only', () => {
  it('is told one: the namespace, which is what shares a binding', async () => {
    await world.createBinding('app', 'db');
    await world.binding('app', isReady, 'is ready');
    const namespace = await world.client.get(namespaces, { name: world.namespace });
    const [bind] = world.broker.requestsOf('bind');
    expect(bind?.body).toMatchObject({ bind_resource: { app_guid: namespace.metadata.uid } });
    await removeBindings(['app']);
  });

  it('that finds it wrong all the same is final, with its own words', async () => {
    const body = { error: 'RequiresApp', description: 'A real one, please.' };
    world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 422, body });
    await world.createBinding('no-app', 'db');
    const failed = await world.binding('no-app', isFailed, 'is failed');
    expect(messageOf(failed, 'Ready')).toContain('RequiresApp');
    expect(messageOf(failed, 'Ready')).toContain('A real one, please.');
    await removeBindings(['no-app']);
  });
});

describe('P39: credentials that can not be stored', () => {
  it.each([
    ['larger than a Secret', { big: 'x'.repeat(1024 * 1024) }, 'a Secret holds 1048576'],
    ['H40 under a key that no Secret has', { 'a/b': 'x' }, '"a/b"'],
    ['H40 under many such keys', { '..x': '1', '': '2', ä: '3', 'ok.': '4' }, '"", "..x", "ä"'],
  ])('H41 %s are unbound, and the condition says why', async (_case, credentials, message) => {
    world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 201, body: { credentials } });
    await world.createBinding('unfit', 'db');
    const failed = await world.binding('unfit', isCleanFailure, 'is failed and clean');
    expect(messageOf(failed, 'Ready')).toContain(message);
    expect(world.broker.requestsOf('unbind')).toHaveLength(1);
    expect(world.broker.liveBindings()).toEqual([]);
    await removeBindings(['unfit']);
  });

  it('H40 under a key that no Secret has, but which a transform renames, are stored', async () => {
    const body = { credentials: { 'a/b': 'x' } };
    world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 201, body });
    await world.createBinding('renamed', 'db', {
      secretTransforms: [{ renameKey: { from: 'a/b', to: 'a-b' } }],
    });
    await world.binding('renamed', isReady, 'is ready');
    expect(await world.secret('renamed')).toMatchObject({ 'a-b': 'x' });
    await removeBindings(['renamed']);
  });

  it('because of a quota are unbound; nothing is asked of the broker until the quota allows them', async () => {
    const metadata = { namespace: world.namespace, name: 'no-secrets' };
    const hard = { 'count/secrets': '0' };
    await world.client.create(resourceQuotas, { metadata, spec: { hard } } as KubeObject);
    // What the controller of quotas would write, if this control plane had it.
    const status = { hard, used: hard };
    await world.client.patch(resourceQuotas, metadata, { status }, { type: 'merge', subresource: 'status' });
    await waitFor(() => isQuotaInForce(), { describe: 'the quota is in force' });
    await world.createBinding('quota', 'db');
    const waiting = await world.binding(
      'quota',
      (binding) =>
        readyReason(binding) === 'ErrorInjectingBindResult' &&
        (binding.status?.attempts ?? 0) > 2 &&
        binding.status?.orphanMitigationInProgress !== true,
      'waits for room',
    );
    expect(messageOf(waiting, 'Ready')).toContain('exceeded quota: no-secrets');
    expect(world.broker.liveBindings()).toEqual([]);
    expect(world.broker.requestsOf('bind')).toHaveLength(1);
    expect(world.broker.requestsOf('unbind')).toHaveLength(1);
    await world.remove(resourceQuotas, 'no-secrets');
    const ready = await world.binding('quota', isReady, 'is ready');
    expect(ready.status?.bindingID).not.toBe(ready.spec.externalID);
    await removeBindings(['quota']);
  });

  it('because the name is taken are not even asked for, and the Secret of somebody else stays as it is', async () => {
    const metadata = { namespace: world.namespace, name: 'taken' };
    await world.client.create<SecretObject>(secrets, { metadata, data: { mine: 'eA==' } });
    await world.createBinding('taken', 'db');
    const waiting = await world.binding(
      'taken',
      (binding) => readyReason(binding) === 'ErrorInjectingBindResult' && (binding.status?.attempts ?? 0) > 1,
      'says what is wrong',
    );
    expect(messageOf(waiting, 'Ready')).toContain('choose another secretName');
    expect(world.broker.requestsOf('bind')).toEqual([]);
    expect(world.broker.liveBindings()).toEqual([]);
    await removeBindings(['taken']);
    expect(await world.secret('taken')).toEqual({ mine: 'x', type: 'Opaque' });
    await world.remove(secrets, 'taken');
  });

  async function isQuotaInForce(): Promise<boolean> {
    const probe = { metadata: { namespace: world.namespace, name: 'probe' } } as SecretObject;
    return world.client.create(secrets, probe, { dryRun: true }).then(
      () => false,
      (error: unknown) => String(error).includes('exceeded quota'),
    );
  }
});

describe('an answer with more than credentials', () => {
  it('P67 P68 P69: times and endpoints stand in the status', async () => {
    const body = {
      credentials: { a: 'b' },
      metadata: { expires_at: '2099-01-02T03:04:05.6Z', renew_before: '2099-01-01T00:00:00+02:00' },
      endpoints: [
        { host: 'db.example', ports: ['5432', '9000-9010'] },
        { host: '10.0.0.1', ports: ['53'], protocol: 'udp' },
        { host: 'db.example', ports: ['99999'] },
      ],
    };
    world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 201, body });
    await world.createBinding('rich', 'db');
    const { status } = await world.binding('rich', isReady, 'is ready');
    expect(status).toMatchObject({
      expiresAt: '2099-01-02T03:04:05.600Z',
      renewBefore: '2098-12-31T22:00:00.000Z',
      endpoints: [
        { host: 'db.example', ports: ['5432', '9000-9010'], protocol: 'tcp' },
        { host: '10.0.0.1', ports: ['53'], protocol: 'udp' },
      ],
    });
    expect(status?.conditions?.at(-1)?.message).toContain('endpoints[2]');
    await removeBindings(['rich']);
  });

  it('P70 P71 H45: what can not be used is named in the condition and in an event, and the binding is usable', async () => {
    const secret = world.broker.plantSecret();
    const body = {
      credentials: { a: 'b' },
      metadata: { expires_at: 'soon' },
      syslog_drain_url: `syslog://user:${secret}@logs.example`,
      route_service_url: `https://${secret}.example`,
      volume_mounts: [{ driver: 'nfs', mode: 'r', device: { mount_config: { secret } } }],
    };
    world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 201, body });
    await world.createBinding('odd', 'db');
    const ready = await world.binding('odd', isReady, 'is ready');
    expect(messageOf(ready, 'Ready')).toContain(
      'metadata.expires_at is not an ISO 8601 time and was ignored; ' +
        'not supported on Kubernetes and ignored: syslog_drain_url, route_service_url, volume_mounts; ' +
        'without a matching "requires" in the catalog: syslog_drain_url, route_service_url, volume_mounts',
    );
    const events = await waitFor(async () => {
      const { stdout } = await world.controlPlane.kubectl(['get', 'events', '-A', '-o', 'json']);
      return stdout.includes('volume_mounts') ? stdout : undefined;
    });
    expect(world.broker.secretsIn(JSON.stringify(ready) + events)).toEqual([]);
    expect(await world.secret('odd')).toMatchObject({ a: 'b' });
    await removeBindings(['odd']);
  });

  it('H38 none at all gives a Secret without credentials, and says so', async () => {
    world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 201, body: {} });
    await world.createBinding('bare', 'db');
    const ready = await world.binding('bare', isReady, 'is ready');
    expect(messageOf(ready, 'Ready')).toContain('the broker gave no credentials');
    expect(Object.keys(await world.secret('bare')).sort()).toEqual(['provider', 'type']);
    await removeBindings(['bare']);
  });
});

describe('P55: an instance with bindings', () => {
  it('is deleted after all of them, and not while one of them can not be unbound', async () => {
    const names = ['first', 'second', 'third'];
    await Promise.all(names.map((name) => world.createBinding(name, 'db')));
    const [stuck] = await Promise.all(names.map((name) => world.binding(name, isReady, 'is ready')));
    const bindingId = stuck?.status?.bindingID ?? '';
    const script = world.broker.script(
      { operation: 'unbind', bindingId },
      { kind: 'answer', status: 500 },
      'always',
    );
    await world.remove(serviceInstances, 'db');
    await Promise.all(names.map((name) => world.remove(serviceBindings, name)));
    await Promise.all(['second', 'third'].map((name) => world.gone(serviceBindings, name)));
    await world.binding('first', ({ status }) => (status?.attempts ?? 0) > 1, 'is tried again');
    const blocked = await world.instance(
      'db',
      ({ status }) =>
        status?.conditions?.some(({ reason }) => reason === 'DeprovisionBlockedByExistingCredentials') ===
        true,
      'waits for the last one',
    );
    expect(blocked.status?.conditions?.some(({ message }) => message.includes('first'))).toBe(true);
    expect(world.broker.requestsOf('deprovision')).toEqual([]);
    script.cancel();
    await world.gone(serviceBindings, 'first');
    await world.gone(serviceInstances, 'db');
    const order = world.broker.requests.map(({ operation }) => operation);
    expect(order.indexOf('deprovision')).toBeGreaterThan(order.lastIndexOf('unbind'));
    expect(world.broker.liveInstances()).toEqual([]);
  }, 90_000);
});
