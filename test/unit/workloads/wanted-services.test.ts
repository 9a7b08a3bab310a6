import { trimWorkload } from '../../../src/workloads/workload.ts';
import { admittedServices, parametersOf, wantedServices } from '../../../src/workloads/wanted-services.ts';

const bind = 'bind.servicecatalog.k8s.io/db';
const share = 'share.bind.servicecatalog.k8s.io/db';
const params = 'params.bind.servicecatalog.k8s.io/db';

function deployment(name: string, own: Record<string, string>, template: Record<string, string> = {}) {
  return trimWorkload('Deployment', {
    metadata: { name, namespace: 'n', annotations: own },
    spec: { template: { metadata: { annotations: template } } },
  });
}

describe('services that workloads want', () => {
  it('belong to their workloads, wherever the annotation stands', () => {
    const { instances, bindings } = wantedServices([
      deployment('a', { [bind]: 'request/postgresql/small' }),
      deployment('b', {}, { [bind]: 'request/postgresql/small' }),
    ]);
    expect([...instances.values()].flatMap(({ asks }) => asks.map(({ wish }) => wish.request))).toEqual([
      expect.objectContaining({ class: 'postgresql', plan: 'small' }),
      expect.objectContaining({ class: 'postgresql', plan: 'small' }),
    ]);
    expect([...bindings.values()].map(({ asks }) => asks[0]?.wish.instance)).toEqual([...instances.keys()]);
    expect(bindings.size).toBe(2);
  });

  it('are shared under an id, with a login each', () => {
    const shared = { [bind]: 'request/postgresql/small', [share]: 'money' };
    const { instances, bindings } = wantedServices([deployment('a', shared), deployment('b', shared)]);
    expect([...instances.values()].map(({ asks }) => asks.length)).toEqual([2]);
    expect(bindings.size).toBe(2);
  });

  it('take inline parameters and those of a Secret', () => {
    const source = { [bind]: 'request/postgresql/small' };
    const [inline] = wantedServices([
      deployment('a', { ...source, [params]: '{"size":1}' }),
    ]).instances.values();
    const [secret] = wantedServices([
      deployment('a', { ...source, [params]: 'secret:s/k' }),
    ]).instances.values();
    expect(parametersOf(inline!.asks[0]!.wish)).toEqual({ parameters: { size: 1 } });
    expect(parametersOf(secret!.asks[0]!.wish)).toEqual({
      parametersFrom: [{ secretKeyRef: { name: 's', key: 'k' } }],
    });
  });

  it('are only a binding for an instance that is there', () => {
    const wanted = wantedServices([deployment('a', { [bind]: 'instance/mydb' })]);
    expect(wanted.instances.size).toBe(0);
    expect([...wanted.bindings.values()].map(({ asks }) => asks[0]?.wish.instance)).toEqual(['mydb']);
  });

  it.each([['binding/x'], ['secret/x'], [''], ['request/nope'], ['garbage']])('are none for %j', (source) => {
    const wanted = wantedServices([deployment('a', { [bind]: source })]);
    expect([wanted.instances.size, wanted.bindings.size]).toEqual([0, 0]);
  });
});

describe('services that may be made', () => {
  const source = { [bind]: 'request/postgresql/small' };

  it('are those of Pod templates: what stands beside them alone has not been admitted, and is only kept', () => {
    const beside = deployment('a', source);
    expect(admittedServices([beside], true).instances.size).toBe(0);
    expect(wantedServices([beside]).instances.size).toBe(1);
    expect(admittedServices([deployment('a', {}, source)], true).instances.size).toBe(1);
  });

  it('are none for Pods that have opted out, and what they had is kept', () => {
    const out = deployment('a', {}, { ...source, 'inject.servicecatalog.k8s.io': 'disabled' });
    expect(admittedServices([out], true).instances.size).toBe(0);
    expect(wantedServices([out]).instances.size).toBe(1);
  });

  it('are none where nobody looks at workloads', () => {
    const { instances, bindings } = admittedServices([deployment('a', source, source)], false);
    expect([instances.size, bindings.size]).toEqual([0, 0]);
  });
});
