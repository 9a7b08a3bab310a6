import type { JsonObject } from '../../../src/base/json.ts';
import { applyIndependently, key } from '../injection/pods.ts';
import { alice, db, decide, deployment, world } from './workload-world.ts';

it('(11) an annotation on the workload reaches its Pod template', async () => {
  const object = deployment({ [db]: 'binding/known' });
  const decision = await decide(object, world());
  expect(decision).toMatchObject({ allowed: true, outcome: 'patched' });
  const result = applyIndependently(object, decision.patch ?? []);
  expect(JSON.stringify(result['spec'])).toContain(`"${db}":"binding/known"`);
  expect(decision.warnings).toBeUndefined();
});

describe('not asked', () => {
  it.each([
    ['a Pod', { kind: 'Pod' }],
    ['DELETE', { operation: 'DELETE' }],
    ['a subresource', { subResource: 'scale' }],
  ])('%s', async (_title, fields) => {
    expect(await decide(deployment({ [db]: '' }), world(), fields)).toEqual({
      allowed: true,
      outcome: 'ignored',
    });
  });

  it('(3) no object', async () => {
    expect(await decide(undefined, world())).toMatchObject({ allowed: false, code: 400 });
  });
});

describe('warnings', () => {
  const warningsOf = async (object: JsonObject, here = world()): Promise<readonly string[]> =>
    (await decide(object, here)).warnings ?? [];

  it('say when the namespace has a time that nobody understands, to whom it would matter', async () => {
    const here = world([], { namespaceReclaim: () => 'seven days' });
    expect(await warningsOf(deployment({ [db]: 'request/pg/small' }), here)).toEqual([
      expect.stringMatching(/^services are kept: .* of the namespace is not keep, .* 7d: "seven days"$/),
    ]);
    const own = { [db]: 'request/pg/small', [`reclaim.${db}`]: '30d' };
    expect(await warningsOf(deployment(own), here)).toEqual([]);
    expect(await warningsOf(deployment({ [db]: 'binding/known' }), here)).toEqual([]);
    const clear = world([], { namespaceReclaim: () => ' 30d ' });
    expect(await warningsOf(deployment({ [db]: 'request/pg/small' }), clear)).toEqual([]);
  });

  it.each([
    ['a setting without source', deployment({ [key('env.bind', 'db')]: 'A=b' }), ['has no effect']],
    [
      'a binding that is not there',
      deployment({ [db]: 'binding/b' }),
      ['ServiceBinding "b" does not exist; Pods wait for Secret "b"'],
    ],
    ['a binding that is there', deployment({ [db]: 'binding/known' }), []],
    [
      'an instance that is not there',
      deployment({ [db]: 'instance/nosuch' }),
      ['ServiceInstance "nosuch" does not exist; Pods wait for Secret "'],
    ],
    ['an instance that is there', deployment({ [db]: 'instance/known' }), []],
    [
      'a Secret that may have no type',
      deployment({ [db]: 'secret/s' }),
      ['file type is "db" unless Secret "s" has one; set type.bind.servicecatalog.k8s.io/db'],
    ],
    ['a Secret with a type', deployment({ [db]: 'secret/s', [key('type.bind', 'db')]: 'pg' }), []],
    [
      'a Secret for variables only',
      deployment({ [db]: 'secret/s', [key('mount.bind', 'db')]: 'none', [key('env.bind', 'db')]: '*' }),
      [],
    ],
    [
      '(61) a class that is not there',
      deployment({ [db]: 'request/redis/small' }),
      ['class "redis" is not in the catalog'],
    ],
    ['a class that is there', deployment({ [db]: 'request/pg/small' }), []],
    [
      'a conflict that the Pods will have',
      deployment(
        { [db]: 'binding/known', [key('env.bind', 'db')]: 'A=b' },
        {},
        { containers: [{ name: 'app', env: [{ name: 'A', value: 'x' }] }] },
      ),
      ['container "app", env A'],
    ],
    [
      'a container that is not there',
      deployment({ [db]: 'binding/known', [key('containers.bind', 'db')]: 'ap' }),
      ['no container "ap"'],
    ],
    [
      'a value that the template overrides',
      deployment({ [db]: 'binding/b' }, { [db]: 'binding/known' }),
      ['wins over'],
    ],
    [
      'a wish for restarts that is not fulfilled',
      deployment({ [db]: 'binding/known', [key('restart.bind', 'db')]: 'on-change' }),
      ['restart=on-change is not available here'],
    ],
    [
      'a wish to wait that is not fulfilled',
      deployment({ [db]: 'binding/known', [key('wait.bind', 'db')]: 'deny' }),
      ['wait=deny is not available here'],
    ],
    [
      'opted out',
      deployment({ [db]: 'binding/known', 'inject.servicecatalog.k8s.io': 'disabled' }),
      ['opted out'],
    ],
  ])('%s', async (_title, object, expected) => {
    const warnings = await warningsOf(object);
    expect(warnings).toEqual(expected.map((text) => expect.stringContaining(text)));
    for (const warning of warnings) expect(warning.length).toBeLessThanOrEqual(120);
  });

  it('(55) tell of a binding that failed; its Pods are injected all the same', async () => {
    const here = world([], {
      bindingFailure: (_namespace, name) => (name === 'known' ? 'Rejected' : undefined),
    });
    expect(await warningsOf(deployment({ [db]: 'binding/known' }), here)).toEqual([
      'binding "db": ServiceBinding "known" failed (Rejected); Pods wait for Secret "known"',
    ]);
  });

  it('tell what readers of a binding look for in vain', async () => {
    const here = world([], { missingKeys: (_namespace, name) => (name === 'known' ? ['host'] : []) });
    const asks = { [db]: 'binding/known' };
    expect(await warningsOf(deployment(asks), here)).toEqual([
      'binding "db": readers of its type look for host in vain',
    ]);
    const other = { ...asks, [key('type.bind', 'db')]: 'custom' };
    expect(await warningsOf(deployment(other), here)).toEqual([]);
    const variablesOnly = { ...asks, [key('mount.bind', 'db')]: 'none', [key('env.bind', 'db')]: '*' };
    expect(await warningsOf(deployment(variablesOnly), here)).toEqual([]);
    const shaped = { ...asks, [key('shape.bind', 'db')]: 'host=hostname' };
    expect(await warningsOf(deployment(shaped), here)).toEqual([]);
  });

  it('tell what readers of the type that the workload says look for in vain', async () => {
    const asks = { [db]: 'binding/known', [key('type.bind', 'db')]: 'postgresql' };
    const has = async (...keys: readonly string[]): Promise<readonly string[]> =>
      warningsOf(deployment(asks), world([], { missingKeys: () => ['uri'], secretKeys: () => keys }));
    expect(await has('uri', 'host')).toEqual([
      'binding "db": readers of type postgresql look for jdbc-url or database in vain',
    ]);
    expect(await has('host', 'database')).toEqual([]);
    expect(await warningsOf(deployment(asks), world([], { missingKeys: () => ['uri'] }))).toEqual([]);
  });

  it('tell to the end what is wrong with a class, in the words of the condition', async () => {
    const problem = `${'There are 2 ClusterServiceClasses with externalName "pg". '.repeat(3)}Name one.`;
    const here = world([], { offeringProblem: () => problem });
    expect(await warningsOf(deployment({ [db]: 'request/pg/small' }), here)).toEqual([
      `binding "db": ${problem}`,
    ]);
  });

  it('are ten at most, and none twice', async () => {
    const annotations = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [key('bind', `b${index}`), 'request/redis/small']),
    );
    const warnings = await warningsOf(deployment(annotations));
    expect(warnings).toHaveLength(10);
    expect(new Set(warnings).size).toBe(10);
  });

  it('(47) never repeat parameters', async () => {
    const annotations = { [db]: 'request/pg/small', [key('params.bind', 'db')]: '{"password":"hunter2"}' };
    const here = world(['create serviceinstances']);
    const [allowed, denied] = [
      await decide(deployment(annotations), world()),
      await decide(deployment(annotations), here),
    ];
    expect(allowed.warnings).toEqual([expect.stringContaining('holds a secret')]);
    expect(JSON.stringify([allowed.warnings, denied, here.lines])).not.toContain('hunter2');
  });
});

