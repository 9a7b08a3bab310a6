import type { ServiceInstance } from '../../../../src/api/generated/service-instance.ts';
import { markOf, requestedName, type InstanceIdentity } from '../../../../src/api/requested-identity.ts';
import { parseExact } from '../../../../src/base/json.ts';
import { isUnsent } from '../../../../src/workloads/making/unsent.ts';
import {
  changePatch,
  isAsMade,
  instanceChange,
  requestedBinding,
  requestedInstance,
  scopeOf,
  type ServiceWish,
} from '../../../../src/workloads/making/requested-objects.ts';

function wish(workload: string, plan = 'small', parameters = ''): ServiceWish {
  const owner = { workload: { kind: 'Deployment', name: workload }, binding: 'db' };
  const identity: InstanceIdentity = { of: 'workload', ...owner, class: 'pg' };
  const named = { name: requestedName('n', identity), mark: markOf(identity) };
  return { request: { ...named, class: 'pg', plan }, parameters };
}

function stored(spec: Partial<ServiceInstance['spec']> = {}): ServiceInstance {
  const { metadata, spec: made } = requestedInstance('n', wish('app'), 'cluster', 'alice');
  return { metadata: { ...metadata, resourceVersion: '7' }, spec: { ...made, ...spec } };
}

describe('what is made for a workload', () => {
  it('says for which, and who asks', () => {
    expect(requestedInstance('n', wish('app'), 'namespace', 'alice')).toMatchObject({
      metadata: { labels: { 'servicecatalog.k8s.io/workload': 'app' } },
      spec: {
        serviceClassExternalName: 'pg',
        servicePlanExternalName: 'small',
        userInfo: { username: 'alice' },
      },
    });
  });

  it('has no label of a name that fits into none', () => {
    const { metadata } = requestedInstance('n', wish('a'.repeat(64)), 'cluster', undefined);
    expect(metadata.labels).toEqual({ 'servicecatalog.k8s.io/generated': 'true' });
  });
});

describe('the change of an instance', () => {
  it('is none when it is as asked, and empty parameters are none', () => {
    expect(instanceChange(stored(), wish('app'), 'cluster')).toBeUndefined();
    expect(instanceChange(stored({ parameters: {} }), wish('app'), 'cluster')).toBeUndefined();
    const [one, other] = ['{"a":1,"b":[2]}', '{"b":[2],"a":1}'].map((text) => parseExact(text) as object);
    expect(
      instanceChange(
        stored({ parameters: one as never }),
        wish('app', 'small', JSON.stringify(other)),
        'cluster',
      ),
    ).toBeUndefined();
  });

  it('of the plan takes the ref away that would win over its name, and nothing else', () => {
    const known = stored({ clusterServicePlanRef: { name: 'ref' }, parameters: { a: 1 } });
    const wanted = wish('app', 'large', '{"a":1}');
    const change = instanceChange(known, wanted, 'cluster');
    expect(change).toEqual({ plan: true, parameters: false });
    expect(change && changePatch(known, wanted, 'cluster', change, 'bob')).toEqual([
      { op: 'replace', path: '/metadata/resourceVersion', value: '7' },
      { op: 'add', path: '/spec/clusterServicePlanExternalName', value: 'large' },
      { op: 'remove', path: '/spec/clusterServicePlanRef' },
      { op: 'add', path: '/spec/userInfo', value: { username: 'bob' } },
    ]);
  });

  it('of parameters replaces them as a whole, null included, and from inline to a Secret', () => {
    const known = stored({ parameters: { gone: 1 } });
    const inline = wish('app', 'small', '{"a":null}');
    const replaced = instanceChange(known, inline, 'cluster');
    expect(replaced && changePatch(known, inline, 'cluster', replaced, undefined)).toEqual([
      expect.objectContaining({ op: 'replace' }),
      { op: 'add', path: '/spec/parameters', value: { a: null } },
    ]);
    const secret = wish('app', 'small', 'secret:s/k');
    const moved = instanceChange(known, secret, 'cluster');
    expect(moved && changePatch(known, secret, 'cluster', moved, undefined)).toEqual([
      expect.objectContaining({ op: 'replace' }),
      { op: 'remove', path: '/spec/parameters' },
      { op: 'add', path: '/spec/parametersFrom', value: [{ secretKeyRef: { name: 's', key: 'k' } }] },
    ]);
  });

  it('is never one of another class', () => {
    expect(scopeOf(stored(), 'pg')).toBe('cluster');
    expect(scopeOf(stored(), 'mysql')).toBeUndefined();
  });
});

describe('an instance of which no broker has heard', () => {
  const made = {
    metadata: { name: 'x', uid: 'u', annotations: { 'servicecatalog.k8s.io/id-made': 'u' } },
    spec: { externalID: 'id' },
  };

  it.each<[string, boolean, Partial<ServiceInstance>]>([
    ['is new', true, {}],
    ['has no id yet', true, { spec: {}, metadata: { name: 'x' } }],
    ['came with an id, as from a backup', false, { metadata: { name: 'x', uid: 'other' } }],
    ['has an intent on record', false, { status: { inProgressProperties: { userInfo: {} } } }],
    ['was confirmed', false, { status: { externalProperties: { userInfo: {} } } }],
    ['is being cleaned up', false, { status: { orphanMitigationInProgress: true } }],
    ['was cleaned up, and has another id', false, { status: { instanceID: 'second' } }],
    [
      'was provisioned by the original Service Catalog',
      false,
      { status: { provisionStatus: 'Provisioned' } },
    ],
  ])('%s: %s', (_what, expected, fields) => {
    expect(isUnsent({ ...made, ...fields })).toBe(expected);
  });
});

describe('a login that is there already', () => {
  const own = wish('app');
  const made = requestedBinding(
    'n',
    {
      ...own,
      login: own.request,
      instance: own.request.name,
      request: undefined,
      parameters: '{"size":1}',
      isShared: false,
      reclaim: undefined,
      shape: '',
    },
    'alice',
  );

  it.each<[string, boolean, Partial<typeof made.spec>]>([
    ['as it would be made', true, { externalID: 'id', parameters: { size: 1 } }],
    ['with transforms', false, { secretTransforms: [{ addKey: { key: 'host', stringValue: 'evil' } }] }],
    ['with other parameters', false, { parameters: { size: 2 } }],
    ['with parameters of a Secret', false, { parametersFrom: [{ secretKeyRef: { name: 's', key: 'k' } }] }],
    ['of another instance', false, { instanceRef: { name: 'other' } }],
    ['with another Secret', false, { secretName: 'other' }],
  ])('%s is one of ours: %s', (_what, expected, spec) => {
    expect(isAsMade({ ...made, spec: { ...made.spec, ...spec } }, made)).toBe(expected);
  });
});
