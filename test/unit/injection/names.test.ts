import { joinPath, isAbsolute, tidyPath } from '../../../src/injection/mount-path.ts';
import { MountTree } from '../../../src/injection/mount-tree.ts';
import { nearestWord } from '../../../src/injection/annotation-keys.ts';
import { pointer } from '../../../src/injection/patch.ts';
import { parseAnnotations } from '../../../src/injection/annotations.ts';
import { requestNames } from '../../../src/injection/binding.ts';
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
  const names = (source: string, bindings: Record<string, string> = {}, params?: string): unknown => {
    const annotations: Record<string, string> = { [key('bind', 'db')]: source };
    if (params !== undefined) annotations[key('params.bind', 'db')] = params;
    const [request] = parseAnnotations(annotations).requests;
    return requestNames(request!, 'shop', (namespace, name) =>
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

  it('generated objects have one name, the same for equal requests', () => {
    const generated = names('request/pg/small') as { secret: string };
    expect(generated).toEqual({
      secret: generated.secret,
      binding: generated.secret,
      instance: generated.secret,
    });
    expect(generated.secret).toMatch(/^db-[0-9a-f]{8}$/);
    expect(names(' request/pg/small ')).toEqual(generated);
    expect(names('request/pg/small', {}, '{"a":1,"b":2}')).toEqual(
      names('request/pg/small', {}, '{"b":2, "a":1}'),
    );
  });

  it('(63) and others when source or parameters differ', () => {
    const all = [
      names('request/pg/small'),
      names('request/pg/large'),
      names('request/pg/small', {}, '{"a":1}'),
      names('request/pg/small', {}, '{"a":2}'),
      names('instance/pg'),
    ] as { secret: string }[];
    expect(new Set(all.map(({ secret }) => secret)).size).toBe(all.length);
  });

  it('a binding to an existing instance has a generated name, the instance its own', () => {
    expect(names('instance/pg')).toMatchObject({ instance: 'pg', binding: expect.stringMatching(/^db-/) });
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
