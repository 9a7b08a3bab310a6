import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { bindingIdAnnotation, bindingSecretLabel } from '../../../src/api/group.ts';
import { keysOfOthers, secretContentOf } from '../../../src/bindings/secret-digest.ts';
import { secretFinding, type SecretFinding } from '../../../src/bindings/secret-finding.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';

const key = { id: 'k1', text: 'a key of checksums' };
const data = { username: 'dQ==', password: 'cA==' };
const owner = { apiVersion: 'servicecatalog.k8s.io/v1beta1', kind: 'ServiceBinding', name: 'b', uid: 'u' };
const marks = { labels: { [bindingSecretLabel]: 'true' }, annotations: { [bindingIdAnnotation]: 'id' } };

type Content = ServiceBinding['status'] & object extends infer S
  ? S extends { readonly secretContent?: infer C }
    ? C
    : never
  : never;

function bindingWith(secretContent: Content | undefined): ServiceBinding {
  return {
    metadata: { namespace: 'ns', name: 'b', uid: 'u' },
    spec: { instanceRef: { name: 'db' } },
    status: { bindingID: 'id', ...(secretContent === undefined ? {} : { secretContent }) },
  };
}

function secretWith(metadata: object, entries: Record<string, string> = data): SecretObject {
  return { metadata: { namespace: 'ns', name: 'b', ...metadata }, data: entries };
}

const own = { ...marks, ownerReferences: [owner] };
const recorded = bindingWith(secretContentOf(key, data));
const unrecorded = bindingWith(undefined);
const byAnotherKey = bindingWith(secretContentOf({ id: 'k2', text: 'another' }, data));

const cases: readonly (readonly [string, SecretFinding, SecretObject | undefined, ServiceBinding])[] = [
  ['none', 'absent', undefined, recorded],
  ['one that is going', 'dying', secretWith({ ...own, deletionTimestamp: '2026-01-01T00:00:00Z' }), recorded],
  ['ours as it was', 'sound', secretWith(own), recorded],
  ['ours with an entry of somebody', 'sound', secretWith(own, { ...data, theirs: 'eA==' }), recorded],
  ['ours with another value', 'changed', secretWith(own, { ...data, password: 'eA==' }), recorded],
  ['ours without an entry', 'changed', secretWith(own, { username: 'dQ==' }), recorded],
  ['ours, empty', 'changed', secretWith(own, {}), recorded],
  ['ours, of which nothing is recorded', 'unrecorded', secretWith(own), unrecorded],
  ['ours, recorded by another key', 'unrecorded', secretWith(own), byAnotherKey],
  ['ours without marks, of the original', 'unrecorded', secretWith({ ownerReferences: [owner] }), unrecorded],
  [
    'ours, of another id',
    'changed',
    secretWith({ ...own, annotations: { [bindingIdAnnotation]: 'old' } }),
    unrecorded,
  ],
  ['one that came back as it was', 'returned', secretWith(marks), recorded],
  [
    'one that came back with the owner of before',
    'returned',
    secretWith({ ...marks, ownerReferences: [{ ...owner, uid: 'before' }] }),
    recorded,
  ],
  ['one that came back otherwise', 'changed', secretWith(marks, { username: 'eA==' }), recorded],
  ['one that came back, unrecorded', 'unproven', secretWith(marks), unrecorded],
  ['a stranger’s with the right content', 'sound', secretWith({}), recorded],
  ['a stranger’s', 'foreign', secretWith({}, { a: 'Yg==' }), recorded],
  ['a stranger’s, unrecorded', 'foreign', secretWith({}), unrecorded],
];

describe('the Secret of a binding', () => {
  it.each(cases)('%s: %s', (_what, finding, secret, binding) => {
    expect(secretFinding(secret, binding, key)).toBe(finding);
  });
});

describe('what a status says of a Secret', () => {
  it('has no value in it, and another digest with another key', () => {
    const content = secretContentOf(key, data);
    expect(content).toEqual({
      digest: expect.stringMatching(/^k1\.[0-9a-f]{64}$/),
      keys: ['password', 'username'],
    });
    expect(secretContentOf({ id: 'k1', text: 'another' }, data).digest).not.toBe(content.digest);
  });

  it('names no keys where they would be too many: then all count', () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`key-${at}`, 'eA==']));
    const binding = bindingWith(secretContentOf(key, many));
    expect(binding.status?.secretContent?.keys).toBeUndefined();
    expect(secretFinding(secretWith(own, many), binding, key)).toBe('sound');
    expect(secretFinding(secretWith(own, { ...many, theirs: 'eA==' }), binding, key)).toBe('changed');
    expect(keysOfOthers({ ...many, theirs: 'eA==' }, binding)).toEqual([]);
  });
});
