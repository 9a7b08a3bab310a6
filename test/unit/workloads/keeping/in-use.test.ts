import {
  deletionProtectionAnnotation,
  generatedForAnnotation,
  generatedLabel,
  requestedForAnnotation,
} from '../../../../src/api/group.ts';
import { markOf, type RequestedIdentity } from '../../../../src/api/requested-identity.ts';
import { inUse, type NamespaceView } from '../../../../src/workloads/keeping/in-use.ts';
import {
  access,
  bind,
  binding,
  foreign,
  instance,
  instanceName,
  loginName,
  pod,
  service,
  source,
  viewOf,
  workload,
} from './made-for.ts';

const deletionTimestamp = '2026-01-01T00:00:00Z';
const share = { [`share.${bind}`]: 'money' };
const template = (annotations: object) => ({
  spec: { template: { metadata: { annotations: { ...annotations } } } },
});
const container = (fields: object) => ({ name: 'main', ...fields });

/** What nobody needs any more. */
function unused(parts: Partial<NamespaceView>): readonly string[] {
  const { bindings, instances } = inUse(viewOf(parts));
  const free = <T>(
    made: readonly { readonly usedBy: string | undefined; readonly object: T }[],
  ): readonly T[] => made.filter(({ usedBy }) => usedBy === undefined).map(({ object }) => object);
  return [
    ...free(bindings).map(({ metadata }) => `login ${metadata.name}`),
    ...free(instances).map(({ metadata }) => `instance ${metadata.name}`),
  ];
}

const login = `login ${loginName}`;
const service1 = `instance ${instanceName}`;
const both = [login, service1];

