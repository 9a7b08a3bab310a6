import { requestedForAnnotation } from '../../../src/api/group.ts';
import { markOf, requestedName, type RequestedIdentity } from '../../../src/api/requested-identity.ts';
import type { JsonObject } from '../../../src/base/json.ts';
import { alice, bob, byController, controller, stored, update } from './catalog-world.ts';

const identity: RequestedIdentity = {
  of: 'workload',
  workload: { kind: 'Deployment', name: 'orders' },
  binding: 'db',
  class: 'postgresql',
};
const name = requestedName('shop', identity);
const person = { username: 'carol' };

function made(spec: JsonObject, mark: string = markOf(identity)): JsonObject {
  const selectors = { clusterServiceClassExternalName: 'pg', clusterServicePlanExternalName: 'small' };
  return {
    metadata: { name, namespace: 'shop', annotations: { [requestedForAnnotation]: mark } },
    spec: { ...selectors, ...spec },
  };
}

function userInfoOf(object: JsonObject): unknown {
  return (object['spec'] as JsonObject)['userInfo'];
}

const byWorkload = { ...byController, name, namespace: 'shop' };

describe.each(['ServiceInstance', 'ServiceBinding'])('who asked for a %s made for a workload', (kind) => {
  const create = async (object: JsonObject, fields: object = byWorkload): Promise<unknown> =>
    userInfoOf(await stored(kind, object, { name, namespace: 'shop', ...fields }));

  it('is the person whom the controller names', async () => {
    expect(await create(made({ userInfo: person }))).toEqual(person);
  });

  it.each([
    ['a person', made({ userInfo: person }), { user: alice }, alice],
    ['the credentials of the controller alone', made({ userInfo: person }), { user: controller }, controller],
    ['an object of another name', made({ userInfo: person }), { ...byController, name: 'x' }, controller],
    ['a mark that is none', made({ userInfo: person }, '{}'), byController, controller],
    ['nobody named', made({}), byController, controller],
    ['an empty name', made({ userInfo: { username: '' } }), byController, controller],
  ])('is never what somebody says: %s', async (_who, object, fields, expected) => {
    expect(await create(object, fields)).toMatchObject({ username: expected.username });
  });
});

describe('who asked for the change of an instance made for a workload', () => {
  const before = made({ externalID: 'id', userInfo: person });
  const change = (spec: JsonObject): JsonObject => made({ externalID: 'id', ...spec });

  it('is the person whom the controller names with it', async () => {
    const after = change({ parameters: { size: 2 }, userInfo: { username: 'dave' } });
    const result = await update('ServiceInstance', before, after, byWorkload);
    expect(userInfoOf(result)).toEqual({ username: 'dave' });
  });

  it('stays who it was in what the controller fills in', async () => {
    const after = change({ clusterServiceClassRef: { name: 'pg-class' }, userInfo: person });
    const result = await update('ServiceInstance', before, after, byWorkload);
    expect(userInfoOf(result)).toEqual(person);
  });

  it('is whoever else makes it, whatever they say', async () => {
    const after = change({ parameters: { size: 2 }, userInfo: { username: 'dave' } });
    const result = await update('ServiceInstance', before, after, { user: bob, name, namespace: 'shop' });
    expect(userInfoOf(result)).toMatchObject({ username: 'bob' });
  });
});
