import { noWishes } from '../../../src/workloads/wishes.ts';
import { podAsWorkload, trimWorkload, type Workload } from '../../../src/workloads/workload.ts';

const bind = 'bind.servicecatalog.k8s.io/db';
const params = 'params.bind.servicecatalog.k8s.io/db';
const source = 'request/postgresql/small';
const asking = { [bind]: source };
const shared = { ...asking, 'share.bind.servicecatalog.k8s.io/db': 'money' };

function owner(apiVersion: string, kind: string) {
  return { ownerReferences: [{ apiVersion, kind, name: 'x', uid: 'u', controller: true }] };
}

const operated = owner('example.com/v1', 'Database');

function annotated(kind: string, annotations: Record<string, string>, metadata: object = {}): Workload {
  return trimWorkload(kind, {
    metadata: { name: 'a', namespace: 'n', annotations, ...metadata },
    spec: { template: { metadata: { annotations } } },
  });
}

describe('a workload as it is kept', () => {
  it('has nothing but its name and what it asks for', () => {
    const annotations = { 'other/key': 'x', [bind]: 'instance/i', [params]: '{"a": 1}' };
    const workload = trimWorkload('Deployment', { metadata: { name: 'a', namespace: 'n', annotations } });
    expect(workload).toEqual({
      kind: 'Deployment',
      metadata: { name: 'a', namespace: 'n' },
      isAsking: true,
      top: { kind: 'Deployment', name: 'a' },
      kept: {
        ...noWishes,
        list: [
          {
            login: {
              name: expect.stringMatching(/^a-db-[0-9a-f]{12}$/) as string,
              mark: expect.any(String) as string,
            },
            request: undefined,
            instance: 'i',
            parameters: '{"a": 1}',
            isShared: false,
            reclaim: undefined,
            shape: '',
          },
        ],
      },
      admitted: { ...noWishes },
    });
    expect(annotated('Deployment', { 'other/key': 'x' })).toMatchObject({ isAsking: false, kept: noWishes });
  });

  it('is not read when it has more values in its parameters than anybody can wait for', () => {
    const many = `{"a":[${Array(3_000).fill('{}').join(',')}]}`;
    const { kept, isAsking } = annotated('Deployment', { ...asking, [params]: many });
    expect([isAsking, kept]).toEqual([true, { list: [], unclear: ['db'], isUnclear: true, named: [] }]);
  });

  it('may mean all that it had, when more bindings of it are unclear than anybody has', () => {
    const keys = Array.from({ length: 257 }, (_, index) => `bind.servicecatalog.k8s.io/db-${index}`);
    const said = (count: number): object =>
      annotated('Deployment', Object.fromEntries(keys.slice(0, count).map((key) => [key, 'requst/c/p'])))
        .kept;
    expect(said(257)).toEqual({ list: [], unclear: [], isUnclear: true, named: [] });
    expect(said(2)).toMatchObject({ unclear: ['db-0', 'db-1'] });
  });

  it('says for how long its service is kept', () => {
    const { kept } = annotated('Deployment', { ...asking, 'reclaim.bind.servicecatalog.k8s.io/db': '12h' });
    expect(kept.list).toMatchObject([{ reclaim: { kind: 'after', graceMs: 43_200_000 } }]);
  });
});

/** What may be made, what is kept. */
function lengths({ admitted, kept }: Workload): readonly number[] {
  return [admitted.list.length, kept.list.length];
}