describe('who keeps what was made for a workload', () => {
  it.each<[string, Partial<NamespaceView>, readonly string[]]>([
    ['nobody', {}, both],
    [
      'the workload',
      { workloads: [workload('Deployment', { metadata: { annotations: { [bind]: source } } })] },
      [],
    ],
    ['its template', { workloads: [workload('Deployment', template({ [bind]: source }))] }, []],
    [
      'a template that has opted out',
      {
        workloads: [
          workload('Deployment', template({ [bind]: source, 'inject.servicecatalog.k8s.io': 'disabled' })),
        ],
      },
      [],
    ],
    [
      'another plan',
      { workloads: [workload('Deployment', template({ [bind]: 'request/postgresql/large' }))] },
      [],
    ],
    [
      'another class: not',
      { workloads: [workload('Deployment', template({ [bind]: 'request/mysql/small' }))] },
      both,
    ],
    [
      'a typo in the source',
      { workloads: [workload('Deployment', template({ [bind]: 'requst/postgresql/small' }))] },
      [],
    ],
    [
      'a typo in a setting',
      { workloads: [workload('Deployment', template({ [bind]: source, [`share.${bind}`]: '?' }))] },
      [],
    ],
    [
      'a typo under another name: not',
      {
        workloads: [
          workload('Deployment', template({ [bind.replace('/db', '/other')]: 'requst/postgresql/small' })),
        ],
      },
      both,
    ],
    [
      'a key that nobody knows',
      { workloads: [workload('Deployment', template({ [bind.replace('bind', 'bnd')]: source }))] },
      [],
    ],
    [
      'a name that can not be',
      { workloads: [workload('Deployment', template({ [bind.replace('db', 'dB')]: source }))] },
      [],
    ],
    [
      'a setting without its source',
      { workloads: [workload('Deployment', template({ [`env.${bind}`]: '*' }))] },
      [],
    ],
    [
      'more than is read',
      {
        workloads: [
          workload(
            'Deployment',
            template(
              Object.fromEntries(Array.from({ length: 300 }, (_none, index) => [`${bind}-${index}`, source])),
            ),
          ),
        ],
      },
      [],
    ],
    [
      'a workload of another name: not',
      { workloads: [workload('Deployment', { ...template({ [bind]: source }), metadata: { name: 'b' } })] },
      both,
    ],
    [
      'one of another kind: not',
      { workloads: [workload('StatefulSet', template({ [bind]: source }))] },
      both,
    ],
    [
      'one that is being deleted: not',
      {
        workloads: [
          workload('Deployment', { ...template({ [bind]: source }), metadata: { deletionTimestamp } }),
        ],
      },
      both,
    ],
    [
      'who shares its instance by naming it',
      {
        workloads: [
          workload('StatefulSet', {
            ...template({ [bind]: source, [`share.${bind}`]: 'Deployment/app' }),
            metadata: { name: 'next' },
          }),
        ],
      },
      [login],
    ],
    [
      'binding/',
      {
        workloads: [
          workload('Job', { ...template({ [bind]: `binding/${loginName}` }), metadata: { name: 'b' } }),
        ],
      },
      [],
    ],
    [
      'secret/',
      {
        workloads: [
          workload('CronJob', {
            spec: { jobTemplate: template({ [bind]: `secret/${loginName}` }) },
            metadata: { name: 'b' },
          }),
        ],
      },
      [],
    ],
    [
      'instance/',
      {
        workloads: [
          workload('Deployment', {
            ...template({ [bind]: `instance/${instanceName}` }),
            metadata: { name: 'b' },
          }),
        ],
      },
      [login],
    ],
    [
      'a template that names the Secret itself',
      {
        workloads: [
          workload('Deployment', {
            metadata: { name: 'b' },
            spec: {
              template: {
                spec: { containers: [container({ envFrom: [{ secretRef: { name: loginName } }] })] },
              },
            },
          }),
        ],
      },
      [],
    ],
    [
      'a PodPreset that names the binding',
      { presets: [preset({ bindings: [{ name: 'x', from: `binding/${loginName}` }] })] },
      [],
    ],
    [
      'a PodPreset that names the Secret',
      { presets: [preset({ volumes: [{ name: 'x', secret: { secretName: loginName } }] })] },
      [],
    ],
    ['a PodPreset that is too large to be read', { presets: [{ ...preset({}), withheld: {} as never }] }, []],
  ])('%s', (_who, parts, expected) => {
    expect(unused(parts)).toEqual(expected);
  });

  it.each<[string, Parameters<typeof workload>[1], readonly string[]]>([
    ['with Pods', revision({ replicas: 1 }), []],
    ['whose number is not said', revision({}), []],
    ['without', revision({ replicas: 0 }), both],
    [
      'that the Deployment left behind',
      {
        ...revision({ replicas: 2 }),
        metadata: { name: 'app-7d9f', labels: { 'pod-template-hash': '7d9f' } },
      },
      [],
    ],
  ])('a ReplicaSet %s', (_what, raw, expected) => {
    expect(unused({ workloads: [workload('ReplicaSet', raw)] })).toEqual(expected);
  });

  it('a ReplicaSet of a Rollout, with Pods or without: it asks through these alone, and only those with Pods', () => {
    const metadata = { name: 'app-7d9f', labels: { 'rollouts-pod-template-hash': '7d9f' } };
    const ofRollout: RequestedIdentity = {
      of: 'workload',
      workload: { kind: 'Rollout', name: 'app' },
      binding: 'db',
      class: 'postgresql',
    };
    for (const replicas of [0, 2]) {
      const set = workload('ReplicaSet', { ...revision({ replicas }), metadata });
      const instances = [instance({}, ofRollout)];
      expect(unused({ workloads: [set], instances, bindings: [] })).toEqual([]);
      expect(set.admitted.list).toHaveLength(replicas === 0 ? 0 : 1);
    }
  });

  it.each<[string, Parameters<typeof pod>[0]]>([
    ['a volume', { spec: { volumes: [{ name: 'v', secret: { secretName: loginName } }] } }],
    [
      'a projected volume',
      { spec: { volumes: [{ name: 'v', projected: { sources: [{ secret: { name: loginName } }] } }] } },
    ],
    [
      'a variable',
      {
        spec: {
          containers: [container({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: loginName } } }] })],
        },
      },
    ],
    [
      'all variables of an init container',
      { spec: { initContainers: [container({ envFrom: [{ secretRef: { name: loginName } }] })] } },
    ],
    [
      'an ephemeral container',
      { spec: { ephemeralContainers: [container({ envFrom: [{ secretRef: { name: loginName } }] })] } },
    ],
  ])('a Pod that names the Secret in %s, until it has finished', (_where, raw) => {
    expect(unused({ pods: [pod(raw)] })).toEqual([]);
    expect(unused({ pods: [pod({ ...raw, metadata: { deletionTimestamp } })] })).toEqual([]);
    expect(unused({ pods: [pod({ ...raw, status: { phase: 'Pending' } })] })).toEqual([]);
    for (const phase of ['Succeeded', 'Failed'])
      expect(unused({ pods: [pod({ ...raw, status: { phase } })] })).toEqual(both);
  });

  it('a Pod that asked and was not injected', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'app-7d9f', uid: 'u', controller: true };
    const metadata = {
      annotations: { [bind]: source },
      ownerReferences: [owner],
      labels: { 'pod-template-hash': '7d9f' },
    };
    expect(unused({ pods: [pod({ metadata })] })).toEqual([]);
  });

  it('a revision of it, which has no say in what becomes of it later', () => {
    const words = { [bind]: source };
    const template = (annotations: Record<string, string>) => ({ metadata: { annotations } });
    const revision = workload('ReplicaSet', {
      metadata: {
        name: 'app-7d9f',
        labels: { 'pod-template-hash': '7d9f' },
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app', uid: 'u', controller: true },
        ],
      },
      spec: { replicas: 1, template: template(words) },
    });
    const now = workload('Deployment', {
      spec: { template: template({ ...words, [bind.replace('bind', 'reclaim.bind')]: 'delete' }) },
    });
    const [made] = inUse(viewOf({ workloads: [now, revision] })).instances;
    expect(made?.reclaims).toEqual([{ kind: 'delete' }]);
    expect(inUse(viewOf({ workloads: [revision] })).instances[0]?.usedBy).toContain('ReplicaSet "app-7d9f"');
  });

  it('a binding of somebody else, until it is going', () => {
    expect(unused({ bindings: [binding(), foreign('mine', instanceName)] })).toEqual([login]);
    expect(unused({ users: [binding(), foreign('mine', instanceName)] })).toEqual([login]);
    expect(unused({ bindings: [foreign('mine', instanceName, { deletionTimestamp })] })).toEqual([service1]);
  });

  it('whoever protects it from deletion; a login that is protected keeps its service', () => {
    const protect = (value: string) => ({ annotations: { [deletionProtectionAnnotation]: value } });
    expect(unused({ instances: [instance(protect('true'))] })).toEqual([login]);
    expect(unused({ bindings: [binding(protect('true'))] })).toEqual([]);
    expect(unused({ instances: [instance(protect('false'))] })).toEqual(both);
  });

  it('a typo of one who shares, by the login that stays', () => {
    const shared = { of: 'share', share: 'money', class: 'postgresql' } as const;
    const made = instance({}, shared);
    const own = binding({}, { ...access, of: 'login', instance: made.metadata.name } as never);
    const parts = { instances: [made], bindings: [own] };
    const asking = (value: string) => [workload('Deployment', template({ [bind]: value, ...share }))];
    expect(unused({ ...parts, workloads: asking(source) })).toEqual([]);
    expect(unused({ ...parts, workloads: asking('requst/postgresql/small') })).toEqual([]);
    expect(unused(parts)).toEqual([`login ${own.metadata.name}`, `instance ${made.metadata.name}`]);
  });
});

