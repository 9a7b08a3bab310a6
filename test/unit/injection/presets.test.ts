import type { PodPreset, PodPresetSpec } from '../../../src/api/generated/pod-preset.ts';
import { selectsLabels } from '../../../src/injection/label-selector.ts';
import { matchingPresets } from '../../../src/injection/preset.ts';
import type { RawPod } from '../../../src/injection/pod.ts';
import { container, envNames, inject, key, mountPaths, planFor, pod } from './pods.ts';

function preset(name: string, spec: Partial<PodPresetSpec>): PodPreset {
  return { metadata: { name, namespace: 'shop' }, spec: { selector: {}, ...spec } };
}

function injectPresets(input: RawPod, presets: readonly PodPreset[]): ReturnType<typeof inject> {
  return inject(input, { presets: matchingPresets(input.metadata, presets) });
}

const plain: RawPod = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'app' }] } };

describe('(21) selectors', () => {
  it.each([
    ['empty', {}, true],
    ['equal', { matchLabels: { app: 'web' } }, true],
    ['not equal', { matchLabels: { app: 'api' } }, false],
    ['absent label', { matchLabels: { tier: 'x' } }, false],
    ['In', { matchExpressions: [{ key: 'app', operator: 'In', values: ['api', 'web'] }] }, true],
    ['NotIn', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, false],
    [
      'NotIn with the label absent',
      { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['x'] }] },
      true,
    ],
    ['Exists', { matchExpressions: [{ key: 'app', operator: 'Exists' }] }, true],
    ['Exists with the label absent', { matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, false],
    ['DoesNotExist', { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, true],
    ['an operator nobody knows', { matchExpressions: [{ key: 'app', operator: 'Near' as 'In' }] }, false],
    [
      'a key that every object inherits',
      { matchExpressions: [{ key: 'constructor', operator: 'Exists' }] },
      false,
    ],
  ] as const)('%s', (_title, selector, expected) => {
    expect(selectsLabels(selector, { app: 'web' })).toBe(expected);
  });

  it('no selector means no Pod', () => {
    const { selector: _selector, ...spec } = preset('p', {}).spec;
    expect(matchingPresets(plain.metadata, [{ metadata: { name: 'p' }, spec }])).toEqual([]);
  });

  it('a bad preset does not stop the others', () => {
    const presets = [
      preset('bad', { bindings: [{ name: 'NOT LEGAL' }] }),
      preset('good', { bindings: [{ name: 'db' }] }),
    ];
    expect(mountPaths(injectPresets(plain, presets).pod)).toEqual(['/bindings/db']);
    expect(matchingPresets(plain.metadata, presets)[0]!.problems).toHaveLength(1);
  });
});

it.each(['request/pg/small', 'instance/pg'])('%s is not for presets, which are nobody’s workload', (from) => {
  const presets = [
    preset('p', {
      bindings: [
        { name: 'db', from },
        { name: 'cache', from: 'secret/s' },
      ],
    }),
  ];
  const [read] = matchingPresets(plain.metadata, presets);
  expect(read!.requests.map(({ name }) => name)).toEqual(['cache']);
  expect(read!.problems).toEqual([
    expect.objectContaining({
      severity: 'error',
      message: expect.stringContaining('only binding/… and secret/… are') as string,
    }),
  ]);
  expect(mountPaths(injectPresets(plain, presets).pod)).toEqual(['/bindings/cache']);
});

it('variables, sources, volumes and mounts reach every container', () => {
  const spec: PodPresetSpec = {
    env: [{ name: 'A', value: '1' }],
    envFrom: [{ configMapRef: { name: 'c' } }],
    volumes: [{ name: 'cache', emptyDir: {} }],
    volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
  };
  const input = { ...plain, spec: { containers: [{ name: 'app' }], initContainers: [{ name: 'init' }] } };
  const { pod: result } = injectPresets(input, [preset('p', spec)]);
  for (const name of ['app', 'init']) {
    expect(container(result, name)).toMatchObject({
      env: spec.env,
      envFrom: spec.envFrom,
      volumeMounts: spec.volumeMounts,
    });
  }
  expect(result.spec!.volumes).toEqual(spec.volumes);
  expect(injectPresets(result, [preset('p', spec)]).operations).toEqual([]);
});

