import { namespaceOfNeedy, needsIn, trimPod, type RawPod } from '../../../src/workloads/pod.ts';
import { bind, loginName, source } from './keeping/made-for.ts';

const gate = { schedulingGates: [{ name: 'servicecatalog.k8s.io/binding' }] };
const controller = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  name: 'app-7d9f',
  uid: 'u',
  controller: true,
};

function raw(parts: Omit<RawPod, 'metadata'> & { readonly metadata?: object } = {}): RawPod {
  return {
    ...parts,
    metadata: { name: 'app-0', namespace: 'n', uid: 'u', resourceVersion: '1', ...parts.metadata },
  };
}

const naming = (name: string) => ({ containers: [{ name: 'c', envFrom: [{ secretRef: { name } }] }] });

describe('a Pod as it is kept', () => {
  it('is a name when it needs nothing of ours', () => {
    const pod = trimPod(
      raw({ spec: naming('other'), metadata: { ownerReferences: [controller], annotations: { a: 'b' } } }),
    );
    expect(pod).toEqual({
      metadata: { name: 'app-0', namespace: 'n', uid: 'u', resourceVersion: '1' },
      needs: [],
      isFinished: false,
      isGoing: false,
      gate: undefined,
      awaits: [],
      hasStarted: false,
      controller: undefined,
      asks: undefined,
      lastWishes: undefined,
      injection: undefined,
      madeAtSeconds: 0,
    });
    expect([namespaceOfNeedy(pod), needsIn(pod)]).toEqual([[], []]);
  });

  it('has the Secrets that were requested, each once, and who made it', () => {
    const pod = trimPod(
      raw({
        spec: { ...naming(loginName), volumes: [{ name: 'v', secret: { secretName: loginName } }] },
        metadata: { ownerReferences: [controller] },
      }),
    );
    expect(pod).toMatchObject({ needs: [loginName], controller: { kind: 'ReplicaSet', name: 'app-7d9f' } });
    expect([namespaceOfNeedy(pod), needsIn(pod)]).toEqual([['n'], [`n/${loginName}`]]);
  });

  it('has those that were requested before all others, when it names more than any Pod needs', () => {
    const annotations = { 'status.servicecatalog.k8s.io/injected': '{}' };
    const names = [...Array.from({ length: 5000 }, (_, index) => `other-${index}`), loginName];
    const volumes = names.map((name) => ({ name, secret: { secretName: name } }));
    const { needs } = trimPod(raw({ spec: { ...naming('db'), volumes }, metadata: { annotations } }));
    expect([needs[0], needs.length]).toEqual([loginName, 256]);
  });

  it('has all Secrets when it was injected or is held by our gate', () => {
    const annotations = { 'status.servicecatalog.k8s.io/injected': '{}' };
    expect(trimPod(raw({ spec: naming('db'), metadata: { annotations } })).needs).toEqual(['db']);
    expect(trimPod(raw({ spec: { ...naming('db'), ...gate } }))).toMatchObject({
      needs: ['db'],
      gate: { requests: [], others: [] },
    });
    expect(trimPod(raw({ spec: { schedulingGates: [{ name: 'other' }] } })).gate).toBeUndefined();
  });

  it('says for which bindings it is held, and by what other gates', () => {
    const annotations = {
      'bind.servicecatalog.k8s.io/db': 'request/postgresql/small',
      'wait.bind.servicecatalog.k8s.io/db': 'gate',
      'bind.servicecatalog.k8s.io/cache': 'secret/cache',
    };
    const spec = { schedulingGates: [{ name: 'example.com/x' }, ...gate.schedulingGates] };
    const { gate: held } = trimPod(raw({ spec, metadata: { annotations, ownerReferences: [controller] } }));
    expect(held?.requests.map(({ name }) => name)).toEqual(['db']);
    expect(held?.others).toEqual(['example.com/x']);
  });

  it('has what its annotations mean, as what it belongs to', () => {
    const metadata = {
      annotations: { [bind]: source },
      ownerReferences: [controller],
      labels: { 'pod-template-hash': '7d9f' },
    };
    expect(trimPod(raw({ metadata })).needs).toContain(loginName);
    expect(trimPod(raw({ metadata })).asks).toBeUndefined();
  });

  it.each([
    ['Pending', false],
    ['Running', false],
    ['Unknown', false],
    ['Succeeded', true],
    ['Failed', true],
  ])('that is %s has finished: %s', (phase, isFinished) => {
    expect(trimPod(raw({ status: { phase } })).isFinished).toBe(isFinished);
  });

  it.each<[string, object, boolean]>([
    ['none', {}, false],
    ['waiting', { containerStatuses: [{ state: { waiting: {} }, restartCount: 0, started: false }] }, false],
    ['running', { containerStatuses: [{ state: { running: {} } }] }, true],
    ['an init container that has ended', { initContainerStatuses: [{ state: { terminated: {} } }] }, true],
    ['restarted', { containerStatuses: [{ state: { waiting: {} }, restartCount: 2 }] }, true],
  ])('knows whether a container has run: %s', (_what, status, hasStarted) => {
    expect(trimPod(raw({ spec: naming(loginName), status })).hasStarted).toBe(hasStarted);
  });

  it('asks while it has not finished, and is not going', () => {
    const metadata = { annotations: { [bind]: source } };
    const going = { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
    expect(trimPod(raw({ metadata: going }))).toMatchObject({ asks: undefined, lastWishes: [{}] });
    expect(trimPod(raw({ metadata })).asks?.admitted.list).toHaveLength(1);
    expect(trimPod(raw({ metadata, status: { phase: 'Succeeded' } })).asks).toBeUndefined();
  });
});

describe('a Pod that a controller made', () => {
  const metadata = {
    ownerReferences: [controller],
    annotations: { [bind]: source },
    labels: { 'pod-template-hash': '7d9f' },
  };
  const waits = (parts: Parameters<typeof raw>[0] = {}): readonly string[] | undefined =>
    trimPod(raw({ metadata, ...parts })).waits?.admitted.list.map(({ login }) => login.name);

  it('waits for the login of its workload until it has run', () => {
    expect(waits()).toEqual([loginName]);
    expect(waits({ status: { phase: 'Pending' } })).toEqual([loginName]);
    expect(waits({ status: { containerStatuses: [{ started: true }] } })).toBeUndefined();
    expect(waits({ status: { phase: 'Failed' } })).toBeUndefined();
  });

  it('waits for nothing when it is going, opted out, or nobody made it', () => {
    expect(waits({ metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } })).toBeUndefined();
    const annotations = { ...metadata.annotations, 'inject.servicecatalog.k8s.io': 'disabled' };
    expect(waits({ metadata: { ...metadata, annotations } })).toBeUndefined();
    expect(waits({ metadata: { annotations: metadata.annotations } })).toBeUndefined();
  });
});
