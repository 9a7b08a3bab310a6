import { findCondition } from '../../../src/api/conditions.ts';
import { brokerAnnotations } from '../../../src/api/broker-annotations.ts';
import { clusterServiceBrokers } from '../../../src/api/kinds.ts';
import { namespaces } from '../../../src/kube/resources.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import type { RecordedRequest } from '../../support/test-broker/recorded-request.ts';
import { waitFor } from '../../support/wait-for.ts';
import {
  expectCleanBroker,
  annotate,
  changeSpec,
  nudge,
  readyInstance,
  removeInstance,
  settled,
} from './instance-actions.ts';

const cache = { clusterServiceClassExternalName: 'cache', clusterServicePlanExternalName: 'default' };
const userInfo = { username: 'jane', uid: 'u-1' };

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
  await showAnnotations('acme.example/*');
}, 60_000);
afterAll(() => world.stop());
afterEach(() => expectCleanBroker(world));

async function showAnnotations(list: string | null): Promise<void> {
  const change = { metadata: { annotations: { [brokerAnnotations.contextAnnotations]: list } } };
  await world.client.patch(clusterServiceBrokers, { name: 'test' }, change, { type: 'merge' });
}

async function annotateNamespace(annotations: Readonly<Record<string, string | null>>): Promise<void> {
  await world.client.patch(
    namespaces,
    { name: world.namespace },
    { metadata: { annotations } },
    { type: 'merge' },
  );
}

const updates = () => world.broker.requestsOf('update');
const bodyOf = (request: RecordedRequest | undefined) =>
  (request?.body ?? {}) as Readonly<Record<string, unknown>>;

async function updated(times: number): Promise<Readonly<Record<string, unknown>>> {
  await waitFor(() => updates().length >= times, { describe: `${times} updates` });
  return bodyOf(updates()[times - 1]);
}

describe('a context that changes', () => {
  it('P50 P05 is sent alone and in no name when an annotation of the instance or its namespace changes', async () => {
    await readyInstance(world, 'db', { userInfo, parameters: { size: 1 } });
    expect(bodyOf(world.broker.requestsOf('provision')[0])['context']).toMatchObject({
      namespace_annotations: {},
      instance_annotations: {},
    });
    await annotate(world, 'db', { 'acme.example/team': 'shop' });
    const first = await updated(1);
    expect(Object.keys(first).toSorted()).toEqual(['context', 'previous_values', 'service_id']);
    expect(first['context']).toMatchObject({ instance_annotations: { 'acme.example/team': 'shop' } });
    expect(updates()[0]?.identity).toBeUndefined();

    await annotateNamespace({ 'acme.example/tier': 'gold' });
    expect((await updated(2))['context']).toMatchObject({
      namespace_annotations: { 'acme.example/tier': 'gold' },
      instance_annotations: { 'acme.example/team': 'shop' },
    });
    expect(isReady(await settled(world, 'db'))).toBe(true);

    await changeSpec(world, 'db', { parameters: { size: 2 } });
    await updated(3);
    expect(updates()[2]?.identity?.value).toMatchObject(userInfo);
    await settled(world, 'db');
    expect(updates().length).toBe(3);
    await annotateNamespace({ 'acme.example/tier': null });
    await updated(4);
    await settled(world, 'db');
    await removeInstance(world, 'db');
  });

  it('P50 is not sent, and writes nothing, for a class that does not want it or an annotation that nobody chose', async () => {
    const before = await readyInstance(world, 'cache', cache);
    await readyInstance(world, 'db');
    await annotateNamespace({ 'other.example/x': '1', 'acme.example/tier': 'silver' });
    await updated(1);
    await settled(world, 'db');
    await annotateNamespace({ 'other.example/x': '2' });
    await annotate(world, 'db', { 'other.example/y': '1' });
    await annotateNamespace({ 'acme.example/tier': null });
    await updated(2);
    await settled(world, 'db');
    expect(updates().length).toBe(2);
    const after = await world.instance('cache', isReady, 'is ready');
    expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    for (const name of ['cache', 'db']) await removeInstance(world, name);
  });

  it('P50 is told with the next update by a class that wants none alone', async () => {
    await readyInstance(world, 'cache', cache);
    await annotate(world, 'cache', { 'acme.example/team': 'shop' });
    await changeSpec(world, 'cache', { parameters: { size: 2 } });
    expect((await updated(1))['context']).toMatchObject({
      instance_annotations: { 'acme.example/team': 'shop' },
    });
    await settled(world, 'cache');
    expect(updates().length).toBe(1);
    await removeInstance(world, 'cache');
  });

  it('P50 that the broker does not take disturbs nothing, is not repeated, and the next one is sent', async () => {
    await readyInstance(world, 'db');
    world.broker.script(
      { operation: 'update' },
      { kind: 'answer', status: 400, body: { description: 'no shops' } },
    );
    await annotate(world, 'db', { 'acme.example/team': 'shop' });
    const refused = await world.instance(
      'db',
      (found) => readyReason(found) === 'ContextUpdateRefused',
      'tells it',
    );
    expect(isReady(refused)).toBe(true);
    expect(findCondition(refused.status?.conditions, 'Ready')?.message).toContain('no shops');
    await nudge(world, 'db');
    await annotate(world, 'db', { 'acme.example/team': 'bank' });
    expect((await updated(2))['context']).toMatchObject({
      instance_annotations: { 'acme.example/team': 'bank' },
    });
    await settled(world, 'db');
    await removeInstance(world, 'db');
  });

  it('P50 that did not arrive is sent again', async () => {
    await readyInstance(world, 'db');
    world.broker.script({ operation: 'update' }, { kind: 'answer', status: 503 });
    await annotate(world, 'db', { 'acme.example/team': 'shop' });
    const retrying = await world.instance('db', ({ status }) => Boolean(status?.nextAttemptTime), 'waits');
    expect(isReady(retrying)).toBe(true);
    await updated(2);
    const after = await settled(world, 'db');
    expect(after.status?.conditions?.map(({ type }) => type)).toEqual(['Ready']);
    await removeInstance(world, 'db');
  });

  it('P50 that did not arrive and was taken back needs no request, and leaves no trace', async () => {
    await readyInstance(world, 'db');
    world.broker.script({ operation: 'update' }, { kind: 'answer', status: 429 });
    await annotate(world, 'db', { 'acme.example/team': 'shop' });
    await world.instance('db', ({ status }) => Boolean(status?.nextAttemptTime), 'waits');
    await annotate(world, 'db', { 'acme.example/team': null });
    const after = await settled(world, 'db');
    expect(after.status?.conditions?.map(({ type }) => type)).toEqual(['Ready']);
    expect(updates().length).toBe(1);
    await removeInstance(world, 'db');
  });

  it('P50 follows the list of annotations that the broker is shown', async () => {
    await readyInstance(world, 'db');
    await annotate(world, 'db', { 'other.example/team': 'shop' });
    await showAnnotations('other.example/team');
    expect((await updated(1))['context']).toMatchObject({
      instance_annotations: { 'other.example/team': 'shop' },
    });
    await showAnnotations('acme.example/*');
    await updated(2);
    await settled(world, 'db');
    await removeInstance(world, 'db');
  });
});