describe('who asks', () => {
  it.each<[string, string, object, readonly number[]]>([
    ['a Deployment', 'Deployment', {}, [1, 1]],
    ['one that is being deleted', 'Deployment', { deletionTimestamp: '2026-01-01T00:00:00Z' }, [0, 0]],
    ['a Job of a CronJob, which keeps', 'Job', owner('batch/v1', 'CronJob'), [0, 1]],
    ['a ReplicaSet of its own', 'ReplicaSet', {}, [1, 1]],
    ['a ReplicaSet of a Deployment, which keeps', 'ReplicaSet', owner('apps/v1', 'Deployment'), [0, 1]],
    [
      'one that a Deployment left behind, which keeps',
      'ReplicaSet',
      { name: 'a-7d9f', labels: { 'pod-template-hash': '7d9f' } },
      [0, 1],
    ],
    [
      'a ReplicaSet of a Rollout',
      'ReplicaSet',
      {
        ...owner('argoproj.io/v1alpha1', 'Rollout'),
        name: 'a-7d9f',
        labels: { 'rollouts-pod-template-hash': '7d9f' },
      },
      [1, 1],
    ],
    ['a Deployment that an operator made, which keeps', 'Deployment', operated, [0, 1]],
    ['a Job that an operator made, which keeps', 'Job', operated, [0, 1]],
    ['a Job of a generated name, which keeps', 'Job', { generateName: 'a-' }, [0, 1]],
  ])('%s', (_who, kind, metadata, expected) => {
    expect(lengths(annotated(kind, asking, metadata))).toEqual(expected);
  });

  it.each([
    ['Complete', owner('batch/v1', 'CronJob'), [0, 0]],
    ['Failed', owner('batch/v1', 'CronJob'), [0, 0]],
    ['Suspended', owner('batch/v1', 'CronJob'), [0, 1]],
    ['Complete', {}, [1, 1]],
  ])('a Job that is %s, of %j', (type, metadata, expected) => {
    const job = trimWorkload('Job', {
      metadata: { name: 'a', namespace: 'n', ...metadata },
      spec: { template: { metadata: { annotations: asking } } },
      status: { conditions: [{ type, status: 'True' }] },
    });
    expect(lengths(job)).toEqual(expected);
  });

  it('a Job that its CronJob has left behind keeps what that had', () => {
    const annotations = { ...asking, 'status.servicecatalog.k8s.io/workload': 'CronJob/nightly' };
    const job = annotated('Job', annotations);
    expect([job.top, lengths(job)]).toEqual([{ kind: 'CronJob', name: 'nightly' }, [0, 1]]);
  });

  it.each([
    ['made', 'Job', operated],
    ['made', 'Deployment', operated],
    ['named by chance', 'Job', { generateName: 'a-' }],
  ])('with a share, who was %s by somebody else: %s', (_how, kind, metadata) => {
    expect(lengths(annotated(kind, shared, metadata))).toEqual([1, 1]);
  });
});

describe('a Pod as a workload', () => {
  const ask = (annotations: Record<string, string>, metadata: object = {}): readonly number[] | undefined => {
    const pod = podAsWorkload({ metadata: { name: 'a', namespace: 'n', annotations, ...metadata } });
    return pod && lengths(pod);
  };

  it('asks for itself when nobody made it', () => {
    expect(ask(asking)).toEqual([1, 1]);
    expect(podAsWorkload({ metadata: { name: 'a', annotations: asking } })?.top).toEqual({
      kind: 'Pod',
      name: 'a',
    });
  });

  it('needs a share when its name is generated, or an operator made it', () => {
    for (const metadata of [{ generateName: 'a-' }, operated]) {
      expect(ask(asking, metadata)).toEqual([0, 1]);
      expect(ask(shared, metadata)).toEqual([1, 1]);
    }
  });

  it.each([
    ['ReplicaSet', owner('apps/v1', 'ReplicaSet')],
    ['StatefulSet', owner('apps/v1', 'StatefulSet')],
    ['Job', owner('batch/v1', 'Job')],
    [
      'Deployment that is gone',
      { name: 'a-7d9f-x', generateName: 'a-7d9f-', labels: { 'pod-template-hash': '7d9f' } },
    ],
    ['StatefulSet that is gone', { labels: { 'controller-revision-hash': 'a-7d9f' } }],
    ['Job that is gone', { labels: { 'batch.kubernetes.io/job-name': 'a' } }],
  ])('asks for nothing when it is of a %s, whatever it shares', (_kind, metadata) => {
    expect(ask(shared, metadata)).toBeUndefined();
  });

  it('asks for nothing without our words', () => {
    expect(ask({ other: 'x' })).toBeUndefined();
  });
});
