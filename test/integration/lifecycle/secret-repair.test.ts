import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { apiVersion, generatedLabel, renewAnnotation } from '../../../src/api/group.ts';
import { serviceBindings } from '../../../src/api/kinds.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { pods, secrets } from '../../../src/kube/resources.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { secretCheckInterval: '500ms' } });
  await world.createInstance('db');
  await world.instance('db', isReady, 'is ready');
  await world.createInstance('cache', {
    clusterServiceClassExternalName: 'cache',
    clusterServicePlanExternalName: 'default',
  });
  await world.instance('cache', isReady, 'is ready');
}, 90_000);
afterAll(() => world?.stop());
afterEach(() => {
  expect(world.broker.violations).toEqual([]);
  world.broker.forget();
});

/** @param instance `db` shows its bindings, `cache` hands credentials out once */
async function bound(
  name: string,
  instance: 'db' | 'cache',
  annotations: Readonly<Record<string, string>> = {},
  labels: Readonly<Record<string, string>> = {},
): Promise<ServiceBinding> {
  await world.client.create<ServiceBinding>(serviceBindings, {
    apiVersion,
    kind: serviceBindings.kind,
    metadata: { ...ref(name), annotations, labels },
    spec: { instanceRef: { name: instance } },
  });
  const binding = await world.binding(
    name,
    (each) => isReady(each) && each.status?.secretContent !== undefined,
    'is ready',
  );
  world.broker.forget();
  return binding;
}

function ref(name: string): { readonly namespace: string; readonly name: string } {
  return { namespace: world.namespace, name };
}

async function secretOf(name: string): Promise<SecretObject> {
  return world.client.get<SecretObject>(secrets, ref(name));
}

async function edit(name: string, data: Readonly<Record<string, string | null>>): Promise<void> {
  await world.client.patch(secrets, ref(name), { data }, { type: 'merge' });
}

async function untilSecret(name: string, data: SecretObject['data']): Promise<void> {
  const isThere = async (): Promise<boolean> => {
    const secret = await world.find<SecretObject>(secrets, name);
    return JSON.stringify(sorted(secret?.data)) === JSON.stringify(sorted(data));
  };
  await waitFor(isThere, { timeoutMs: 45_000, describe: `Secret ${name} is as it should be` });
}

function sorted(data: SecretObject['data'] = {}): readonly unknown[] {
  return Object.entries(data).sort(([left], [right]) => (left < right ? -1 : 1));
}

/** As somebody puts it back who has a copy, who knows nothing of uids. */
async function putBack({ metadata, data = {}, type = '' }: SecretObject, isMarked: boolean): Promise<void> {
  const { name, labels = {}, annotations = {} } = metadata;
  const marks = isMarked ? { labels, annotations } : {};
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { ...ref(name), ...marks }, type, data };
  await world.client.create<SecretObject>(secrets, secret);
}