it('bindings have the notation of the annotations', () => {
  const bindings = [
    { name: 'db', from: 'secret/creds', env: 'URL=uri', containers: 'app', mount: '/etc/db', type: 'pg' },
  ];
  const input = { ...plain, spec: { containers: [{ name: 'app' }, { name: 'other' }] } };
  const presets = [preset('p', { bindings })];
  const { pod: result } = injectPresets(input, presets);
  expect(mountPaths(result)).toEqual(['/etc/db']);
  expect(mountPaths(result, 'other')).toEqual([]);
  expect(envNames(result)).toEqual(['URL']);
  // The file `type` is made of an annotation, so the Pod needs it.
  expect(result.metadata!.annotations![key('type.bind', 'db')]).toBe('pg');
  expect(injectPresets(result, presets).operations).toEqual([]);
});

it('(23) ten presets that match are all applied', () => {
  const presets = Array.from({ length: 10 }, (_, index) =>
    preset(`p${index}`, { env: [{ name: `V${index}`, value: 'x' }] }),
  );
  expect(envNames(injectPresets(plain, presets).pod)).toEqual(presets.map((_, index) => `V${index}`));
});

describe('a preset with a conflict', () => {
  const clash = preset('clash', {
    env: [
      { name: 'FINE', value: '1' },
      { name: 'TAKEN', value: 'theirs' },
    ],
    volumes: [{ name: 'v', emptyDir: {} }],
  });
  const input = {
    ...plain,
    spec: { containers: [{ name: 'app', env: [{ name: 'TAKEN', value: 'mine' }] }] },
  };

  it('is left out as a whole, and the others are applied', () => {
    const other = preset('other', { env: [{ name: 'B', value: '2' }] });
    const { pod: result, result: planned } = injectPresets(input, [clash, other]);
    expect(envNames(result)).toEqual(['TAKEN', 'B']);
    expect(result.spec).not.toHaveProperty('volumes');
    expect(planned).toMatchObject({ kind: 'inject', conflicts: [{ binding: 'clash', field: 'env TAKEN' }] });
  });

  it('alone leaves the Pod unmodified, but for a note of what is in the way', () => {
    const { pod: result, operations } = injectPresets(input, [clash]);
    expect(operations).toHaveLength(1);
    expect(result.spec).toEqual(input.spec);
    expect(JSON.parse(result.metadata!.annotations!['status.servicecatalog.k8s.io/injected']!)).toMatchObject(
      {
        bindings: [],
        leftOut: [
          {
            preset: 'clash',
            why: 'container "app", env TAKEN is wanted from a value and already set by the Pod from a value',
          },
        ],
      },
    );
    expect(injectPresets(result, [clash]).operations).toEqual([]);
  });

  it('that no Pod could have is not noted on each of them: it says so itself', () => {
    const bad = preset('bad', { env: [{ name: '', value: 'x' }] });
    expect(injectPresets(input, [bad]).operations).toEqual([]);
  });
});

describe('(22) two presets and one annotation for the same name', () => {
  const asked = pod({ [key('bind', 'db')]: 'secret/mine' });
  const presets = [
    preset('b', { bindings: [{ name: 'db', from: 'secret/other' }] }),
    preset('a', { bindings: [{ name: 'db', from: 'secret/mine', env: 'URL=uri' }] }),
  ];

  it('give one result: what the Pod asked for, and what goes with it', () => {
    const { pod: result, result: planned } = injectPresets(asked, presets);
    expect(mountPaths(result)).toEqual(['/bindings/db']);
    expect(envNames(result)).toEqual(['SERVICE_BINDING_ROOT', 'URL']);
    expect(planned).toMatchObject({
      kind: 'inject',
      injected: [{ name: 'db', secret: 'mine' }],
      conflicts: [{ binding: 'b', field: 'mountPath /bindings/db' }],
    });
  });

  it('whatever the order in which they are known', () => {
    expect(injectPresets(asked, presets.toReversed()).operations).toEqual(
      injectPresets(asked, presets).operations,
    );
  });
});

