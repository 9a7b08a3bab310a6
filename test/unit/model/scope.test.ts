import { isNamespaceServed } from '../../../src/model/scope.ts';

const own = 'bindery-system';

it.each([
  ['team', {}, true],
  ['team', undefined, true],
  ['team', { 'inject.servicecatalog.k8s.io': 'enabled' }, true],
  ['team', { 'inject.servicecatalog.k8s.io': 'disabled' }, false],
  [own, {}, false],
  ['kube-system', {}, false],
  ['kube-public', { 'inject.servicecatalog.k8s.io': 'enabled' }, false],
])('namespace %s with labels %j: %s', (name, labels, isServed) => {
  expect(isNamespaceServed(name, labels, own)).toBe(isServed);
});
