import { isMadeFromChecked } from '../../../src/admission/checked-owner.ts';

const account = (name: string): string => `system:serviceaccount:kube-system:${name}-controller`;
const manager = 'system:kube-controller-manager';

function isExempt(
  username: string,
  kind: string,
  owner: Readonly<Record<string, unknown>> | undefined,
  operation = 'CREATE',
): boolean {
  const ownerReferences = owner === undefined ? [] : [{ name: 'o', uid: 'u', controller: true, ...owner }];
  return isMadeFromChecked({
    kind,
    operation,
    user: { username },
    object: { metadata: { ownerReferences } },
  });
}

const apps = (kind: string) => ({ apiVersion: 'apps/v1', kind });
const batch = (kind: string) => ({ apiVersion: 'batch/v1', kind });

it.each([
  ['deployment', 'ReplicaSet', apps('Deployment')],
  ['replicaset', 'Pod', apps('ReplicaSet')],
  ['statefulset', 'Pod', apps('StatefulSet')],
  ['daemon-set', 'Pod', apps('DaemonSet')],
  ['job', 'Pod', batch('Job')],
  ['cronjob', 'Job', batch('CronJob')],
])('the %s controller makes a %s of what was checked', (name, kind, owner) => {
  expect(isExempt(account(name), kind, owner)).toBe(true);
  expect(isExempt(manager, kind, owner)).toBe(true);
});

it.each<[string, string, string, Readonly<Record<string, unknown>> | undefined]>([
  ['an owner that a person names', 'mallory', 'Pod', apps('ReplicaSet')],
  ['an add-on of kube-system', account('addon'), 'Pod', apps('ReplicaSet')],
  [
    'an account of that name elsewhere',
    'system:serviceaccount:team:replicaset-controller',
    'Pod',
    apps('ReplicaSet'),
  ],
  ['an object without owner', account('replicaset'), 'Pod', undefined],
  [
    'an owner that does not control it',
    account('replicaset'),
    'Pod',
    { ...apps('ReplicaSet'), controller: false },
  ],
  ['the controller of another kind', account('job'), 'Pod', apps('ReplicaSet')],
  ['another kind than it makes', account('replicaset'), 'Deployment', apps('ReplicaSet')],
  [
    'an owner that nobody checks',
    account('replication'),
    'Pod',
    { apiVersion: 'v1', kind: 'ReplicationController' },
  ],
  [
    'a kind of that name in another group',
    manager,
    'Pod',
    { apiVersion: 'example.com/v1', kind: 'ReplicaSet' },
  ],
])('%s is no reason to skip the check', (_what, username, kind, owner) => {
  expect(isExempt(username, kind, owner)).toBe(false);
});

it('a change is no reason to skip the check: what was checked is what was there before', () => {
  expect(isExempt(account('deployment'), 'ReplicaSet', apps('Deployment'), 'UPDATE')).toBe(false);
});