it('a preset does not make a Pod fail that conflicts by itself', () => {
  const annotations = {
    [key('bind', 'db')]: 'secret/s',
    'conflict.servicecatalog.k8s.io/policy': 'keep-mine',
  };
  const env = [{ name: 'SERVICE_BINDING_ROOT', value: '$(X)' }];
  const input = pod(annotations, { containers: [{ name: 'app', env }] });
  const presets = matchingPresets(input.metadata, [preset('p', { env: [{ name: 'A', value: '1' }] })]);
  expect(planFor(input, { presets })).toMatchObject({
    kind: 'inject',
    plan: { containers: [{ env: [{ name: 'A' }] }] },
  });
});

describe('a preset with which no Pod could be created', () => {
  const source = { name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } };
  it.each<[string, Partial<PodPresetSpec>, string]>([
    ['a variable', { env: [{ name: 'A=B', value: '1' }] }, 'env "A=B" can not be the name of a variable'],
    ['a value twice', { env: [{ ...source, value: '1' }] }, 'env "A" has both value and valueFrom'],
    ['no source', { env: [{ name: 'A', valueFrom: {} }] }, 'env "A" needs one source in valueFrom and has 0'],
    [
      'a key',
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'c', key: 'a/b' } } }] },
      'env "A": "a/b" can not be a key',
    ],
    [
      'a field',
      { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.containers' } } }] },
      'is no field for a variable',
    ],
    [
      'a divisor',
      { env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: 'one' } } }] },
      '"one" is no quantity',
    ],
    ['envFrom without source', { envFrom: [{}] }, 'envFrom needs either secretRef or configMapRef'],
    ['a name', { envFrom: [{ secretRef: { name: 'A B' } }] }, '"A B" can not be the name of an object'],
    ['a volume', { volumes: [{ name: 'A_B', emptyDir: {} }] }, '"A_B" can not be the name of a volume'],
    ['two sources', { volumes: [{ name: 'v', emptyDir: {}, secret: { secretName: 's' } }] }, 'has 2 sources'],
    ['half a source', { volumes: [{ name: 'v', secret: {} }] }, 'volume "v": secret needs secretName'],
    ['a mode', { volumes: [{ name: 'v', secret: { secretName: 's', defaultMode: 4096 } }] }, 'defaultMode'],
    ['a size', { volumes: [{ name: 'v', emptyDir: { sizeLimit: 'big' } }] }, 'sizeLimit is no quantity'],
    [
      'two volumes of a name',
      {
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 'v', emptyDir: {} },
        ],
      },
      'volume "v" is there twice',
    ],
    [
      'a path out of the volume',
      { volumes: [{ name: 'v' }], volumeMounts: [{ name: 'v', mountPath: '/v', subPath: '../x' }] },
      '"../x" must be a relative path',
    ],
    [
      'a volume of nobody',
      { volumeMounts: [{ name: 'v', mountPath: '/v' }] },
      'is of volume "v", which neither',
    ],
  ])('for %s is left out, with the reason, and the others are applied', (_what, spec, reason) => {
    const presets = [preset('bad', spec), preset('good', { env: [{ name: 'GOOD', value: '1' }] })];
    const { pod: result, result: planned } = injectPresets(plain, presets);
    expect(result.spec).toMatchObject({ containers: [{ name: 'app', env: [{ name: 'GOOD', value: '1' }] }] });
    expect(result.spec).not.toHaveProperty('volumes');
    expect(planned).toMatchObject({ kind: 'inject', conflicts: [{ binding: 'bad' }] });
    expect(planned.kind === 'inject' && planned.conflicts.map((one) => one.reason).join()).toContain(reason);
  });

  it('can mount a volume that the Pod has', () => {
    const spec = { volumeMounts: [{ name: 'cache', mountPath: '/cache' }] };
    const input = { ...plain, spec: { ...plain.spec, volumes: [{ name: 'cache', emptyDir: {} }] } };
    expect(mountPaths(injectPresets(input, [preset('p', spec)]).pod)).toEqual(['/cache']);
  });
});
