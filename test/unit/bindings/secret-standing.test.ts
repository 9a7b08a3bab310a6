import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { apiVersion, bindingIdAnnotation, bindingSecretLabel } from '../../../src/api/group.ts';
import type { ObjectMeta } from '../../../src/base/object-meta.ts';
import { secretStanding } from '../../../src/bindings/secret-standing.ts';

const binding = {
  metadata: { name: 'db', namespace: 'shop', uid: 'now' },
  spec: { instanceRef: { name: 'db' }, externalID: 'id-1' },
} as ServiceBinding;

const marked = {
  labels: { [bindingSecretLabel]: 'true' },
  annotations: { [bindingIdAnnotation]: 'id-1' },
};
const owner = { apiVersion, kind: 'ServiceBinding', name: 'db', uid: 'before' };

describe('a Secret of the name of a binding', () => {
  it.each<readonly [string, Partial<ObjectMeta>, string]>([
    ['owned by it', { ownerReferences: [{ ...owner, uid: 'now' }] }, 'own'],
    ['marked, and owned by nobody', marked, 'returned'],
    [
      'marked, and owned by the binding of that name before',
      { ...marked, ownerReferences: [owner] },
      'returned',
    ],
    [
      'marked, and owned by another binding',
      { ...marked, ownerReferences: [{ ...owner, name: 'x' }] },
      'foreign',
    ],
    [
      'marked, and owned by another kind',
      { ...marked, ownerReferences: [{ ...owner, kind: 'Pod' }] },
      'foreign',
    ],
    [
      'marked, and owned by a kind of that name of another group',
      { ...marked, ownerReferences: [{ ...owner, apiVersion: 'servicebinding.io/v1' }] },
      'foreign',
    ],
    ['marked for another id', { ...marked, annotations: { [bindingIdAnnotation]: 'id-2' } }, 'foreign'],
    ['without the label', { annotations: marked.annotations }, 'foreign'],
    ['being deleted', { ...marked, deletionTimestamp: '2026-01-01T00:00:00Z' }, 'dying'],
    ['without a mark', {}, 'foreign'],
  ])('that is %s', (_case, metadata, standing) => {
    expect(secretStanding({ metadata: { name: 'db', ...metadata } }, binding)).toBe(standing);
  });

  it('that says nothing is not that of a binding without an id', () => {
    const { externalID: _id, ...spec } = binding.spec;
    const secret = { metadata: { name: 'db', ...marked, annotations: { [bindingIdAnnotation]: '' } } };
    expect(secretStanding(secret, { ...binding, spec })).toBe('foreign');
  });
});
