import { denialMessage } from '../../../src/injection/conflict.ts';
import { conflictFields, container, envNames, inject, key, mountPaths, planFor, pod } from './pods.ts';

const policyKey = 'conflict.servicecatalog.k8s.io/policy';
const ask = { [key('bind', 'db')]: 'secret/creds' };
const askEnv = { ...ask, [key('env.bind', 'db')]: 'URL=uri' };
const app = (fields: Record<string, unknown>): Record<string, unknown> => ({
  containers: [{ name: 'app', ...fields }],
});

/** Volume that the injection of `ask` makes. */
const volume = inject(pod(ask)).pod.spec!.volumes![0]!;

describe('(34) a volume with our name', () => {
  it('and our content is ours', () => {
    const { operations } = inject(pod(ask, { volumes: [volume] }));
    expect(operations.map(({ path }) => path)).not.toContain('/spec/volumes');
  });

  it.each([
    ['another source', { name: volume.name, emptyDir: {} }],
    ['another Secret', { name: volume.name, projected: { sources: [{ secret: { name: 'other' } }] } }],
    [
      'another mode',
      { name: volume.name, projected: { ...(volume['projected'] as object), defaultMode: 0o600 } },
    ],
  ])('with %s is a conflict, whatever the policy', (_title, other) => {
    expect(conflictFields(pod(ask, { volumes: [other] }))).toEqual([`volume ${volume.name}`]);
    expect(planFor(pod({ ...ask, [policyKey]: 'keep-mine' }, { volumes: [other] })).kind).toBe('deny');
  });
});

describe('(35) mounts of the user', () => {
  const volumes = [
    { name: 'scratch', emptyDir: {} },
    { name: 'conf', configMap: { name: 'c' } },
  ];
  it.each([
    ['at the target path', { name: 'scratch', mountPath: '/bindings/db' }, ['mountPath /bindings/db']],
    [
      'at it with a trailing slash',
      { name: 'scratch', mountPath: '/bindings/db/' },
      ['mountPath /bindings/db'],
    ],
    [
      'at it with a doubled slash',
      { name: 'scratch', mountPath: '//bindings//db' },
      ['mountPath /bindings/db'],
    ],
    ['at a parent path, writable', { name: 'scratch', mountPath: '/bindings' }, []],
    [
      'at a parent path, read-only',
      { name: 'scratch', mountPath: '/bindings', readOnly: true },
      ['mountPath /bindings/db'],
    ],
    [
      'at a parent path, of a kind that nobody can write',
      { name: 'conf', mountPath: '/bindings' },
      ['mountPath /bindings/db'],
    ],
    ['at a child path', { name: 'scratch', mountPath: '/bindings/db/extra' }, ['mountPath /bindings/db']],
    ['at a path that only begins alike', { name: 'scratch', mountPath: '/bindings/db2' }, []],
  ])('%s', (_title, mount, expected) => {
    expect(conflictFields(pod(ask, { volumes, ...app({ volumeMounts: [mount] }) }))).toEqual(expected);
  });

  it('of our own volume at the target path, differing only by slashes, is the mount', () => {
    const mine = { name: volume.name, mountPath: '/bindings//db/', readOnly: true };
    const { pod: result } = inject(pod(ask, { volumes: [volume], ...app({ volumeMounts: [mine] }) }));
    expect(container(result).volumeMounts).toEqual([mine]);
  });

  it('of our volume with a subPath is another mount', () => {
    const mine = { name: volume.name, mountPath: '/bindings/db', subPath: 'x' };
    expect(conflictFields(pod(ask, { volumes: [volume], ...app({ volumeMounts: [mine] }) }))).toHaveLength(1);
  });

  it('a device at the target path', () => {
    const devices = app({ volumeDevices: [{ name: 'disk', devicePath: '/bindings/db' }] });
    expect(conflictFields(pod(ask, devices))).toEqual(['mountPath /bindings/db']);
  });
});

describe('(36) variables of the user', () => {
  const ref = (keyName: string, more = {}): Record<string, unknown> => ({
    name: 'URL',
    valueFrom: { secretKeyRef: { name: 'creds', key: keyName, ...more } },
  });
  it.each([
    ['the same reference', [ref('uri')], []],
    ['the same, with a default written out', [ref('uri', { optional: false })], []],
    ['another key', [ref('url')], ['env URL']],
    ['a value', [{ name: 'URL', value: 'x' }], ['env URL']],
    ['an empty value', [{ name: 'URL' }], ['env URL']],
    [
      'from a ConfigMap',
      [{ name: 'URL', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }],
      ['env URL'],
    ],
    ['twice, the last the same', [{ name: 'URL', value: 'x' }, ref('uri')], []],
    ['twice, the last another', [ref('uri'), { name: 'URL', value: 'x' }], ['env URL']],
    ['another name', [{ name: 'url', value: 'x' }], []],
  ])('%s', (_title, env, expected) => {
    expect(conflictFields(pod(askEnv, app({ env })))).toEqual(expected);
  });

  it('duplicate names keep their order', () => {
    const env = [
      { name: 'A', value: '1' },
      { name: 'A', value: '2' },
    ];
    const { pod: result } = inject(pod(askEnv, app({ env })));
    expect(envNames(result)).toEqual(['SERVICE_BINDING_ROOT', 'A', 'A', 'URL']);
    expect(container(result).env!.slice(1, 3)).toEqual(env);
  });
});