describe('what nobody can understand', () => {
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'u', controller: true };
  const mistakes: readonly (readonly [string, JsonObject, string])[] = [
    ['a source', deployment({ [db]: 'nonsense' }), '"nonsense" is not binding/'],
    ['a source, almost', deployment({}, { [db]: 'requst/pg/small' }), 'did you mean "request/pg/small"?'],
    ['a key', deployment({ [key('bnd', 'db')]: '' }), 'did you mean bind.servicecatalog.k8s.io/db?'],
    ['a key on the template', deployment({}, { [key('envs.bind', 'db')]: '' }), 'is unknown'],
    [
      'parameters',
      deployment({ [db]: 'request/pg/small', [key('params.bind', 'db')]: '{' }),
      'binding "db": params',
    ],
  ];

  it.each(mistakes)('%s is refused when it is written', async (_title, object, message) => {
    const here = world();
    const decision = await decide(object, here);
    expect(decision).toMatchObject({ allowed: false, code: 422 });
    expect(decision.message).toContain(message);
    expect(here.lines).toHaveLength(1);
  });

  it.each(mistakes)('%s is refused in a change as well', async (_title, object) => {
    const oldObject = deployment({ [db]: 'request/pg/small' }, { [db]: 'request/pg/small' });
    expect(await decide(object, world(), { operation: 'UPDATE', oldObject })).toMatchObject({ code: 422 });
  });

  it.each(mistakes)(
    '%s is only warned about when it stood there before',
    async (_title, written, message) => {
      const { annotations } = written['metadata'] as { readonly annotations: Record<string, string> };
      const { template } = written['spec'] as { readonly template: JsonObject };
      const metadata = template['metadata'] as { readonly annotations: Record<string, string> };
      const oldObject = deployment(annotations, { ...annotations, ...metadata.annotations });
      const object = { ...oldObject, status: {} };
      const decision = await decide(object, world(), { operation: 'UPDATE', oldObject });
      expect(decision.allowed).toBe(true);
      expect(decision.warnings).toContainEqual(expect.stringContaining(message));
    },
  );

  it('is no reason to refuse what a controller makes of a template that is there', async () => {
    const { spec } = deployment({}, { [db]: 'nonsense' });
    const object = { metadata: { name: 'web-1', namespace: 'shop', ownerReferences: [owner] }, spec };
    const fields = { kind: 'ReplicaSet', resource: 'replicasets' };
    expect(await decide(object as JsonObject, world(), fields)).toMatchObject({ allowed: true });
  });

  it('may be taken away', async () => {
    const oldObject = deployment({}, { [db]: 'nonsense' });
    const update = { operation: 'UPDATE', oldObject };
    expect(await decide(deployment({}, {}), world(), update)).toMatchObject({ allowed: true });
  });

  it('is told of three at a time', async () => {
    const annotations = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [key('bind', `b${index}`), 'nonsense']),
    );
    const { message = '' } = await decide(deployment(annotations), world());
    expect(message.split('; ')).toHaveLength(3);
  });
});

