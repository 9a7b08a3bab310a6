import { trimWorkload } from '../../../../src/workloads/workload.ts';
import {
  admittedServices,
  parametersOf,
  type WantedServices,
} from '../../../../src/workloads/making/wanted-services.ts';

const bind = 'bind.servicecatalog.k8s.io/db';
const share = 'share.bind.servicecatalog.k8s.io/db';
const params = 'params.bind.servicecatalog.k8s.io/db';

function deployment(name: string, own: Record<string, string>, template: Record<string, string> = {}) {
  return trimWorkload('Deployment', {
    metadata: { name, namespace: 'n', annotations: own },
    spec: { template: { metadata: { annotations: template } } },
  });
}

/** All that these Deployments ask for on their templates. */
function wantedServices(templates: readonly Record<string, string>[]): WantedServices {
  const workloads = templates.map((template, at) => deployment(String.fromCharCode(97 + at), {}, template));
  return admittedServices(workloads, true);
}

describe('services that workloads want', () => {
  it('belong to their workloads', () => {
    const same = { [bind]: 'request/postgresql/small' };
    const { instances, bindings } = wantedServices([same, same]);
    expect([...instances.values()].flatMap(({ asks }) => asks.map(({ wish }) => wish.request))).toEqual([
      expect.objectContaining({ class: 'postgresql', plan: 'small' }),
      expect.objectContaining({ class: 'postgresql', plan: 'small' }),
    ]);
    expect([...bindings.values()].map(({ asks }) => asks[0]?.wish.instance)).toEqual([...instances.keys()]);
    expect(bindings.size).toBe(2);
  });

  it('are shared under an id, with a login each', () => {
    const shared = { [bind]: 'request/postgresql/small', [share]: 'money' };
    const { instances, bindings } = wantedServices([shared, shared]);
    expect([...instances.values()].map(({ asks }) => asks.length)).toEqual([2]);
    expect(bindings.size).toBe(2);
  });

  it('take inline parameters and those of a Secret', () => {
    const source = { [bind]: 'request/postgresql/small' };
    const [inline] = wantedServices([{ ...source, [params]: '{"size":1}' }]).instances.values();
    const [secret] = wantedServices([{ ...source, [params]: 'secret:s/k' }]).instances.values();
    expect(parametersOf(inline!.asks[0]!.wish)).toEqual({ parameters: { size: 1 } });
    expect(parametersOf(secret!.asks[0]!.wish)).toEqual({
      parametersFrom: [{ secretKeyRef: { name: 's', key: 'k' } }],
    });
  });

  it('are only a binding for an instance that is there', () => {
    const wanted = wantedServices([{ [bind]: 'instance/mydb' }]);
    expect(wanted.instances.size).toBe(0);
    expect([...wanted.bindings.values()].map(({ asks }) => asks[0]?.wish.instance)).toEqual(['mydb']);
  });

  it.each([['binding/x'], ['secret/x'], [''], ['request/nope'], ['garbage']])('are none for %j', (source) => {
    const wanted = wantedServices([{ [bind]: source }]);
    expect([wanted.instances.size, wanted.bindings.size]).toEqual([0, 0]);
  });
});

describe('services that may be made', () => {
  const source = { [bind]: 'request/postgresql/small' };

  it('are those of Pod templates: what stands beside them alone has not been admitted, and is only kept', () => {
    const beside = deployment('a', source);
    expect(admittedServices([beside], true).instances.size).toBe(0);
    expect(beside.kept.list).toHaveLength(1);
    expect(admittedServices([deployment('a', {}, source)], true).instances.size).toBe(1);
  });

  it('are none for Pods that have opted out, and what they had is kept', () => {
    const out = deployment('a', {}, { ...source, 'inject.servicecatalog.k8s.io': 'disabled' });
    expect(admittedServices([out], true).instances.size).toBe(0);
    expect(out.kept.list).toHaveLength(1);
  });

  it('are none where nobody looks at workloads', () => {
    const { instances, bindings } = admittedServices([deployment('a', source, source)], false);
    expect([instances.size, bindings.size]).toEqual([0, 0]);
  });
});