describe("what is nobody else's to take away", () => {
  it.each([
    ['has a name of its own', instance({ name: 'db' })],
    ['is in another namespace', instance({ namespace: 'other' })],
    [
      'has the label alone',
      {
        ...instance(),
        metadata: { name: instanceName, namespace: 'n', labels: { [generatedLabel]: 'true' } },
      },
    ],
    [
      'has the mark of its login',
      instance({ name: instanceName, annotations: { [requestedForAnnotation]: markOf(access) } }),
    ],
    [
      'was made when equal annotations shared a service',
      {
        ...instance(),
        metadata: { name: 'db-0123abcd', namespace: 'n', annotations: { [generatedForAnnotation]: source } },
      },
    ],
    ['is going already', instance({ deletionTimestamp })],
  ])('%s', (_what, made) => {
    expect(
      inUse(viewOf({ instances: [made], bindings: [] })).instances.map(({ identity }) => identity),
    ).toEqual([]);
  });

  it('and what is, says for whom it was made', () => {
    expect(inUse(viewOf()).instances).toMatchObject([{ identity: service, logins: [{ identity: access }] }]);
  });
});

function revision(spec: { readonly replicas?: number }): Parameters<typeof workload>[1] {
  return {
    metadata: {
      name: 'app-7d9f',
      labels: { 'pod-template-hash': '7d9f' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app', uid: 'u', controller: true },
      ],
    },
    spec: { ...spec, ...template({ [bind]: source }).spec },
  };
}

function preset(spec: NamespaceView['presets'][number]['spec']): NamespaceView['presets'][number] {
  return { metadata: { name: 'p', namespace: 'n' }, spec };
}
