import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isNamespaceServed, systemNamespaces } from '../../../src/injection/namespace-scope.ts';

const own = 'bindery-system';
const root = join(import.meta.dirname, '../../..');

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

it.each(['webhook-config/mutating.yaml', 'webhook-config/policies.yaml'])(
  '%s leaves out the same namespaces',
  async (file) => {
    const text = await readFile(join(root, file), 'utf8');
    const lists = [
      ...text.matchAll(/key: kubernetes.io\/metadata.name\n\s*operator: NotIn\n\s*values: \[(.*)\]/g),
    ];
    expect(lists.length).toBeGreaterThan(0);
    for (const [, names = ''] of lists) {
      expect(names.split(', ').toSorted()).toEqual([own, ...systemNamespaces].toSorted());
    }
  },
);
