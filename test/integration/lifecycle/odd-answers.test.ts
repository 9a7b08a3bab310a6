import { findCondition } from '../../../src/api/conditions.ts';
import type { ClusterServiceClass } from '../../../src/api/generated/cluster-service-class.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { clusterServiceClasses, serviceBindings } from '../../../src/api/kinds.ts';
import { namespaces } from '../../../src/kube/resources.ts';
import { isFailed, isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { isObject } from '../../../src/base/json.ts';
import { sampleCatalog, type CatalogDocument } from '../../support/test-broker/sample-catalog.ts';
import { readyInstance, removeInstance } from './instance-actions.ts';

/** Names that differ in case, that are no names, and that are as long as they may be. */
const oddNames = ['Foo', 'foo', '\u202enot what it seems ſ 数据库 <b>&', 'n'.repeat(256)];

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({
    catalog: oddCatalog(),
    flags: { maxPollInterval: '50ms', brokerTimeout: '15s' },
  });
  await readyInstance(world, 'db');
}, 90_000);
afterAll(() => world.stop());
afterEach(() => expect(world.broker.violations).toEqual([]));

const oddId = (index: number): string => `../ü b?#%&=+${index}`;

function oddCatalog(): CatalogDocument {
  const { services } = sampleCatalog();
  const odd = oddNames.map((name, index) => ({
    id: oddId(index),
    name,
    description: 'x'.repeat(100_000),
    bindable: true,
    plans: [{ id: `${oddId(index)}-plan`, name: 'only', description: 'y'.repeat(255) }],
  }));
  return { services: [...services, ...odd] };
}

async function removeBinding(name: string): Promise<void> {
  await world.remove(serviceBindings, name);
  await world.gone(serviceBindings, name);
}

describe('names of the catalog', () => {
  it.each(oddNames.map((name, index) => [JSON.stringify(name).slice(0, 20), name, index] as const))(
    'P10 P17 P18 H36 are compared byte by byte, and used as they are, with any ids: %s',
    async (_shown, clusterServiceClassExternalName, index) => {
      const spec = { clusterServiceClassExternalName, clusterServicePlanExternalName: 'only' };
      await readyInstance(world, 'odd', spec);
      const sent = world.broker.requestsOf('provision').at(-1)?.body;
      const ids = { service_id: oddId(index), plan_id: `${oddId(index)}-plan` };
      expect(sent).toMatchObject(ids);
      await removeInstance(world, 'odd');
      // Also where they have to be encoded.
      expect(world.broker.requestsOf('deprovision').at(-1)?.query).toMatchObject(ids);
    },
  );

  it('P18 stand beside descriptions that are cut', async () => {
    const { items } = await world.client.list<ClusterServiceClass>(clusterServiceClasses);
    const odd = items.filter(({ spec }) => oddNames.includes(spec.externalName));
    expect(odd.length).toBe(oddNames.length);
    for (const { spec } of odd) expect(spec.description?.length).toBeLessThanOrEqual(32_768);
  });
});

describe('what is sent', () => {
  it('P45 names organization and space, the same for all of a namespace', async () => {
    await readyInstance(world, 'second');
    const { metadata } = await world.client.get(namespaces, { name: world.namespace });
    const sent = world.broker.requestsOf('provision').map(({ body }) => (isObject(body) ? body : {}));
    expect(new Set(sent.map((body) => body['space_guid']))).toEqual(new Set([metadata.uid]));
    const organizations = new Set(sent.map((body) => body['organization_guid']));
    expect(organizations.size).toBe(1);
    expect([...organizations][0]).toMatch(/./);
    await removeInstance(world, 'second');
  });

  it('P25 H17 echoes an operation of 10,000 odd characters, for as long as it takes', async () => {
    const operation = 'ä&'.repeat(5000);
    world.broker.script({ operation: 'provision' }, { kind: 'async', polls: 2, operation });
    await readyInstance(world, 'long');
    expect(world.broker.requestsOf('pollInstance').at(-1)?.query['operation']).toBe(operation);
    await removeInstance(world, 'long');
  });
});

describe('answers', () => {
  it('P08 with fields that nobody knows are good', async () => {
    const unknown = { later: [{ deep: null }], state: 'failed', error: 'None' };
    const body = { ...unknown, metadata: { ...unknown, labels: {} }, dashboard_url: 'https://d.example/' };
    world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 201, body });
    const made = await readyInstance(world, 'future');
    expect(made.status?.dashboardURL).toBe('https://d.example/');
    const bound = {
      ...unknown,
      credentials: { a: 'b' },
      endpoints: [{ host: 'h', ports: ['1'], ...unknown }],
    };
    world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 201, body: bound });
    await world.createBinding('future', 'future');
    await world.binding('future', isReady, 'is ready');
    expect(await world.secret('future')).toMatchObject({ a: 'b' });
    await removeBinding('future');
    await removeInstance(world, 'future');
  });

  it('H39 H42 give credentials whose numbers stay as they were written, and of two equal keys the last', async () => {
    const rawBody =
      '{"credentials":{"n":12345678901234567890,"one":1.0,"huge":1e400,"deep":[{"x":-0.0}],"yes":true,"none":null,' +
      '"twice":"first","twice":"second","__proto__":"p"}}';
    world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 201, rawBody });
    await world.createBinding('exact', 'db');
    await world.binding('exact', isReady, 'is ready');
    const secret = new Map(Object.entries(await world.secret('exact')));
    const wanted = {
      n: '12345678901234567890',
      one: '1.0',
      huge: '1e400',
      deep: '[{"x":-0.0}]',
      yes: 'true',
    };
    for (const [key, text] of Object.entries({ ...wanted, none: 'null', twice: 'second' })) {
      expect([key, secret.get(key)]).toEqual([key, text]);
    }
    expect(secret.get('__proto__')).toBe('p');
    await removeBinding('exact');
  });

  it('H15 of 202 with credentials have none: they are fetched when it is over', async () => {
    const body = { operation: null, credentials: { password: 'early' } };
    world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 202, body });
    await world.createBinding('early', 'db');
    await world.binding('early', isReady, 'is ready');
    const [live] = world.broker.liveBindings();
    const { password } = await world.secret('early');
    expect(password).toBe((live?.credentials as { password?: string } | undefined)?.password);
    expect(password).not.toBe('early');
    expect(world.broker.requestsOf('getBinding').length).toBeGreaterThan(0);
    await removeBinding('early');
  });

  it.each([
    ['a hundred KiB', 100 * 1024, '400 Bad Request: no'],
    ['megabytes', 3 * 1024 * 1024, '400 Bad Request'],
  ])('H26 with %s of colours are told in a few words', async (_size, length, expected) => {
    const description = `\u001b[31mno\u0007 ${'x'.repeat(length)}`;
    world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 400, body: { description } });
    await world.createInstance('loud');
    const loud: ServiceInstance = await world.instance('loud', isFailed, 'is failed');
    const message = findCondition(loud.status?.conditions, 'Failed')?.message ?? '';
    expect(message).toContain(expected);
    expect(message.length).toBeLessThan(4096);
    expect(Array.from(message).filter((character) => character < ' ')).toEqual([]);
    await removeInstance(world, 'loud');
  });
});