describe('(37) SERVICE_BINDING_ROOT', () => {
  const root = (fields: Record<string, unknown>): Record<string, unknown> =>
    app({ env: [{ name: 'SERVICE_BINDING_ROOT', ...fields }] });

  it.each([
    ['a value', { value: '/platform/bindings' }, '/platform/bindings/db'],
    ['with a trailing slash', { value: '/platform/bindings/' }, '/platform/bindings/db'],
    ['with doubled slashes', { value: '//platform//bindings' }, '/platform/bindings/db'],
    ['the root directory', { value: '/' }, '/db'],
  ])('given as %s is used and not changed', (_title, fields, path) => {
    const { pod: result } = inject(pod(ask, root(fields)));
    expect(mountPaths(result)).toEqual([path]);
    expect(container(result).env).toEqual([{ name: 'SERVICE_BINDING_ROOT', ...fields }]);
  });

  it.each([
    ['empty', { value: '' }, 'is empty'],
    ['without value', {}, 'is empty'],
    ['valueFrom', { valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }, 'is set by valueFrom'],
    ['a relative path', { value: 'bindings' }, 'is not an absolute path'],
    ['a path with ..', { value: '/a/../b' }, 'is not an absolute path'],
    ['a reference', { value: '/x/$(OTHER)' }, 'refers to another variable'],
  ])('given as %s is a conflict that says so', (_title, fields, reason) => {
    const result = planFor(pod(ask, root(fields)));
    expect(result).toMatchObject({
      kind: 'deny',
      conflicts: [
        { container: 'app', field: 'env SERVICE_BINDING_ROOT', reason: expect.stringContaining(reason) },
      ],
    });
  });

  it('different in two containers: each finds the files at its own', () => {
    const two = [
      { name: 'app', env: [{ name: 'SERVICE_BINDING_ROOT', value: '/a' }] },
      { name: 'b', env: [{ name: 'SERVICE_BINDING_ROOT', value: '/b' }] },
      { name: 'c' },
    ];
    const { pod: result } = inject(pod(ask, { containers: two }));
    expect(['app', 'b', 'c'].map((name) => mountPaths(result, name)[0])).toEqual([
      '/a/db',
      '/b/db',
      '/bindings/db',
    ]);
    expect(result.spec!.volumes).toHaveLength(1);
  });

  it('set twice: the last one counts, as for the process', () => {
    const env = [
      { name: 'SERVICE_BINDING_ROOT', value: '/a' },
      { name: 'SERVICE_BINDING_ROOT', value: '/b' },
    ];
    expect(mountPaths(inject(pod(ask, app({ env }))).pod)).toEqual(['/b/db']);
  });

  it('is put first, so that entries of the user can refer to it', () => {
    const env = [{ name: 'CONFIG', value: '$(SERVICE_BINDING_ROOT)/db' }];
    expect(envNames(inject(pod(ask, app({ env }))).pod)).toEqual(['SERVICE_BINDING_ROOT', 'CONFIG']);
  });

  it('is not added where nothing is mounted below it', () => {
    for (const mount of ['none', '/etc/db']) {
      const { pod: result } = inject(pod({ ...askEnv, [key('mount.bind', 'db')]: mount }));
      expect(envNames(result)).toEqual(['URL']);
      expect(mountPaths(result)).toEqual(mount === 'none' ? [] : ['/etc/db']);
      expect(result.spec!.volumes ?? []).toHaveLength(mount === 'none' ? 0 : 1);
    }
  });
});

describe('(38) envFrom', () => {
  const annotations = { ...ask, [key('env.bind', 'db')]: 'PG_*' };
  it.each([
    ['the same Secret and prefix', [{ prefix: 'PG_', secretRef: { name: 'creds' } }], 1],
    ['another prefix', [{ prefix: 'X_', secretRef: { name: 'creds' } }], 2],
    ['no prefix', [{ secretRef: { name: 'creds' } }], 2],
    ['another Secret', [{ prefix: 'PG_', secretRef: { name: 'other' } }], 2],
    ['a ConfigMap of that name', [{ prefix: 'PG_', configMapRef: { name: 'creds' } }], 2],
  ])('%s', (_title, envFrom, count) => {
    expect(container(inject(pod(annotations, app({ envFrom }))).pod).envFrom).toHaveLength(count);
  });
});

