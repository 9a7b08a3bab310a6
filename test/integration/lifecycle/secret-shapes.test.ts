import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { secretKeysAnnotation, shapeAnnotation } from '../../../src/api/group.ts';
import { serviceBindings } from '../../../src/api/kinds.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import { bindingVolume } from '../../../src/injection/binding.ts';
import { parseAnnotations } from '../../../src/injection/annotations.ts';
import { pods, secrets } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';

const credentials = {
  hostname: 'db.example',
  port: 5432,
  name: 'app',
  username: 'u',
  password: 'p w',
  uri: 'postgresql://u:p%20w@db.example:5432/app',
  tls: { ca: { pem: 'PEM' }, modes: [1.5] },
};

let world: ServiceWorld;
let given: Readonly<Record<string, unknown>> = credentials;
beforeAll(async () => {
  world = await ServiceWorld.start({ credentials: () => given, credentialsOnce: true });
  await world.createInstance('db');
  await world.instance('db', isReady, 'is ready');
}, 90_000);
afterAll(() => world.stop());
afterEach(() => {
  given = credentials;
  expect(world.broker.violations).toEqual([]);
  world.broker.forget();
});

async function bound(name: string, shape?: string): Promise<Readonly<Record<string, string>>> {
  const annotations = shape === undefined ? {} : { [shapeAnnotation]: shape };
  await world.client.create<ServiceBinding>(serviceBindings, {
    apiVersion: 'servicecatalog.k8s.io/v1beta1',
    kind: 'ServiceBinding',
    metadata: { namespace: world.namespace, name, annotations },
    spec: { instanceRef: { name: 'db' } },
  });
  await world.binding(name, isReady, 'is ready');
  return world.secret(name);
}

async function edit(name: string, shape: string | null): Promise<void> {
  const patch = { metadata: { annotations: { [shapeAnnotation]: shape } } };
  await world.client.patch(serviceBindings, { namespace: world.namespace, name }, patch, { type: 'merge' });
}

async function follows(name: string, shape: string): Promise<ServiceBinding> {
  return world.binding(name, ({ status }) => (status?.secret?.shape ?? '') === shape, `follows ${shape}`);
}

function conditionsOf({ status }: ServiceBinding): readonly (readonly string[])[] {
  return (status?.conditions ?? []).map(({ type, message }) => [type, message]);
}

const own = {
  hostname: 'db.example',
  port: '5432',
  name: 'app',
  username: 'u',
  password: 'p w',
  uri: 'postgresql://u:p%20w@db.example:5432/app',
  tls: '{"ca":{"pem":"PEM"},"modes":[1.5]}',
};
const wellKnown = {
  host: 'db.example',
  database: 'app',
  'jdbc-url': 'jdbc:postgresql://db.example:5432/app',
};