describe('(58) rights', () => {
  const wanted = deployment({ [db]: 'request/pg/small' });

  it('of the person who writes the annotation are asked for, with all that is known of them', async () => {
    const here = world();
    await decide(wanted, here);
    expect(here.authorize.asked).toEqual([
      expect.objectContaining({
        user: alice,
        verb: 'create',
        resource: 'serviceinstances',
        namespace: 'shop',
      }),
      expect.objectContaining({
        user: alice,
        verb: 'create',
        resource: 'servicebindings',
        namespace: 'shop',
      }),
    ]);
  });

  it.each([
    ['request/pg/small', 'create serviceinstances', 'serviceinstances'],
    ['request/pg/small', 'create servicebindings', 'servicebindings'],
    ['instance/pg', 'create servicebindings', 'servicebindings'],
  ])('%s without %s is refused, with the reason', async (source, denied, resource) => {
    const here = world([denied]);
    const decision = await decide(deployment({ [db]: source }), here);
    expect(decision).toMatchObject({ allowed: false, code: 403 });
    expect(decision.message).toContain(
      `user "alice" may not create ${resource}.servicecatalog.k8s.io in namespace "shop"`,
    );
    expect(here.lines).toHaveLength(1);
  });

  it('on the template they are asked for as well', async () => {
    const decision = await decide(
      deployment({}, { [db]: 'request/pg/small' }),
      world(['create serviceinstances']),
    );
    expect(decision.allowed).toBe(false);
  });

  it('(59) are not asked for again when the annotation has not changed', async () => {
    const here = world(['create serviceinstances']);
    const before = deployment({ [db]: 'request/pg/small' }, { [db]: 'request/pg/small' });
    const update = { operation: 'UPDATE', oldObject: before };
    expect(await decide({ ...before, status: {} }, here, update)).toMatchObject({ allowed: true });
    expect(here.authorize.asked).toEqual([]);
  });

  it.each([
    ['source', { [db]: 'request/pg/large' }],
    ['parameters', { [db]: 'request/pg/small', [key('params.bind', 'db')]: '{"a":1}' }],
    ['name', { [key('bind', 'other')]: 'request/pg/small' }],
  ])('(59) are asked for when the %s changes', async (_title, template) => {
    const here = world(['create serviceinstances']);
    const oldObject = deployment({}, { [db]: 'request/pg/small' });
    expect(await decide(deployment({}, template), here, { operation: 'UPDATE', oldObject })).toMatchObject({
      allowed: false,
    });
  });

  it('to take an annotation away nobody needs any', async () => {
    const here = world(['create serviceinstances', 'create servicebindings']);
    const oldObject = deployment({}, { [db]: 'request/pg/small' });
    expect(await decide(deployment({}), here, { operation: 'UPDATE', oldObject })).toMatchObject({
      allowed: true,
    });
  });

  it('a Job that the CronJob controller makes is not asked about again, a forged owner is no excuse', async () => {
    const owned = {
      ...deployment({}, { [db]: 'request/pg/small' }),
      metadata: {
        name: 'j',
        ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'c', uid: 'u', controller: true }],
      },
    };
    const fields = { kind: 'Job', resource: 'jobs' };
    const cron = { username: 'system:serviceaccount:kube-system:cronjob-controller' };
    const denied = ['create serviceinstances', 'create servicebindings'];
    expect(await decide(owned, world(denied), { ...fields, user: cron })).toMatchObject({ allowed: true });
    expect(await decide(owned, world(denied), fields)).toMatchObject({ allowed: false });
    const other = { username: 'system:serviceaccount:shop:cronjob-controller' };
    expect(await decide(owned, world(denied), { ...fields, user: other })).toMatchObject({ allowed: false });
  });

  it('an authorizer that does not answer is an error, not a yes', async () => {
    const authorize = async (): Promise<boolean> => {
      throw new Error('timeout');
    };
    await expect(decide(wanted, world([], { authorize }))).rejects.toThrow('timeout');
  });
});

