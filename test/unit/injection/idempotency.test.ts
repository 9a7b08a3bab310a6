import type { RawContainer, RawPod, RawVolume } from '../../../src/injection/pod.ts';
import { container, inject, key, mountPaths, pod } from './pods.ts';

const statusKey = 'status.servicecatalog.k8s.io/injected';
const annotations = {
  [key('bind', 'db')]: 'request/pg/small',
  [key('env.bind', 'db')]: 'URL=uri,PG_*',
  [key('type.bind', 'db')]: 'postgresql',
  [key('bind', 'cache')]: 'secret/redis',
  [key('mount.bind', 'cache')]: '/etc/cache',
};
const spec = {
  containers: [{ name: 'app', env: [{ name: 'X', value: '1' }] }, { name: 'other' }],
  initContainers: [{ name: 'init' }],
  volumes: [{ name: 'mine', emptyDir: {} }],
};

it('(32) a second time there is nothing to do', () => {
  const first = inject(pod(annotations, spec));
  expect(first.operations.length).toBeGreaterThan(0);
  expect(inject(first.pod).operations).toEqual([]);
});

it('(33) nor after another webhook has reordered everything', () => {
  const { pod: first } = inject(pod(annotations, spec));
  const reverse = (list: readonly RawContainer[]): RawContainer[] =>
    list.toReversed().map((item) => ({ ...item, volumeMounts: (item.volumeMounts ?? []).toReversed() }));
  const reordered: RawPod = {
    ...first,
    spec: {
      ...first.spec,
      containers: reverse(first.spec!.containers!),
      volumes: first.spec!.volumes!.toReversed(),
    },
  };
  expect(inject(reordered).operations).toEqual([]);
});

it('(33) nor after the API server has filled in its defaults', () => {
  const { pod: first } = inject(pod(annotations, spec));
  const defaulted = (volume: RawVolume): RawVolume => {
    const projected = volume['projected'] as { readonly sources: readonly object[] } | undefined;
    return projected === undefined ? volume : { ...volume, projected: { ...projected, defaultMode: 420 } };
  };
  const filled: RawPod = {
    ...first,
    spec: {
      ...first.spec,
      volumes: first.spec!.volumes!.map(defaulted),
      containers: first.spec!.containers!.map((item) => ({ ...item, terminationMessagePath: '/dev/x' })),
    },
  };
  expect(inject(filled).operations).toEqual([]);
});

it('(27) a container that came later gets what it lacks, and only that', () => {
  const { pod: first } = inject(pod(annotations, spec));
  const later: RawPod = {
    ...first,
    spec: { ...first.spec, containers: [...first.spec!.containers!, { name: 'sidecar' }] },
  };
  const { operations, pod: second } = inject(later);
  expect(
    operations.every(({ path }) => path.startsWith('/spec/containers/2/') || path.endsWith('injected')),
  ).toBe(true);
  expect(mountPaths(second, 'sidecar')).toEqual(['/etc/cache', '/bindings/db']);
  expect(inject(second).operations).toEqual([]);
});

it('(41) a status annotation of another Pod is not believed', () => {
  const { pod: first } = inject(pod(annotations, spec));
  const copied = pod({ ...annotations, [statusKey]: first.metadata!.annotations![statusKey]! }, spec);
  const { pod: second } = inject(copied);
  expect(second).toEqual(first);
});

it('(42) nor is a forged one', () => {
  const forged = pod({ ...annotations, [statusKey]: '{"v":1,"bindings":[{"name":"db"}]}' }, spec);
  const { pod: result } = inject(forged);
  expect(mountPaths(result)).toEqual(['/etc/cache', '/bindings/db']);
  expect(JSON.parse(result.metadata!.annotations![statusKey]!)).toMatchObject({
    bindings: [{ name: 'cache' }, { name: 'db', env: ['URL', 'PG_*'] }],
  });
});

describe('(43) annotations near the limit of 256 KiB', () => {
  const total = (input: RawPod): number =>
    Object.entries(input.metadata!.annotations!)
      .map(([name, value]) => Buffer.byteLength(name) + Buffer.byteLength(value))
      .reduce((sum, size) => sum + size, 0);
  const filledUpTo = (freeBytes: number): RawPod => {
    const base = pod({ ...annotations, filler: '' }, spec);
    return pod({ ...annotations, filler: 'ä'.repeat((256 * 1024 - total(base) - freeBytes) / 2) }, spec);
  };

  it.each([
    ['room for all', 4096, { bindings: expect.any(Array) }],
    ['room for little', 200, { shortened: true }],
    ['room for nothing', 10, undefined],
  ])('%s', (_title, freeBytes, expected) => {
    const { pod: result } = inject(filledUpTo(freeBytes));
    expect(total(result)).toBeLessThanOrEqual(256 * 1024);
    expect(mountPaths(result)).toHaveLength(2);
    const status = result.metadata!.annotations![statusKey];
    if (expected === undefined) expect(status).toBeUndefined();
    else expect(JSON.parse(status!)).toMatchObject(expected);
    expect(inject(result).operations).toEqual([]);
  });
});

it('(17) absent, null and empty lists', () => {
  const shapes = [
    {},
    { volumes: null, initContainers: null },
    { volumes: [], containers: [{ name: 'app', env: null, envFrom: null, volumeMounts: null }] },
    { volumes: [], containers: [{ name: 'app', env: [], envFrom: [], volumeMounts: [] }] },
  ];
  for (const shape of shapes) {
    const { pod: result } = inject(pod(annotations, shape));
    expect(result.spec!.volumes).toHaveLength(2);
    expect(container(result).volumeMounts).toHaveLength(2);
    expect(container(result).env!.map(({ name }) => name)).toEqual(['SERVICE_BINDING_ROOT', 'URL']);
    expect(container(result).envFrom).toHaveLength(1);
    expect(inject(result).operations).toEqual([]);
  }
});

it('(17) a preset on a Pod without annotations makes them', () => {
  const preset = {
    name: 'p',
    requests: [],
    env: [{ name: 'A', value: '1' }],
    envFrom: [],
    volumes: [],
    mounts: [],
    annotations: {},
    problems: [],
    unusable: undefined,
  };
  for (const metadata of [{}, { annotations: null }]) {
    const input: RawPod = { metadata, spec: { containers: [{ name: 'app' }] } };
    const { pod: result } = inject(input, { presets: [preset] });
    expect(Object.keys(result.metadata!.annotations!)).toEqual([statusKey]);
  }
});
