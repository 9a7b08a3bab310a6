import type { PodPreset, PodPresetSpec } from '../../../src/api/generated/pod-preset.ts';
import { lazyText, putLazily } from '../../../src/base/lazy-json.ts';
import { keptBrokered, keptItem, keptItemSpec, keptPreset } from '../../../src/model/kept-form.ts';
import { Store } from '../../../src/control/store.ts';
import { Withheld } from '../../../src/control/withheld.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';

interface Thing extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>>;
}

function thing(spec: Thing['spec'], metadata: object = {}): Thing {
  return { metadata: { name: 'a', namespace: 'n', uid: 'u', resourceVersion: '1', ...metadata }, spec };
}

const large = { x: 'y'.repeat(5_000) };

describe('an instance or a binding in a store', () => {
  it('has its parameters when they are small, and a trace of them when they are not', () => {
    expect(keptBrokered(thing({ parameters: { a: 1 } })).spec).toEqual({ parameters: { a: 1 } });
    const { parameters } = keptBrokered(thing({ parameters: large, other: 1 })).spec;
    expect(parameters).toMatchObject({ bytes: 5_008 });
    expect(() => JSON.stringify({ parameters })).toThrow('can not be written');
  });

  it('takes no more room, however large they are: their text is not kept', () => {
    const spec = {};
    putLazily(spec, 'parameters', JSON.stringify(large), () => {
      throw new Error('nobody reads them');
    });
    const store = new Store<Thing>({ trim: keptBrokered, freeze: true });
    store.put(thing(spec));
    const kept = store.get('n/a')?.spec ?? {};
    expect(kept['parameters']).toBeInstanceOf(Withheld);
    expect(lazyText(kept, 'parameters')).toBeUndefined();
  });

  it('tells other parameters of the same size apart', () => {
    const other = { x: 'z'.repeat(5_000) };
    const [left, right] = [large, other].map((parameters) => keptBrokered(thing({ parameters })));
    expect(left).not.toEqual(right);
  });

  it('is trimmed twice like once', () => {
    const kept = keptBrokered(thing({ parameters: large }));
    expect(keptBrokered(kept)).toEqual(kept);
  });

  it('has no owners, no managers, no manifest, and of many labels the first ones, ours before all others', () => {
    const many = Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`key-${at}`, 'x'.repeat(10)]));
    const own = { 'servicecatalog.k8s.io/generated': 'true' };
    const { metadata } = keptBrokered(
      thing(
        {},
        {
          labels: { ...many, ...own },
          annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', note: 'mine' },
          ownerReferences: [{}],
          managedFields: [{}],
          finalizers: ['f'],
        },
      ),
    );
    expect(metadata.annotations).toEqual({ note: 'mine' });
    expect(metadata.labels).toMatchObject(own);
    expect(JSON.stringify(metadata.labels).length).toBeLessThan(32 * 1024);
    expect(Object.keys(metadata.labels ?? {}).length).toBeGreaterThan(500);
    expect(metadata.finalizers).toEqual(['f']);
    expect(metadata).not.toHaveProperty('ownerReferences');
    expect(metadata).not.toHaveProperty('managedFields');
  });

  it('loses none of our small annotations beside one that is too large', () => {
    const retain = { 'servicecatalog.k8s.io/deletion-policy': 'retain' };
    const annotations = { 'servicecatalog.k8s.io/a': 'x'.repeat(20_000), ...retain };
    expect(keptBrokered(thing({}, { annotations })).metadata.annotations).toEqual(retain);
  });
});

