import { parseAnnotations } from '../../../src/injection/annotations.ts';
import { planEphemeral } from '../../../src/injection/plan.ts';
import { patch } from '../../../src/injection/patch.ts';
import type { RawContainer, RawPod } from '../../../src/injection/pod.ts';
import { applyIndependently, inject, key, pod } from './pods.ts';

const ask = { [key('bind', 'db')]: 'secret/creds', [key('env.bind', 'db')]: 'URL=uri' };

function debug(before: RawPod, containers: readonly RawContainer[]): RawPod {
  const input: RawPod = { ...before, spec: { ...before.spec, ephemeralContainers: containers } };
  const { requests } = parseAnnotations(input.metadata?.annotations);
  const plan = planEphemeral({
    pod: input,
    before,
    requests,
    namespace: 'shop',
    workload: { kind: 'Deployment', name: 'web' },
    bindingSecretName: () => undefined,
  });
  return applyIndependently(input, patch(plan, input));
}

describe('(30) ephemeral containers', () => {
  const injected = inject(pod(ask)).pod;

  it('mount the volumes that the Pod has', () => {
    const result = debug(injected, [{ name: 'dbg' }]);
    const [ephemeral] = result.spec!.ephemeralContainers!;
    expect(ephemeral!.volumeMounts).toEqual([
      { name: injected.spec!.volumes![0]!.name, mountPath: '/bindings/db', readOnly: true },
    ]);
    expect(ephemeral!.env!.map(({ name }) => name)).toEqual(['SERVICE_BINDING_ROOT', 'URL']);
    expect(result.spec!.volumes).toEqual(injected.spec!.volumes);
    expect(result.metadata).toEqual(injected.metadata);
  });

  it('get nothing in a Pod that was not injected', () => {
    const input = pod(ask);
    expect(debug(input, [{ name: 'dbg' }]).spec!.ephemeralContainers).toEqual([{ name: 'dbg' }]);
  });

  it('that are there already stay untouched', () => {
    const before: RawPod = {
      ...injected,
      spec: { ...injected.spec, ephemeralContainers: [{ name: 'old' }] },
    };
    const result = debug(before, [{ name: 'old' }, { name: 'new' }]);
    expect(result.spec!.ephemeralContainers![0]).toEqual({ name: 'old' });
    expect(result.spec!.ephemeralContainers![1]!.volumeMounts).toHaveLength(1);
  });

  it('are never refused: what conflicts is left out', () => {
    const env = [{ name: 'URL', value: 'x' }];
    const [ephemeral] = debug(injected, [{ name: 'dbg', env }]).spec!.ephemeralContainers!;
    expect(ephemeral!.env!.map(({ name }) => name)).toEqual(['SERVICE_BINDING_ROOT', 'URL']);
    expect(ephemeral!.volumeMounts).toHaveLength(1);
  });
});
