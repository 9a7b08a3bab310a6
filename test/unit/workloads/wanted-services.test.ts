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

describe('a workload as it is kept', () => {
  it('has nothing but its name and what it asks for', () => {
    const workload = deployment('a', { 'other/key': 'x', [bind]: 'instance/i', [params]: '{"a": 1}' });
    const nothing = { list: [], isComplete: true };
    expect(workload).toEqual({
      metadata: { name: 'a', namespace: 'n' },
      isAsking: true,
      kept: {
        list: [
          {
            login: {
              name: expect.stringMatching(/^a-db-[0-9a-f]{12}$/) as string,
              mark: expect.any(String) as string,
            },
            request: undefined,
            instance: 'i',
            parameters: '{"a": 1}',
          },
        ],
        isComplete: true,
      },
      admitted: nothing,
    });
    expect(deployment('b', { 'other/key': 'x' })).toMatchObject({ isAsking: false, kept: nothing });
  });

  it('is not read when it has more values in its parameters than anybody can wait for', () => {
    const many = `{"a":[${Array(3_000).fill('{}').join(',')}]}`;
    const { kept, isAsking } = deployment('a', { [bind]: 'request/postgresql/small', [params]: many });
    expect([isAsking, kept]).toEqual([true, { list: [], isComplete: false }]);
  });

  it('asks for itself when an operator made it', () => {
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'u', controller: true };
    for (const apiVersion of ['apps/v1', undefined]) {
      const { kept } = trimWorkload('Deployment', {
        ...(apiVersion && { apiVersion, kind: 'Deployment' }),
        metadata: {
          name: 'a',
          namespace: 'n',
          annotations: { [bind]: 'request/postgresql/small' },
          ownerReferences: [owner],
        },
      });
      expect(kept.list).toHaveLength(1);
    }
  });

  it.each([
    ['being deleted', { deletionTimestamp: '2026-01-01T00:00:00Z' }],
    [
      'made by a CronJob',
      {
        ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'x', uid: 'u', controller: true }],
      },
    ],
  ])('asks for nothing while %s', (_name, metadata) => {
    const annotations = { [bind]: 'request/postgresql/small' };
    const { kept, admitted, isAsking } = trimWorkload('Job', {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'a', namespace: 'n', annotations, ...metadata },
    });
    expect([kept.list, admitted.list, isAsking]).toEqual([[], [], false]);
  });
});