describe('(39) policies', () => {
  const spec = app({
    env: [
      { name: 'URL', value: 'p4ssw0rd' },
      { name: 'KEEP', value: '1' },
    ],
  });
  const withPolicy = (policy: string): Record<string, string> => ({ ...askEnv, [policyKey]: policy });

  it('deny names container, field and where both come from, never a value', () => {
    const result = planFor(pod(askEnv, spec));
    expect(result.kind).toBe('deny');
    const message = denialMessage(result.kind === 'deny' ? result.conflicts : []);
    expect(message).toContain('binding "db": container "app", env URL');
    expect(message).toContain('wanted from Secret "creds" key "uri" and already set by the Pod from a value');
    expect(message).toContain('keep-mine');
    expect(message).not.toContain('p4ssw0rd');
  });

  it('skip admits the Pod unmodified except for the reason', () => {
    const input = pod(withPolicy('skip'), spec);
    const { pod: result, operations } = inject(input);
    expect(operations).toHaveLength(1);
    expect(result.spec).toEqual(input.spec);
    const status: unknown = JSON.parse(
      result.metadata!.annotations!['status.servicecatalog.k8s.io/injected']!,
    );
    expect(status).toMatchObject({ v: 1, bindings: [], skipped: 'db: env URL' });
    expect(inject(result).operations).toEqual([]);
  });

  it('keep-mine leaves the user’s entry and injects the rest', () => {
    const { pod: result, operations } = inject(pod(withPolicy('keep-mine'), spec));
    expect(container(result).env).toEqual([
      { name: 'SERVICE_BINDING_ROOT', value: '/bindings' },
      { name: 'URL', value: 'p4ssw0rd' },
      { name: 'KEEP', value: '1' },
    ]);
    expect(mountPaths(result)).toEqual(['/bindings/db']);
    expect(operations.every(({ op }) => op === 'add')).toBe(true);
    expect(inject(result).operations).toEqual([]);
  });

  it('keep-mine with an unknowable root injects the variables only', () => {
    const env = [{ name: 'SERVICE_BINDING_ROOT', value: '$(X)' }];
    const { pod: result } = inject(pod(withPolicy('keep-mine'), app({ env })));
    expect(mountPaths(result)).toEqual([]);
    expect(envNames(result)).toEqual(['SERVICE_BINDING_ROOT', 'URL']);
  });
});

describe('(40) two bindings that contradict each other', () => {
  const two = {
    [key('bind', 'a')]: 'secret/one',
    [key('bind', 'b')]: 'secret/two',
    [key('env.bind', 'a')]: 'URL=uri',
  };
  it.each([
    ['the same variable', { [key('env.bind', 'b')]: 'URL=uri' }, 'env URL'],
    [
      'the same mount path',
      { [key('mount.bind', 'a')]: '/x', [key('mount.bind', 'b')]: '/x/' },
      'mountPath /x',
    ],
    [
      'one inside the other',
      { [key('mount.bind', 'a')]: '/x', [key('mount.bind', 'b')]: '/x/y' },
      'mountPath /x/y',
    ],
    ['one around the other', { [key('mount.bind', 'b')]: '/bindings' }, 'mountPath /bindings'],
  ])('%s is found before anything is changed, whatever the policy', (_title, more, field) => {
    for (const policy of ['deny', 'keep-mine']) {
      const input = pod({ ...two, ...more, [policyKey]: policy });
      expect(planFor(input).kind).toBe('deny');
      expect(conflictFields(input)).toEqual([field]);
    }
  });

  it('the same variable from the same key is one variable', () => {
    const same = {
      [key('bind', 'a')]: 'secret/one',
      [key('bind', 'b')]: 'secret/one',
      [key('env.bind', 'a')]: 'URL=uri',
      [key('env.bind', 'b')]: 'URL=uri',
    };
    expect(envNames(inject(pod(same)).pod)).toEqual(['SERVICE_BINDING_ROOT', 'URL']);
  });
});

it('a denial lists at most five conflicts', () => {
  const conflicts = Array.from({ length: 8 }, (_, index) => ({
    binding: 'db',
    container: `c${index}`,
    field: 'env X',
    reason: 'is taken',
    keepable: true,
  }));
  const message = denialMessage(conflicts);
  expect(message).toContain('container "c4"');
  expect(message).not.toContain('container "c5"');
  expect(message).toContain('and 3 more');
});
