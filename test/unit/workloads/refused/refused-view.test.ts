import { parseAnnotations } from '../../../../src/injection/annotations.ts';
import { refusedView, type PodCounts } from '../../../../src/workloads/refused/refused-view.ts';

const { requests } = parseAnnotations({
  'bind.servicecatalog.k8s.io/db': 'binding/late',
  'wait.bind.servicecatalog.k8s.io/db': 'deny',
  'bind.servicecatalog.k8s.io/other': 'binding/other',
});
const failure = (status: string) => ({ conditions: [{ type: 'ReplicaFailure', status }] });

it.each<[string, PodCounts, boolean]>([
  ['Deployment', {}, false],
  ['Deployment', { status: failure('True') }, true],
  ['Deployment', { status: failure('False') }, false],
  ['StatefulSet', {}, true],
  ['StatefulSet', { spec: { replicas: 0 } }, false],
  ['StatefulSet', { spec: { replicas: 2 }, status: { replicas: 1 } }, true],
  ['StatefulSet', { spec: { replicas: 2 }, status: { replicas: 2 } }, false],
  ['DaemonSet', {}, false],
  ['DaemonSet', { status: { desiredNumberScheduled: 2, currentNumberScheduled: 1 } }, true],
  ['DaemonSet', { status: { desiredNumberScheduled: 2, currentNumberScheduled: 2 } }, false],
])('a %s with %j lacks Pods: %s', (kind, counts, lacksPods) => {
  const owner = { namespace: 'n', workload: { kind, name: 'app' } };
  expect(refusedView(kind, requests, owner, counts)).toEqual({ bindings: ['late'], lacksPods });
});

it('nothing is done for those who try again soon, or are never refused', () => {
  const owner = { namespace: 'n', workload: { kind: 'Job', name: 'app' } };
  expect(refusedView('Job', requests, owner, {})).toBeUndefined();
  expect(refusedView('StatefulSet', requests.slice(1), owner, {})).toBeUndefined();
});