describe('more than one Pod may get', () => {
  const many = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [key('bind', `b${at}`), 'binding/known']));

  it.each([
    ['on the workload', deployment(many(33))],
    ['on its template', deployment({}, many(33))],
    ['on both together', deployment(many(20), { [db]: '', ...many(32) })],
  ])('is refused when the workload is written: %s', async (_title, object) => {
    const here = world();
    const decision = await decide(object, here);
    expect(decision).toMatchObject({ allowed: false, code: 422 });
    expect(decision.message).toContain(
      'its Pods would be refused: 33 annotations bind.servicecatalog.k8s.io/…',
    );
    expect(here.lines).toHaveLength(1);
  });

  it('counts what the containers would get', async () => {
    const containers = Array.from({ length: 1_001 }, (_, at) => ({ name: `c${at}` }));
    const decision = await decide(deployment({ [db]: 'binding/known' }, {}, { containers }), world());
    expect(decision).toMatchObject({ allowed: false, code: 422 });
  });

  it('is as much as the operator says', async () => {
    const here = world([], { limits: { bindings: 33 } });
    expect(await decide(deployment(many(33)), here)).toMatchObject({ allowed: true });
  });

  it('only warns whoever changes something else of a workload that asked for it before', async () => {
    const before = deployment(many(33), many(33));
    const update = { operation: 'UPDATE', oldObject: before };
    const decision = await decide({ ...before, status: {} }, world(), update);
    expect(decision.allowed).toBe(true);
    expect(decision.warnings).toEqual([expect.stringContaining('33 annotations')]);
  });

  it('frees nobody from the rights that a service needs', async () => {
    const before = deployment({}, many(33));
    const object = deployment({}, { ...many(33), [db]: 'request/pg/small' });
    const here = world(['create serviceinstances']);
    expect(await decide(object, here, { operation: 'UPDATE', oldObject: before })).toMatchObject({
      code: 403,
    });
  });

  it('does not matter where nothing is injected', async () => {
    const object = deployment({ ...many(33), 'inject.servicecatalog.k8s.io': 'disabled' });
    expect(await decide(object, world())).toMatchObject({ allowed: true });
  });
});
