import { topWorkload } from '../../../src/injection/top-workload.ts';
import type { RawMetadata } from '../../../src/injection/pod.ts';

const owned = (apiVersion: string, kind: string, name: string): RawMetadata => ({
  ownerReferences: [{ apiVersion, kind, name, uid: 'u', controller: true }],
});
const hash = { labels: { 'pod-template-hash': '5d9c' } };
const rollout = { labels: { 'rollouts-pod-template-hash': '5d9c' } };
const mark = { annotations: { 'status.servicecatalog.k8s.io/workload': 'CronJob/nightly' } };

it.each<[string, string, RawMetadata, string, boolean]>([
  ['a Deployment', 'Deployment', { name: 'orders' }, 'Deployment/orders', true],
  [
    'its ReplicaSet',
    'ReplicaSet',
    { name: 'orders-5d9c', ...hash, ...owned('apps/v1', 'Deployment', 'orders') },
    'Deployment/orders',
    true,
  ],
  ['its ReplicaSet, left behind', 'ReplicaSet', { name: 'orders-5d9c', ...hash }, 'Deployment/orders', true],
  [
    'its Pod',
    'Pod',
    { generateName: 'orders-5d9c-', ...hash, ...owned('apps/v1', 'ReplicaSet', 'orders-5d9c') },
    'Deployment/orders',
    true,
  ],
  [
    'its Pod, left behind',
    'Pod',
    { name: 'orders-5d9c-x7k2p', generateName: 'orders-5d9c-', ...hash },
    'Deployment/orders',
    true,
  ],
  ['a copy of its Pod', 'Pod', { name: 'orders-5d9c-copy', ...hash }, 'Deployment/orders', true],
  ['a Pod with a hash that its name does not have', 'Pod', { name: 'mine', ...hash }, 'Pod/mine', true],
  [
    'the ReplicaSet of a Rollout',
    'ReplicaSet',
    { name: 'web-5d9c', ...rollout, ...owned('argoproj.io/v1alpha1', 'Rollout', 'web') },
    'Rollout/web',
    true,
  ],
  [
    'the Pod of a Rollout',
    'Pod',
    { generateName: 'web-5d9c-', ...rollout, ...owned('apps/v1', 'ReplicaSet', 'web-5d9c') },
    'Rollout/web',
    true,
  ],
  ['a ReplicaSet of nobody', 'ReplicaSet', { name: 'web' }, 'ReplicaSet/web', true],
  [
    'its Pod',
    'Pod',
    { generateName: 'web-', ...owned('apps/v1', 'ReplicaSet', 'web') },
    'ReplicaSet/web',
    true,
  ],
  [
    'the Pod of a StatefulSet',
    'Pod',
    { name: 'pg-0', ...owned('apps/v1', 'StatefulSet', 'pg') },
    'StatefulSet/pg',
    true,
  ],
  [
    'the Pod of a DaemonSet',
    'Pod',
    { generateName: 'agent-', ...owned('apps/v1', 'DaemonSet', 'agent') },
    'DaemonSet/agent',
    true,
  ],
  ['a Job', 'Job', { name: 'migrate' }, 'Job/migrate', true],
  [
    'its Pod',
    'Pod',
    { generateName: 'migrate-', ...owned('batch/v1', 'Job', 'migrate') },
    'Job/migrate',
    true,
  ],
  [
    'the Job of a CronJob',
    'Job',
    { name: 'nightly-29', ...owned('batch/v1', 'CronJob', 'nightly') },
    'CronJob/nightly',
    true,
  ],
  [
    'its Pod',
    'Pod',
    { generateName: 'nightly-29-', ...mark, ...owned('batch/v1', 'Job', 'nightly-29') },
    'CronJob/nightly',
    true,
  ],
  ['a Pod that only says so', 'Pod', { name: 'mine', ...mark }, 'Pod/mine', true],
  ['a Pod by itself', 'Pod', { name: 'shell' }, 'Pod/shell', true],
  [
    'a Pod whose name is generated',
    'Pod',
    { name: 'shell-x7k2p', generateName: 'shell-' },
    'Pod/shell-',
    false,
  ],
  ['the same before it has a name', 'Pod', { generateName: 'shell-' }, 'Pod/shell-', false],
  [
    'a Job whose name is generated',
    'Job',
    { name: 'migrate-x7k2p', generateName: 'migrate-' },
    'Job/migrate-x7k2p',
    false,
  ],
  [
    'a Deployment of an operator',
    'Deployment',
    { name: 'ui', ...owned('example.org/v1', 'Site', 'ui') },
    'Deployment/ui',
    false,
  ],
  [
    'a Pod of somebody unknown',
    'Pod',
    { name: 'step-1', ...owned('argoproj.io/v1alpha1', 'Workflow', 'build') },
    'Pod/step-1',
    false,
  ],
])('%s (%s) belongs to', (_what, kind, metadata, workload, isStable) => {
  const top = topWorkload(kind, metadata);
  expect([`${top.workload.kind}/${top.workload.name}`, top.isStable]).toEqual([workload, isStable]);
});

it('a Pod without owner whose ReplicaSet had the longest of names belongs to the Deployment', () => {
  const name = 'x'.repeat(242);
  const hash = '7d9f5c6b8d';
  const generateName = `${name}-${hash}`;
  const metadata = { name: 'x'.repeat(63), generateName, labels: { 'pod-template-hash': hash } };
  expect(topWorkload('Pod', metadata).workload).toEqual({ kind: 'Deployment', name });
});

it('a Job belongs to the CronJob that its template names, whether that is there or not', () => {
  const template = { annotations: { 'status.servicecatalog.k8s.io/workload': 'CronJob/nightly' } };
  const expected = { workload: { kind: 'CronJob', name: 'nightly' }, isStable: true };
  expect(topWorkload('Job', { name: 'by-hand' }, template)).toEqual(expected);
  expect(topWorkload('Deployment', { name: 'app' }, template).workload.kind).toBe('Deployment');
});
