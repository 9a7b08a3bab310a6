import { joinPath, isAbsolute, tidyPath } from '../../../src/injection/mount-path.ts';
import { MountTree } from '../../../src/injection/mount-tree.ts';
import { nearestWord } from '../../../src/injection/annotation-keys.ts';
import { pointer } from '../../../src/injection/patch.ts';
import { parseAnnotations } from '../../../src/injection/annotations.ts';
import type { WorkloadRef } from '../../../src/api/requested-identity.ts';
import { requestNames, type RequestNames } from '../../../src/injection/binding.ts';
import { key } from './pods.ts';

/** What a path is to the only mount there is. */
function relationOf(path: string, other: string, windows: boolean): string {
  const tree = new MountTree(windows);
  tree.add({ name: 'other', mountPath: other });
  const { same, outer, inner } = tree.around(path);
  if (same !== undefined) return 'same';
  if (inner !== undefined) return 'around';
  return outer.length > 0 ? 'inside' : 'apart';
}

describe('which Secret a source means', () => {
  const orders = { kind: 'Deployment', name: 'orders' };

  const names = (
    source: string,
    bindings: Record<string, string> = {},
    more: { readonly params?: string; readonly share?: string; readonly of?: WorkloadRef } = {},
  ): RequestNames => {
    const annotations: Record<string, string> = { [key('bind', 'db')]: source };
    if (more.params !== undefined) annotations[key('params.bind', 'db')] = more.params;
    if (more.share !== undefined) annotations[key('share.bind', 'db')] = more.share;
    const [request] = parseAnnotations(annotations).requests;
    const owner = { namespace: 'shop', workload: more.of ?? orders };
    return requestNames(request!, owner, (namespace, name) =>
      namespace === 'shop' ? bindings[name] : undefined,
    );
  };

  it.each([
    ['', {}, { binding: 'db', secret: 'db' }],
    ['', { db: 'elsewhere' }, { binding: 'db', secret: 'elsewhere' }],
    ['binding/orders', { orders: '' }, { binding: 'orders', secret: 'orders' }],
    ['secret/plain', { plain: 'not-this' }, { secret: 'plain' }],
  ])('%j with bindings %j', (source, bindings, expected) => {
    expect(names(source, bindings)).toEqual(expected);
  });

  it('a request belongs to its workload, whatever plan and parameters it has', () => {
    const made = names('request/pg/small');
    expect(made.secret).toBe(made.binding);
    expect(made.instance).toMatch(/^orders-db-[0-9a-f]{12}$/);
    expect(made.binding).toMatch(/^orders-db-[0-9a-f]{12}$/);
    expect(names(' request/pg/small ')).toEqual(made);
    expect(names('request/pg/large', {}, { params: '{"a":1}' })).toEqual(made);
    expect(names('request/pg/small', { [made.binding ?? '']: 'looked-up' })).toEqual(made);
  });

  it('(63) and two workloads have two services, or one that they share, and a login each', () => {
    const billing = { kind: 'Deployment', name: 'billing' };
    const [one, other] = [names('request/pg/small'), names('request/pg/small', {}, { of: billing })];
    expect(one.instance).not.toBe(other.instance);
    const shared = { share: 'money' };
    const [mine, theirs] = [
      names('request/pg/small', {}, shared),
      names('request/pg/small', {}, { ...shared, of: billing }),
    ];
    expect(mine.instance).toBe(theirs.instance);
    expect(mine.secret).not.toBe(theirs.secret);
    expect(names('request/pg/small', {}, { share: 'Deployment/billing' }).instance).toBe(other.instance);
  });

  it('another class is another service', () => {
    expect(names('request/mysql/small').instance).not.toBe(names('request/pg/small').instance);
  });

  it('a login at an existing instance has a name of its own, and another one for other parameters', () => {
    const made = names('instance/pg');
    expect(made).toMatchObject({ instance: 'pg', binding: expect.stringMatching(/^orders-db-/) });
    const spelt = (params: string): string => names('instance/pg', {}, { params }).secret;
    expect(spelt('{"a":1,"b":2}')).toBe(spelt('{"b":2, "a":1}'));
    expect(new Set([made.secret, spelt('{"a":1}'), spelt('{"a":2}')]).size).toBe(3);
  });
});

describe('mount paths', () => {
  it.each([
    ['/a', '/a'],
    ['/a/', '/a'],
    ['//a///b//', '/a/b'],
    ['/a/./b/.', '/a/b'],
    ['/', '/'],
    ['//', '/'],
    ['C:\\a\\\\b\\', 'C:\\a\\b'],
    ['C:\\', 'C:\\'],
    ['/a.b/..c', '/a.b/..c'],
  ])('%j is tidied to %j', (path, tidy) => {
    expect(tidyPath(path)).toBe(tidy);
    expect(tidyPath(tidy)).toBe(tidy);
  });

  it.each([
    ['/a', 'x', '/a/x'],
    ['/', 'x', '/x'],
    ['/a/', 'x', '/a/x'],
    ['C:\\a', 'x', 'C:\\a\\x'],
  ])('%j and %j', (root, name, joined) => {
    expect(joinPath(root, name)).toBe(joined);
  });

  it.each([
    ['/a/b', '/a/b', 'same'],
    ['/a', '/a/b', 'around'],
    ['/a/b', '/a', 'inside'],
    ['/a', '/ab', 'apart'],
    ['/', '/a', 'around'],
    ['/', '/', 'same'],
    ['/A', '/a', 'apart'],
    ['a', '/a', 'apart'],
  ])('%j to %j: %s', (path, other, relation) => {
    expect(relationOf(path, other, false)).toBe(relation);
  });

  it('on Windows case, slashes and the system drive do not matter', () => {
    expect(relationOf('C:\\A\\b', '/a/B', true)).toBe('same');
    expect(relationOf('D:\\a', '/a', true)).toBe('apart');
  });

  it.each([
    ['/a', true],
    ['C:\\a', true],
    ['c:/a', true],
    ['a', false],
    ['', false],
    ['/a/../b', false],
    ['/..', false],
    ['\\a', false],
  ])('%j is absolute: %s', (path, expected) => {
    expect(isAbsolute(path)).toBe(expected);
  });
});

it.each([
  ['bnd', ['bind', 'env'], 'bind'],
  ['polcy', ['policy', 'place'], 'policy'],
  ['xyz', ['policy', 'place'], undefined],
  ['', ['a'], 'a'],
  ['db', [], undefined],
])('the nearest word to %j', (word, candidates, expected) => {
  expect(nearestWord(word, candidates)).toBe(expected);
});

it('JSON pointers escape what would end a key', () => {
  expect(pointer(['a/b', 'c~d', 0, '~/', '-'])).toBe('/a~1b/c~0d/0/~0~1/-');
});
