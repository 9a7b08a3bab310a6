import type { PodPreset, PodPresetSpec } from '../../../src/api/generated/pod-preset.ts';
import { keptPreset } from '../../../src/model/kept-form.ts';
import { verdictOf } from '../../../src/presets/preset-controller.ts';

function preset(spec: PodPresetSpec): PodPreset {
  return { metadata: { name: 'proxy', namespace: 'shop', uid: 'u', resourceVersion: '1' }, spec };
}

function namespace(labels?: Readonly<Record<string, string>>) {
  return { metadata: { name: 'shop', uid: 'n', resourceVersion: '1', ...(labels && { labels }) } };
}

const usable = preset({ selector: {}, env: [{ name: 'A', value: 'x' }] });
const wanted = { 'servicecatalog.k8s.io/pod-presets': 'enabled' };
const optedOut = { 'inject.servicecatalog.k8s.io': 'disabled' };

it('a preset is ready where all Pods are looked at', () => {
  expect(verdictOf(usable, namespace(wanted))).toMatchObject({ kind: 'ready', reason: 'Usable' });
});

it.each([
  [
    'without the label',
    undefined,
    'Only Pods that ask for bindings themselves get what it has: namespace "shop" has no label servicecatalog.k8s.io/pod-presets. To change that: kubectl label namespace shop servicecatalog.k8s.io/pod-presets=enabled',
  ],
  [
    'that has opted out',
    { ...wanted, ...optedOut },
    'No Pod of namespace "shop" is looked at, because of its label inject.servicecatalog.k8s.io. To change that: kubectl label namespace shop servicecatalog.k8s.io/pod-presets=enabled inject.servicecatalog.k8s.io-',
  ],
])('a preset in a namespace %s says so, and what to type', (_where, labels, message) => {
  expect(verdictOf(usable, namespace(labels))).toEqual({
    kind: 'working',
    reason: 'NamespaceNotLabelled',
    message,
  });
});

it('what is wrong with the preset itself comes first', () => {
  const bad = preset({ selector: {}, bindings: [{ name: 'db', from: 'nonsense' }] });
  expect(verdictOf(bad, namespace())).toMatchObject({ kind: 'stalled', reason: 'Invalid' });
});

it.each<[string, PodPresetSpec, string]>([
  ['larger than 32 KiB', { env: [{ name: 'A', value: 'x'.repeat(33_000) }] }, 'it is larger than 32 KiB'],
  [
    'of too many values',
    { selector: { matchLabels: Object.fromEntries(Array.from({ length: 2_600 }, (_, at) => [at, ''])) } },
    'it holds more than 2500 values',
  ],
])('a preset that is %s says so', (_what, spec, reason) => {
  expect(verdictOf(keptPreset(preset(spec)), namespace(wanted))).toMatchObject({
    kind: 'stalled',
    reason: 'Invalid',
    message: `Left out of all Pods: ${reason}`,
  });
});
