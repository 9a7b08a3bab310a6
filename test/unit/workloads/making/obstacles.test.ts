import { goingInstance, nobodyOnRecord, taken } from '../../../../src/workloads/making/obstacles.ts';
import type { Ask } from '../../../../src/workloads/making/wanted-services.ts';

function ask(kind: string): Ask {
  return {
    workload: { kind, metadata: { name: 'web', namespace: 'shop' } },
    wish: { login: { name: 'web-db', mark: '' } },
  } as unknown as Ask;
}
const object = { metadata: { name: 'web-db', namespace: 'shop' } };

it.each<[string, string, string]>([
  [
    'Deployment without a person',
    nobodyOnRecord(ask('Deployment')),
    'nobody is recorded as asking: annotate anew; `kubectl annotate deployment/web servicecatalog.k8s.io/requested-by=me --overwrite` writes it',
  ],
  [
    'Pod without a person, which can not be changed',
    nobodyOnRecord(ask('Pod')),
    'nobody is recorded as asking: a Pod that is there gets nothing more, so delete it and make it anew',
  ],
  [
    'Deployment whose name is taken',
    taken('ServiceInstance', object)(ask('Deployment')),
    'there is a ServiceInstance "web-db" that was not made for this workload, and is not taken over: ask for instance/web-db to use it, or remove it',
  ],
  [
    'Pod whose name is taken',
    taken('ServiceBinding', object)(ask('Pod')),
    'there is a ServiceBinding "web-db" that was not made for this workload, and is not taken over: ask for binding/web-db to use it in a Pod that is made anew, or remove it',
  ],
  [
    'workload whose service goes',
    goingInstance(object, []),
    'ServiceInstance "web-db" is being deleted; a new one is made when it is gone',
  ],
  [
    'workload whose service was deleted by hand',
    goingInstance(object, ['a', 'b', 'c', 'd', 'e', 'f']),
    'ServiceInstance "web-db" is being deleted, which can not be taken back, and works until its ServiceBindings are gone: copy the data that you need, then `kubectl delete sbind -n shop a b c d e` (and 1 more) lets it go, and a new, empty one is made',
  ],
])('the remedy fits a %s', (_whom, told, expected) => {
  expect(told).toBe(expected);
});
