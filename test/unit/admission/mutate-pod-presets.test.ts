import type { PodPreset } from '../../../src/api/generated/pod-preset.ts';
import type { JsonObject } from '../../../src/base/json.ts';
import { applyIndependently } from '../injection/pods.ts';
import { decide, podObject, world } from './pod-world.ts';

describe('PodPresets', () => {
  const preset: PodPreset = {
    metadata: { name: 'proxy', namespace: 'shop' },
    spec: { selector: { matchLabels: { app: 'web' } }, env: [{ name: 'HTTP_PROXY', value: 'http://proxy' }] },
  };
  const labelled = (annotations: Record<string, string>): JsonObject => ({
    metadata: { name: 'web', labels: { app: 'web' }, annotations },
    spec: { containers: [{ name: 'app' }] },
  });

  it('change Pods that did not ask', async () => {
    const here = world({ presets: (namespace) => (namespace === 'shop' ? [preset] : []) });
    const decision = await decide(labelled({}), here);
    expect(decision).toMatchObject({ allowed: true, outcome: 'patched' });
    expect(await decide(labelled({}), here, { namespace: 'other' })).toEqual({
      allowed: true,
      outcome: 'unchanged',
    });
    expect(await decide(podObject({}), here)).toEqual({ allowed: true, outcome: 'unchanged' });
  });

  it('that conflict are left out; the Pod is admitted and its owner hears of it', async () => {
    const here = world({ presets: () => [preset] });
    const object = {
      ...labelled({}),
      spec: { containers: [{ name: 'app', env: [{ name: 'HTTP_PROXY', value: 'mine' }] }] },
    };
    const decision = await decide(object, here);
    expect(decision.allowed).toBe(true);
    expect(decision.warnings).toEqual([expect.stringContaining('env HTTP_PROXY')]);
  });

  it('do not make warnings of the annotations that they need', async () => {
    const bindings = [{ name: 'db', from: 'secret/s', type: 'pg' }];
    const here = world({ presets: () => [{ ...preset, spec: { ...preset.spec, bindings } }] });
    const first = await decide(labelled({}), here);
    const injected = applyIndependently(labelled({}), first.patch ?? []);
    expect(await decide(injected, here)).toMatchObject({ outcome: 'unchanged' });
    expect((await decide(injected, here)).warnings).toBeUndefined();
    expect(here.observed.at(-1)).toEqual({ injected: ['secret'], conflicts: [] });
  });
});