describe('the Secret of a binding', () => {
  it('has what readers of its type look for, beside all that the broker said', async () => {
    const { type, provider, ...entries } = await bound('plain');
    expect(entries).toEqual({ ...own, ...wellKnown });
    // The helper puts the type of the Secret in place of the entry.
    expect(type).toBe('servicebinding.io/postgresql');
    expect(provider).not.toBe('');
  });

  it('says on the binding what readers look for in vain, by names only', async () => {
    given = { uri: 'postgresql://u:p@h1,h2', password: 'hidden-word' };
    await bound('poor');
    const binding = await world.binding('poor', isReady, 'is ready');
    expect(binding.status?.secret).toEqual({ missingKeys: ['jdbc-url or host', 'jdbc-url or database'] });
    expect(conditionsOf(binding)[0]).toEqual([
      'KeysMissing',
      'Readers of its type look for jdbc-url or host, jdbc-url or database in vain',
    ]);
    expect(conditionsOf(binding).at(-1)?.[0]).toBe('Ready');
  });

  it('has the shape of an annotation, which can be edited although the broker shows nothing twice', async () => {
    const entries = await bound('shaped', 'flatten, json=all.json, pw=password');
    expect(entries).toMatchObject({ ...own, ...wellKnown, tls_ca_pem: 'PEM', tls_modes: '[1.5]', pw: 'p w' });
    expect(JSON.parse(entries['all.json'] ?? '')).toEqual(credentials);
    world.broker.forget();

    await edit('shaped', 'vcap,json=again.json');
    await follows('shaped', 'vcap,json=again.json');
    const edited = await world.secret('shaped');
    expect(edited).toMatchObject({ ...own, ...wellKnown, 'again.json': entries['all.json'] });
    expect(Object.keys(edited).filter((key) => ['pw', 'tls_ca_pem', 'all.json'].includes(key))).toEqual([]);
    expect(JSON.parse(edited['VCAP_SERVICES'] ?? '')).toMatchObject({
      postgresql: [{ name: 'shaped', instance_name: 'db', credentials }],
    });

    await edit('shaped', null);
    await follows('shaped', '');
    const { type: _type, provider: _provider, ...last } = await world.secret('shaped');
    expect(last).toEqual({ ...own, ...wellKnown });
    expect(world.broker.requests).toEqual([]);
  });

  it('is taken by the API server in a Pod that names its keys otherwise', async () => {
    const [request] = parseAnnotations({
      'bind.servicecatalog.k8s.io/db': 'secret/creds',
      'shape.bind.servicecatalog.k8s.io/db': 'host=hostname,database=hostname,user.name=login',
      'provider.bind.servicecatalog.k8s.io/db': 'me',
    }).requests;
    const volume = bindingVolume(request!, 'creds', false);
    const pod = {
      metadata: { namespace: world.namespace, name: 'reader' },
      spec: { volumes: [volume], containers: [{ name: 'app', image: 'registry.example.com/app:1' }] },
    };
    const made = await world.client.create(pods, pod, { dryRun: true });
    expect(made).toMatchObject({
      spec: { volumes: expect.arrayContaining([expect.objectContaining(volume)]) },
    });
  });

  it('stays as it is after a typo, and the binding says so', async () => {
    const before = await bound('typo', 'flatten');
    await edit('typo', 'flaten');
    const binding = await follows('typo', 'flaten');
    expect(await world.secret('typo')).toEqual(before);
    expect(conditionsOf(binding)[0]).toEqual(['ShapeIncomplete', expect.stringContaining('flaten')]);
    expect(isReady(binding)).toBe(true);

    await edit('typo', 'pw=password');
    expect(conditionsOf(await follows('typo', 'pw=password')).map(([type]) => type)).toEqual(['Ready']);
    expect(await world.secret('typo')).toMatchObject({ ...own, pw: 'p w' });
  });

  it('is stored without a shape that can not be understood', async () => {
    expect(await bound('wrong', 'json')).toMatchObject(own);
    const binding = await world.binding('wrong', isReady, 'is ready');
    expect(conditionsOf(binding)[0]?.[0]).toBe('ShapeIncomplete');
  });

  it('keeps what somebody has put into it, and is left alone when nobody knows whose its keys are', async () => {
    await bound('old');
    const ref = { namespace: world.namespace, name: 'old' };
    const theirs = { data: { extra: Buffer.from('mine').toString('base64') } };
    await world.client.patch<SecretObject>(secrets, ref, theirs, { type: 'merge' });
    await edit('old', 'pw=extra');
    await follows('old', 'pw=extra');
    expect(await world.secret('old')).toMatchObject({ ...own, extra: 'mine', pw: 'mine' });

    const unmarked = { metadata: { annotations: { [secretKeysAnnotation]: null } } };
    await world.client.patch<SecretObject>(secrets, ref, unmarked, { type: 'merge' });
    const before = await world.secret('old');
    await edit('old', 'flatten');
    expect(conditionsOf(await follows('old', 'flatten'))[0]?.[1]).toMatch(/make the binding anew/);
    expect(await world.secret('old')).toEqual(before);
  });
});