describe('a preset in a store', () => {
  const preset = (spec: PodPresetSpec, metadata: object = {}): PodPreset => ({
    metadata: { name: 'a', namespace: 'n', ...metadata },
    spec: { selector: {}, ...spec },
  });
  const variables = (count: number, value: string): PodPresetSpec => ({
    env: Array.from({ length: count }, (_, at) => ({ name: `V${at}`, value })),
  });
  const source = { secretKeyRef: { name: 'credentials', key: 'password' } };

  it.each<[string, PodPresetSpec]>([
    ['one long value', variables(1, 'x'.repeat(32_000))],
    [
      'as many variables as there may be',
      { env: Array.from({ length: 256 }, (_, at) => ({ name: `V${at}`, valueFrom: source })) },
    ],
  ])('is whole with %s', (_what, spec) => {
    expect(keptPreset(preset(spec))).toEqual(preset(spec));
  });

  const deep = (levels: number): object =>
    JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`) as object;
  it.each<[string, PodPresetSpec]>([
    ['many long values', variables(200, 'x'.repeat(6_000))],
    ['values that are long in UTF-8', variables(1, '€'.repeat(12_000))],
    ['many values in little text', { volumes: [{ name: 'v', x: emptyObjects(3_000) }] }],
    ['many labels', { selector: { matchLabels: Object.fromEntries(labels(3_000)) } }],
    ['thousands of levels', { volumes: [{ name: 'v', x: deep(10_000) }] }],
  ])('chooses no Pod, and has nothing else of its spec, with %s', (_what, spec) => {
    const kept = keptPreset(preset(spec));
    expect(kept).toEqual({ ...preset({}), spec: {}, withheld: expect.any(Withheld) as unknown });
    expect(() => JSON.stringify(kept)).toThrow('can not be written');
    expect(keptPreset(kept)).toEqual(kept);
  });

  it('is not parsed to find out how large it is', () => {
    const spec = {};
    putLazily(spec, 'volumes', JSON.stringify(emptyObjects(300_000)), () => {
      throw new Error('nobody reads them');
    });
    expect(keptPreset({ metadata: { name: 'a' }, spec }).withheld?.bytes).toBeGreaterThan(900_000);
  });

  it('has no owners, no managers, no finalizers and no manifest, and of many annotations the first ones', () => {
    const annotations = Object.fromEntries(labels(3_000));
    const { metadata } = keptPreset(
      preset(
        {},
        { annotations, ownerReferences: [{}], managedFields: [{}], finalizers: ['f'], generation: 2 },
      ),
    );
    expect(Object.keys(metadata)).toEqual(['name', 'namespace', 'annotations', 'generation']);
    expect(JSON.stringify(metadata).length).toBeLessThan(40 * 1024);
  });
});

function emptyObjects(count: number): readonly object[] {
  return Array.from({ length: count }, () => ({}));
}

function labels(count: number): readonly (readonly [string, string])[] {
  return Array.from({ length: count }, (_, at) => [`key-${at}`, 'x'.repeat(20)]);
}

describe('a class or a plan in a store', () => {
  it('has what is small of the catalog, and of what is large enough to know whether it changed', () => {
    const spec = { externalName: 'x', externalMetadata: large, description: 'short', tags: ['a'] };
    const kept = keptItem(thing(spec)).spec;
    expect(kept).toEqual({ ...spec, externalMetadata: expect.any(Withheld) as unknown });
    const sorted = { y: 1, x: { b: 'y'.repeat(5_000), a: 1 } };
    const unsorted = { x: { a: 1, b: 'y'.repeat(5_000) }, y: 1 };
    expect(keptItemSpec({ externalMetadata: sorted })).toEqual(keptItemSpec({ externalMetadata: unsorted }));
    expect(keptItemSpec({ externalMetadata: sorted })).not.toEqual(keptItemSpec({ externalMetadata: large }));
  });

  it('can hold what no catalog gives: megabytes, and thousands of levels', () => {
    const deep = { ...thing({}), spec: {} };
    putLazily(deep.spec, 'externalMetadata', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`);
    expect(keptItem(deep as Thing).spec['externalMetadata']).toBeInstanceOf(Withheld);
    const long = { ...thing({}), spec: {} };
    putLazily(long.spec, 'externalMetadata', `{"a":"${'x'.repeat(600_000)}"}`, () => {
      throw new Error('nobody reads it');
    });
    expect(keptItem(long as Thing).spec['externalMetadata']).toBeInstanceOf(Withheld);
  });

  it('keeps the default parameters: they are sent, if they are not too large for it', () => {
    const spec = { defaultProvisionParameters: large };
    expect(keptItem(thing(spec)).spec).toEqual(spec);
    const huge = { defaultProvisionParameters: { x: 'y'.repeat(17_000) } };
    expect(keptItem(thing(huge)).spec['defaultProvisionParameters']).toBeInstanceOf(Withheld);
  });

  it('keeps the tags by which bindings are told apart, and of many owners ours', () => {
    const tags = Array.from({ length: 200 }, (_, at) => `tag-${at}`);
    expect(keptItem(thing({ tags })).spec).toEqual({ tags });
    expect(keptItem(thing({ tags: [...tags, 'x'.repeat(4_000)] })).spec['tags']).toBeInstanceOf(Withheld);
    const ours = { apiVersion: 'servicecatalog.k8s.io/v1beta1', kind: 'ServiceBroker', name: 'b', uid: 'b' };
    const other = { apiVersion: 'v1', kind: 'Pod', name: 'x'.repeat(5_000), uid: 'c' };
    const another = { ...other, name: 'small' };
    const ownerReferences = [other, another, ours];
    const { metadata } = keptItem(thing({}, { ownerReferences, finalizers: ['f'] }));
    expect(metadata.ownerReferences).toEqual([ours, another]);
    expect(metadata).not.toHaveProperty('finalizers');
  });
});
