import { mutatePurge } from '../../../src/admission/mutate-purge.ts';
import { purgeAnnotation as purge, purgeAskedByAnnotation as askedBy } from '../../../src/api/group.ts';
import type { JsonObject } from '../../../src/base/json.ts';
import { recordingAuthorize, recordingLogger, request } from './requests.ts';

const status = {
  instanceID: 'id-2',
  externalProperties: {
    serviceID: 's',
    planID: 'p',
    broker: { kind: 'ClusterServiceBroker', name: 'acme' },
  },
};

function instance(annotations: Readonly<Record<string, string>>, more: JsonObject = {}): JsonObject {
  return {
    metadata: { name: 'db', namespace: 'shop', annotations },
    spec: { clusterServiceClassExternalName: 'postgresql', clusterServicePlanExternalName: 'small' },
    status,
    ...more,
  };
}

const asking = {
  operation: 'UPDATE',
  kind: 'ServiceInstance',
  resource: 'serviceinstances',
  name: 'db',
  user: { username: 'olga', groups: ['operators'] },
  object: instance({ [purge]: 'true' }),
  oldObject: instance({}),
};

function decide(fields: Partial<Parameters<typeof request>[0]> = {}, denied: readonly string[] = []) {
  const authorize = recordingAuthorize(denied);
  const deps = { authorize, logger: recordingLogger() };
  return { authorize, decision: mutatePurge(request({ ...asking, ...fields }), { timeoutMs: 1000 }, deps) };
}

it('who may have an instance let go is written down, and in the audit log what is left at which broker', async () => {
  const { authorize, decision } = decide();
  expect(await decision).toEqual({
    allowed: true,
    outcome: 'patched',
    patch: [
      { op: 'add', path: '/metadata/annotations/servicecatalog.k8s.io~1purge-asked-by', value: 'olga' },
    ],
    auditAnnotations: {
      purge:
        'ServiceInstance shop/db: id "id-2", class "ClusterServiceClass/postgresql", plan "small", service id "s", plan id "p", ' +
        'at ClusterServiceBroker "acme"',
    },
  });
  expect(authorize.asked).toEqual([
    {
      user: asking.user,
      namespace: 'shop',
      verb: 'update',
      group: 'servicecatalog.k8s.io',
      resource: 'serviceinstances',
      subresource: 'purge',
      name: 'db',
    },
  ]);
});

it('who may not is refused, and told which right it takes', async () => {
  const { decision } = decide({}, ['update serviceinstances']);
  expect(await decision).toMatchObject({
    allowed: false,
    code: 403,
    message: expect.stringContaining('the right to update serviceinstances/purge') as string,
  });
});

it.each([
  ['a name that is written by hand', {}],
  ['the name of who asked before', { [askedBy]: 'oscar' }],
])('%s does not count', async (_what, before) => {
  const object = instance({ [purge]: 'true', [askedBy]: 'oscar' });
  const { decision } = decide({ object, oldObject: instance(before) });
  expect((await decision).patch).toMatchObject([{ value: 'olga' }]);
});

it.each([
  ['says nothing of it', { object: instance({}) }],
  ['says so already', { oldObject: instance({ [purge]: 'true' }) }],
  ['says no clear word', { object: instance({ [purge]: 'yes' }) }],
  ['is new', { operation: 'CREATE', oldObject: undefined }],
  ['is of a subresource', { subResource: 'status' }],
])('what %s is asked for nothing', async (_what, fields) => {
  const { authorize, decision } = decide(fields);
  expect(await decision).toEqual({ allowed: true, outcome: 'ignored' });
  expect(authorize.asked).toEqual([]);
});

it('of a binding the audit log names the instance, and the logins that it has replaced', async () => {
  const of = (annotations: Readonly<Record<string, string>>): JsonObject => ({
    metadata: { name: 'login', namespace: 'shop', annotations },
    spec: { instanceRef: { name: 'db' }, externalID: 'b-1' },
    status: { replacedBindings: [{ bindingID: 'b-0' }], inProgressProperties: { instanceID: 'i-1' } },
  });
  const fields = { kind: 'ServiceBinding', resource: 'servicebindings', name: 'login' };
  const { decision } = decide({ ...fields, object: of({ [purge]: 'true' }), oldObject: of({}) });
  expect((await decision).auditAnnotations).toEqual({
    purge:
      'ServiceBinding shop/login: id "b-1", replaced logins "b-0", of the instance "db" (id "i-1"), at its broker',
  });
});
