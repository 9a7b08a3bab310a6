import type { KeptPod } from '../../../../src/workloads/pod.ts';
import {
  reasonToLeave,
  reasonToLeaveOfJob,
  type RawJob,
} from '../../../../src/workloads/stranded/replaceable.ts';

function madeBy(apiVersion: string, kind: string, hasStarted = false): KeptPod {
  return { controller: { apiVersion, kind, name: 'app', uid: 'u' }, hasStarted } as KeptPod;
}

it.each<[string, KeptPod, string | undefined]>([
  ['of a ReplicaSet', madeBy('apps/v1', 'ReplicaSet'), undefined],
  ['of a StatefulSet', madeBy('apps/v1', 'StatefulSet'), undefined],
  ['of a DaemonSet', madeBy('apps/v1', 'DaemonSet'), undefined],
  ['of a ReplicationController', madeBy('v1', 'ReplicationController'), undefined],
  ['of a Job, which has a say of its own', madeBy('batch/v1', 'Job'), undefined],
  ['that nobody makes', { hasStarted: false } as KeptPod, 'nobody makes it anew'],
  ['that has begun', madeBy('apps/v1', 'ReplicaSet', true), 'has run already'],
  ['of an operator', madeBy('argoproj.io/v1alpha1', 'Workflow'), 'is not known here'],
  ['of somebody who has taken the name', madeBy('example.com/v1', 'ReplicaSet'), 'is not known here'],
])('a Pod %s', (_what, pod, reason) => {
  const expected: unknown = reason === undefined ? undefined : expect.stringContaining(reason);
  expect(reasonToLeave(pod)).toEqual(expected);
});

it.each<[string, Pick<RawJob, 'spec' | 'status'>, number, string | undefined]>([
  ['has tries left', { spec: { backoffLimit: 1 } }, 1, undefined],
  ['has as many as Kubernetes gives', {}, 6, undefined],
  ['has none for all of its Pods', {}, 7, 'and fail itself'],
  ['allows no failure', { spec: { backoffLimit: 0 } }, 1, 'and fail itself'],
  ['has used them', { spec: { backoffLimit: 3 }, status: { failed: 3 } }, 1, 'and fail itself'],
  [
    'has used them, and not counted yet',
    { spec: { backoffLimit: 3 }, status: { failed: 2, uncountedTerminatedPods: { failed: ['u'] } } },
    1,
    'and fail itself',
  ],
  ['has a policy', { spec: { podFailurePolicy: { rules: [] } } }, 1, 'rules of its own'],
  ['counts for each index', { spec: { backoffLimitPerIndex: 0 } }, 1, 'rules of its own'],
])('a Pod of a Job that %s', (_what, job, pods, reason) => {
  const expected: unknown = reason === undefined ? undefined : expect.stringContaining(reason);
  expect(reasonToLeaveOfJob({ metadata: { name: 'app' }, ...job }, pods)).toEqual(expected);
});