/** Of the name of the Secret that it mounts. */
function podOf(name: string): KubeObject {
  const volumes = [{ name: 'creds', secret: { secretName: name } }];
  const spec = { volumes, containers: [{ name: 'app', image: 'registry.example.com/app:1' }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: ref(name), spec } as KubeObject;
}

/** As the kubelet tells it. */
async function runs(name: string): Promise<void> {
  const state = { running: { startedAt: new Date().toISOString() } };
  const container = { name: 'app', image: 'i', imageID: 'i', ready: true, restartCount: 0, state };
  const patch = { status: { phase: 'Running', containerStatuses: [container] } };
  await world.client.patch(pods, ref(name), patch, { type: 'merge', subresource: 'status' });
}

function writesAtBroker(): readonly string[] {
  return world.broker.requests
    .map(({ operation }) => operation as string)
    .filter((operation) => operation === 'bind' || operation === 'unbind');
}

async function annotate(name: string, value: string): Promise<void> {
  const patch = { metadata: { annotations: { [renewAnnotation]: value } } };
  await world.client.patch(serviceBindings, ref(name), patch, { type: 'merge' });
}

const isLost = (binding: ServiceBinding): boolean => readyReason(binding) === 'SecretLost';

describe('the Secret of a binding that the broker shows', () => {
  it('comes back when it was deleted', async () => {
    await bound('deleted', 'db');
    const { data } = await secretOf('deleted');
    await world.remove(secrets, 'deleted');
    await untilSecret('deleted', data);
    await world.binding('deleted', isReady, 'is ready');
    expect(writesAtBroker()).toEqual([]);
  }, 60_000);

  it('is put right when it was edited, and keeps what others have put into it', async () => {
    await bound('edited', 'db');
    const { data } = await secretOf('edited');
    await edit('edited', { password: Buffer.from('wrong').toString('base64'), theirs: 'bWluZQ==' });
    await untilSecret('edited', { ...data, theirs: 'bWluZQ==' });
    await world.binding('edited', isReady, 'is ready');
    expect(writesAtBroker()).toEqual([]);
  }, 60_000);

  it('is put right when half of it is missing', async () => {
    await bound('half', 'db');
    const { data = {} } = await secretOf('half');
    await edit('half', { password: null, uri: null });
    await untilSecret('half', data);
    const binding = await world.binding('half', isReady, 'is ready');
    expect(JSON.stringify(binding)).not.toContain((await world.secret('half'))['password']);
  }, 60_000);

  it('is asked for until the broker is there again', async () => {
    await bound('patient', 'db');
    const { data } = await secretOf('patient');
    const script = world.broker.script(
      { operation: 'getBinding' },
      { kind: 'answer', status: 503 },
      'always',
    );
    await world.remove(secrets, 'patient');
    await world.binding('patient', isLost, 'says that it is lost');
    script.cancel();
    await untilSecret('patient', data);
    await world.binding('patient', isReady, 'is ready');
    expect(writesAtBroker()).toEqual([]);
  }, 60_000);

  it('is not touched when it is somebody else’s, and comes back when that one has gone', async () => {
    await bound('taken', 'db');
    const { data } = await secretOf('taken');
    const theirs = { ...ref('taken') };
    await world.remove(secrets, 'taken');
    // The repair may have been faster.
    await waitFor(
      async () => {
        await world.remove(secrets, 'taken').catch(() => undefined);
        const secret = { apiVersion: 'v1', kind: 'Secret', metadata: theirs, data: { a: 'Yg==' } };
        return world.client.create(secrets, secret as SecretObject).then(
          () => true,
          () => false,
        );
      },
      { describe: 'the name is taken' },
    );
    await world.binding('taken', (each) => readyReason(each) === 'SecretTaken', 'says so');
    expect((await secretOf('taken')).data).toEqual({ a: 'Yg==' });
    await world.remove(secrets, 'taken');
    await untilSecret('taken', data);
    await world.binding('taken', isReady, 'is ready');
    expect(writesAtBroker()).toEqual([]);
  }, 60_000);
});

describe('the Secret of a binding whose broker hands credentials out once', () => {
  it('is told as lost, nothing is done at the broker, and whoever puts it back has it ready', async () => {
    await bound('once', 'cache');
    const secret = await secretOf('once');
    await world.remove(secrets, 'once');
    const lost = await world.binding('once', isLost, 'says that it is lost');
    const message = lost.status?.conditions?.find(({ type }) => type === 'Ready')?.message;
    expect(message).toMatch(/is not there any more.*only once.*renew to "when-lost"/);
    await putBack(secret, false);
    await world.binding('once', isReady, 'is ready');
    expect(world.broker.requests).toEqual([]);
  }, 60_000);

  it('is the binding’s again when it came back from a backup', async () => {
    const binding = await bound('restored', 'cache');
    const secret = await secretOf('restored');
    await world.remove(secrets, 'restored');
    await putBack(secret, true);
    await waitFor(
      async () => {
        const found = await world.find<SecretObject>(secrets, 'restored');
        return found?.metadata.ownerReferences?.[0]?.uid === binding.metadata.uid;
      },
      { timeoutMs: 45_000, describe: 'the Secret is owned by the binding' },
    );
    await world.binding('restored', isReady, 'is ready');
    expect(world.broker.requests).toEqual([]);
  }, 60_000);

  it('is not renewed by a word that nobody knows', async () => {
    await bound('typo', 'cache', { [renewAnnotation]: 'when-losst' });
    await world.remove(secrets, 'typo');
    const lost = await world.binding('typo', isLost, 'says that it is lost');
    expect(JSON.stringify(lost.status?.conditions)).toContain('says neither');
    expect(world.broker.requests).toEqual([]);
  }, 60_000);

  it('is that of a new login where an annotation allows it; the old one stays while something may use it', async () => {
    const before = await bound('renewed', 'cache');
    await world.client.create<KubeObject>(pods, podOf('renewed'));
    await runs('renewed');
    await world.remove(secrets, 'renewed');
    await world.binding('renewed', isLost, 'says that it is lost');
    await annotate('renewed', 'when-lost');
    const renewed = await world.binding(
      'renewed',
      (each) => isReady(each) && each.status?.bindingID !== before.status?.bindingID,
      'has a new login',
    );
    expect(renewed.status?.replacedBindings?.map(({ bindingID }) => bindingID)).toEqual([
      before.status?.bindingID,
    ]);
    const live = (): readonly string[] => world.broker.liveBindings().map(({ id }) => id);
    expect(live()).toEqual(expect.arrayContaining([before.status?.bindingID, renewed.status?.bindingID]));
    const shown = world.broker.liveBindings().find(({ id }) => id === renewed.status?.bindingID);
    expect((await world.secret('renewed'))['password']).toBe(shown?.credentials['password']);
    expect(world.broker.requestsOf('unbind')).toEqual([]);

    await world.remove(pods, 'renewed');
    await world.binding('renewed', ({ status: now }) => now?.replacedBindings === undefined, 'has one login');
    expect(live()).not.toContain(before.status?.bindingID);
    expect(live()).toContain(renewed.status?.bindingID);
  }, 90_000);

  it('is that of a new login at once for what was made for a workload, unless it says never', async () => {
    const before = await bound('made', 'cache', {}, { [generatedLabel]: 'true' });
    await bound('kept', 'cache', { [renewAnnotation]: 'never' }, { [generatedLabel]: 'true' });
    await edit('made', { password: null });
    await world.remove(secrets, 'kept');
    const renewed = await world.binding(
      'made',
      (each) => isReady(each) && each.status?.bindingID !== before.status?.bindingID,
      'has a new login',
    );
    await world.binding('made', ({ status }) => status?.replacedBindings === undefined, 'has one login');
    const live = world.broker.liveBindings().map(({ id }) => id);
    expect(live).toContain(renewed.status?.bindingID);
    expect(live).not.toContain(before.status?.bindingID);
    await world.binding('kept', isLost, 'says that it is lost');
    expect(world.broker.requestsOf('bind')).toHaveLength(1);
  }, 90_000);

  it('leaves nothing at the broker when the binding goes while the old login may be in use', async () => {
    const before = await bound('going', 'cache', { [renewAnnotation]: 'when-lost' });
    await world.client.create<KubeObject>(pods, podOf('going'));
    await runs('going');
    await world.remove(secrets, 'going');
    const renewed = await world.binding(
      'going',
      (each) => isReady(each) && each.status?.bindingID !== before.status?.bindingID,
      'has a new login',
    );
    await world.remove(serviceBindings, 'going');
    await world.gone(serviceBindings, 'going');
    const live = world.broker.liveBindings().map(({ id }) => id);
    expect(live).not.toContain(before.status?.bindingID);
    expect(live).not.toContain(renewed.status?.bindingID);
  }, 90_000);
});

it('what a Secret holds is written down where nobody has, as after an upgrade', async () => {
  const binding = await bound('older', 'cache');
  const patch = { status: { secretContent: null } };
  await world.client.patch(serviceBindings, ref('older'), patch, { type: 'merge', subresource: 'status' });
  const again = await world.binding('older', ({ status }) => status?.secretContent !== undefined, 'is known');
  expect(again.status?.secretContent).toEqual(binding.status?.secretContent);
  expect(world.broker.requests).toEqual([]);
}, 60_000);

it('a copy that has the status of another gets nothing of what the broker shows', async () => {
  const { metadata, status } = await bound('original', 'db');
  // Who was made first holds the id, by whole seconds.
  const laterMs = Date.parse(metadata.creationTimestamp ?? '') + 1000;
  await waitFor(() => Date.now() > laterMs, { describe: 'a second has passed' });
  await world.createBinding('copy', 'db');
  await world.binding('copy', isReady, 'is ready');
  const patch = { status: { ...status, secretContent: null, binding: { name: 'copy' } } };
  await world.client.patch(serviceBindings, ref('copy'), patch, { type: 'merge', subresource: 'status' });
  await world.remove(secrets, 'copy');
  // Those after it in turn have been looked at since.
  await bound('after', 'db');
  const { data } = await secretOf('after');
  for (let round = 0; round < 2; round++) {
    await world.remove(secrets, 'after');
    await untilSecret('after', data);
  }
  expect(await world.find(secrets, 'copy')).toBeUndefined();
  expect(world.broker.requestsOf('getBinding').map(({ bindingId }) => bindingId)).not.toContain(
    status?.bindingID,
  );
}, 90_000);
