import { volumeName } from '../../../src/injection/binding.ts';
import { applyIndependently, container, inject, key, mountPaths, pod } from './pods.ts';

const ask = { [key('bind', 'db')]: 'secret/creds', [key('env.bind', 'db')]: 'URL=uri' };

it('(44) fields that nobody knows survive at every level', () => {
  const input = {
    metadata: { annotations: ask, futureMeta: { a: [1] } },
    spec: {
      futureSpec: [{ x: null }],
      containers: [{ name: 'app', futureContainer: { deep: true }, env: [{ name: 'A', futureEnv: 1 }] }],
      volumes: [{ name: 'v', futureSource: { y: 2 } }],
    },
    futureTop: 'z',
  };
  const { pod: result, operations } = inject(input);
  const { spec, metadata, ...rest } = result as typeof input;
  expect(rest).toEqual({ futureTop: 'z' });
  expect(metadata.futureMeta).toEqual({ a: [1] });
  expect(spec.futureSpec).toEqual([{ x: null }]);
  expect(spec.volumes[0]).toEqual({ name: 'v', futureSource: { y: 2 } });
  expect(spec.containers[0]).toMatchObject({ futureContainer: { deep: true } });
  expect(spec.containers[0]!.env[1]).toEqual({ name: 'A', futureEnv: 1 });
  expect(new Set(operations.map(({ op }) => op))).toEqual(new Set(['add']));
});

it('(45) strange keys and numbers corrupt nothing', () => {
  const text = `{"metadata":{"annotations":{"${key('bind', 'db')}":"secret/creds","a~b/c":"1","__proto__":"p","constructor":"c","é":"ü"},
    "labels":{"__proto__":"l","constructor":"k"}},
    "spec":{"containers":[{"name":"app","x":12345678901234567890,"y":1e3}]}}`;
  const input = JSON.parse(text) as ReturnType<typeof pod>;
  const { operations } = inject({ ...input, metadata: { annotations: ask } });
  expect(operations.map(({ path }) => path)).toContain(
    '/metadata/annotations/status.servicecatalog.k8s.io~1injected',
  );
  const before = JSON.stringify(input);
  inject({ ...input, metadata: { ...input.metadata!, annotations: { ...input.metadata!.annotations } } });
  expect(JSON.stringify(input)).toBe(before);
  expect(({} as Record<string, unknown>)['p']).toBeUndefined();
  // The patch carries nothing of the Pod, so numbers that JavaScript can not hold never pass through us.
  expect(JSON.stringify(operations)).not.toMatch(/1234567890|1000/);
});

it.each(['constructor', 'tostring', 'hasownproperty'])('(45) a binding named %s is a binding', (name) => {
  const { pod: result } = inject(pod({ [key('bind', name)]: 'secret/s' }));
  expect(mountPaths(result)).toEqual([`/bindings/${name}`]);
});

it('(47) parameters are nowhere in the patch', () => {
  const annotations = {
    [key('bind', 'db')]: 'request/pg/small',
    [key('params.bind', 'db')]: '{"pw":"hunter2"}',
  };
  const { operations, result } = inject(pod(annotations));
  expect(JSON.stringify(operations)).not.toContain('hunter2');
  expect(JSON.stringify(result)).not.toContain('hunter2');
});

describe('(31) Windows', () => {
  const windows = (fields: Record<string, unknown> = {}): Record<string, unknown> => ({
    os: { name: 'windows' },
    containers: [{ name: 'app', ...fields }],
  });

  it('no file mode is assumed', () => {
    const { pod: result } = inject(pod(ask, windows()));
    expect(result.spec!.volumes![0]!['projected']).not.toHaveProperty('defaultMode');
    expect(inject(result).operations).toEqual([]);
  });

  it('the root may have a drive and backslashes', () => {
    const env = [{ name: 'SERVICE_BINDING_ROOT', value: 'C:\\bindings\\' }];
    expect(mountPaths(inject(pod(ask, windows({ env }))).pod)).toEqual(['C:\\bindings\\db']);
  });

  it('paths are compared without regard to case, drive and slashes', () => {
    const mounts = [{ name: 'x', mountPath: 'c:\\Bindings\\DB' }];
    expect(() => inject(pod(ask, windows({ volumeMounts: mounts })))).toThrow('mountPath /bindings/db');
  });
});

describe('volumes', () => {
  it('hold the Secret read-only, with modes that every user can read', () => {
    const { pod: result } = inject(pod({ [key('bind', 'db')]: 'binding/db' }));
    expect(result.spec!.volumes).toEqual([
      {
        name: expect.stringMatching(/^sb-db-[0-9a-f]{8}$/),
        projected: { sources: [{ secret: { name: 'db' } }], defaultMode: 420 },
      },
    ]);
    expect(container(result).volumeMounts).toEqual([
      { name: result.spec!.volumes![0]!.name, mountPath: '/bindings/db', readOnly: true },
    ]);
  });

  it('take type and provider from the Pod’s annotations, after the Secret', () => {
    const annotations = { ...ask, [key('type.bind', 'db')]: 'pg', [key('provider.bind', 'db')]: 'me' };
    const { pod: result } = inject(pod(annotations));
    const file = (path: string): unknown => ({
      path,
      fieldRef: { apiVersion: 'v1', fieldPath: `metadata.annotations['${key(`${path}.bind`, 'db')}']` },
    });
    expect((result.spec!.volumes![0]!['projected'] as { sources: unknown }).sources).toEqual([
      { secret: { name: 'creds' } },
      { downwardAPI: { items: [file('type'), file('provider')] } },
    ]);
  });

  it('(52) are optional with wait=optional, and so are the variables', () => {
    const annotations = {
      ...ask,
      [key('env.bind', 'db')]: 'URL=uri,PG_*',
      [key('wait.bind', 'db')]: 'optional',
      [key('type.bind', 'db')]: 'pg',
    };
    const { pod: result } = inject(pod(annotations));
    expect((result.spec!.volumes![0]!['projected'] as { sources: unknown[] }).sources[0]).toEqual({
      secret: { name: 'creds', optional: true },
    });
    expect(container(result).env![1]).toEqual({
      name: 'URL',
      valueFrom: { secretKeyRef: { name: 'creds', key: 'uri', optional: true } },
    });
    expect(container(result).envFrom).toEqual([
      { prefix: 'PG_', secretRef: { name: 'creds', optional: true } },
    ]);
  });

  it('(64) have legal names that differ wherever name or source differ', () => {
    const requests = [
      { name: 'a.b', sourceText: 'binding/x' },
      { name: 'a-b', sourceText: 'binding/x' },
      { name: 'a.b', sourceText: 'binding/y' },
      { name: 'x'.repeat(63), sourceText: 'binding/x' },
      { name: `${'x'.repeat(62)}y`, sourceText: 'binding/x' },
      { name: `${'x'.repeat(50)}.y`, sourceText: 'binding/x' },
    ];
    const names = requests.map(volumeName);
    expect(new Set(names).size).toBe(requests.length);
    for (const name of names) expect(name).toMatch(/^(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
  });
});

it('the plan itself never changes its input', () => {
  const input = pod(ask, { volumes: [{ name: 'v', emptyDir: {} }] });
  const before = structuredClone(input);
  const { operations } = inject(input);
  expect(input).toEqual(before);
  expect(applyIndependently(input, operations)).not.toEqual(before);
});
