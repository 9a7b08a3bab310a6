import { assert, bigInt, property } from 'fast-check';
import { objectKey } from '../../../src/kube/objects.ts';
import { compareResourceVersions, isOlderVersion } from '../../../src/kube/resource-version.ts';
import {
  apiVersionOf,
  clusterRoles,
  deployments,
  namespaces,
  resourcePath,
  secrets,
} from '../../../src/kube/resources.ts';

describe('keys', () => {
  it.each([
    [{ namespace: 'ns', name: 'a' }, 'ns/a'],
    [{ name: 'a' }, 'a'],
  ])('%j is %s', (ref, key) => {
    expect(objectKey({ metadata: ref })).toBe(key);
  });

  it('treats an empty namespace as none', () => {
    expect(objectKey({ metadata: { namespace: '', name: 'a' } })).toBe('a');
  });
});

describe('resource paths', () => {
  it.each([
    [secrets, {}, '/api/v1/secrets'],
    [secrets, { namespace: 'ns' }, '/api/v1/namespaces/ns/secrets'],
    [secrets, { namespace: 'ns', name: 'a' }, '/api/v1/namespaces/ns/secrets/a'],
    [
      deployments,
      { namespace: 'ns', name: 'a', subresource: 'scale' },
      '/apis/apps/v1/namespaces/ns/deployments/a/scale',
    ],
    [namespaces, { name: 'ns' }, '/api/v1/namespaces/ns'],
    [clusterRoles, { name: 'system:node' }, '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode'],
    [clusterRoles, { namespace: 'ignored' }, '/apis/rbac.authorization.k8s.io/v1/clusterroles'],
  ])('%j %j is %s', (resource, parts, path) => {
    expect(resourcePath(resource, parts)).toBe(path);
  });

  it.each(['', '.', '..', 'a/b', '../../secrets/other', 'a%2fb'])(
    'never lets the name %j leave its place',
    (name) => {
      expect(() => resourcePath(secrets, { namespace: 'ns', name })).toThrow(
        expect.objectContaining({ name: 'TypeError' }) as Error,
      );
      expect(() => resourcePath(secrets, { namespace: name || '..', name: 'a' })).toThrow(
        'can not be the name',
      );
    },
  );

  it('asks for the namespace of a namespaced object', () => {
    expect(() => resourcePath(secrets, { name: 'a' })).toThrow(
      'Secret "a" is namespaced: its namespace is missing',
    );
  });

  it.each([
    [secrets, 'v1'],
    [deployments, 'apps/v1'],
  ])('apiVersion of %j is %s', (resource, apiVersion) => {
    expect(apiVersionOf(resource)).toBe(apiVersion);
  });
});

describe('resource versions', () => {
  it('are ordered like the numbers they are, however long', () => {
    const version = bigInt({ min: 1n, max: 2n ** 80n });
    assert(
      property(version, version, (left, right) => {
        const order = compareResourceVersions(String(left), String(right));
        expect(Math.sign(order ?? Number.NaN)).toBe(left < right ? -1 : Number(left > right));
      }),
    );
  });

  it.each([
    ['', '1'],
    ['1', undefined],
    ['abc', '1'],
    ['0', '1'],
    ['007', '8'],
  ])('have no order when one is no version: %j and %j', (left, right) => {
    expect(compareResourceVersions(left, right)).toBeUndefined();
    expect(isOlderVersion(left, right)).toBe(false);
  });
});
