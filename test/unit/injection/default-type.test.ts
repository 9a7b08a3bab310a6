import { resolvePod } from '../../support/kubelet-lite/resolve-pod.ts';
import type { PodObject } from '../../support/kubelet-lite/pod-types.ts';
import type { PodPreset } from '../../../src/api/generated/pod-preset.ts';
import { matchingPresets } from '../../../src/injection/preset.ts';
import type { RawPod } from '../../../src/injection/pod.ts';
import { containerOf, readerOf, secret, textsAt } from '../support/kubelet-lite/objects.ts';
import { container, inject, key, pod } from './pods.ts';

const typeKey = 'default-type.servicecatalog.k8s.io/db';
const statusKey = 'status.servicecatalog.k8s.io/injected';
const fromSecret = { [key('bind', 'db')]: 'secret/creds' };
const cluster = readerOf({ secrets: { creds: secret({ password: 'x' }), full: secret({ type: 'mysql' }) } });

/** What a process finds below /bindings/db, as a kubelet would make it. */
async function filesOf(injected: RawPod): Promise<Readonly<Record<string, string>>> {
  const metadata = { ...injected.metadata, name: 'web', namespace: 'shop' };
  return textsAt(
    containerOf(await resolvePod(cluster, { ...injected, metadata } as PodObject)),
    '/bindings/db',
  );
}

it.each([
  ['the name of the binding, where the Secret says nothing', fromSecret, { type: 'db', password: 'x' }],
  ['what the Secret says', { [key('bind', 'db')]: 'secret/full' }, { type: 'mysql' }],
  [
    'what the Pod says, whatever the Secret says',
    { [key('bind', 'db')]: 'secret/full', [key('type.bind', 'db')]: 'pg' },
    { type: 'pg' },
  ],
  [
    'the name of the binding, while an optional Secret is missing',
    { [key('bind', 'db')]: 'binding/later', [key('wait.bind', 'db')]: 'optional' },
    { type: 'db' },
  ],
])('the directory of a binding has a file type: %s', async (_title, annotations, files) => {
  const { pod: result } = inject(pod(annotations));
  expect(await filesOf(result)).toEqual(files);
  expect(inject(result).operations).toEqual([]);
});

it.each([
  ['of a ServiceBinding, whose Secret always has one', { [key('bind', 'db')]: 'binding/db' }],
  ['without files', { ...fromSecret, [key('mount.bind', 'db')]: 'none' }],
])('nothing is written on the Pod for a type %s', (_title, annotations) => {
  expect(inject(pod(annotations)).pod.metadata?.annotations).not.toHaveProperty([typeKey]);
});

it('what stands on the Pod under this key stays', async () => {
  const { pod: result, operations } = inject(pod({ ...fromSecret, [typeKey]: 'redis' }));
  expect(operations.some(({ path }) => path.includes('default-type'))).toBe(false);
  expect(await filesOf(result)).toMatchObject({ type: 'redis' });
});

it('a PodPreset brings the type of what it takes from a Secret', async () => {
  const preset: PodPreset = {
    metadata: { name: 'p', namespace: 'shop' },
    spec: { selector: {}, bindings: [{ name: 'db', from: 'secret/creds' }] },
  };
  const input: RawPod = { metadata: {}, spec: { containers: [{ name: 'app' }] } };
  const options = { presets: matchingPresets(input.metadata, [preset]) };
  const { pod: result } = inject(input, options);
  expect(await filesOf(result)).toEqual({ type: 'db', password: 'x' });
  expect(inject(result, options).operations).toEqual([]);
});

it('(43) a Pod whose annotations leave no room for it is not refused', () => {
  const bulk = 'x'.repeat(256 * 1024 - 150);
  const { pod: result } = inject(pod({ ...fromSecret, bulk }));
  const entries = Object.entries(result.metadata?.annotations ?? {});
  const bytes = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  expect(bytes).toBeLessThanOrEqual(256 * 1024);
  expect(result.metadata?.annotations).not.toHaveProperty([statusKey]);
  expect(container(result).volumeMounts).toHaveLength(1);
});
