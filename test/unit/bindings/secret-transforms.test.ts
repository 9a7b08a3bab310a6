import { applyTransforms, transformProblem } from '../../../src/bindings/secret-transforms.ts';

const own = { namespace: 'team', secretName: 'db' };
const copyOf = (namespace: string, name: string) => ({ addKeysFrom: { secretRef: { namespace, name } } });

describe('secretTransforms', () => {
  it.each([
    ['rename', [{ renameKey: { from: 'a', to: 'b' } }], { b: '1', c: 2 }],
    ['rename to itself', [{ renameKey: { from: 'a', to: 'a' } }], { a: '1', c: 2 }],
    ['rename of nothing', [{ renameKey: { from: 'x', to: 'y' } }], { a: '1', c: 2 }],
    ['remove', [{ removeKey: { key: 'c' } }], { a: '1' }],
    ['add text', [{ addKey: { key: 'n', stringValue: 'v' } }], { a: '1', c: 2, n: 'v' }],
    ['add base64', [{ addKey: { key: 'n', value: 'dg==' } }], { a: '1', c: 2, n: 'v' }],
    [
      'text before base64',
      [{ addKey: { key: 'n', value: 'eA==', stringValue: 'v' } }],
      { a: '1', c: 2, n: 'v' },
    ],
    [
      'a path before text, of what there is by then',
      [
        { renameKey: { from: 'a', to: 'b' } },
        { addKey: { key: 'n', jsonPathExpression: '{.b}:{.c}', stringValue: 'v' } },
      ],
      { b: '1', c: 2, n: '1:2' },
    ],
    ['in order', [{ renameKey: { from: 'a', to: 'b' } }, { removeKey: { key: 'b' } }], { c: 2 }],
  ])('%s', (_name, transforms, expected) => {
    expect(applyTransforms({ a: '1', c: 2 }, transforms)).toEqual({ credentials: expected, notes: [] });
  });

  it('works on a broker that sent nothing', () => {
    const added = applyTransforms({}, [{ addKey: { key: 'n', stringValue: 'v' } }]);
    expect(added).toEqual({ credentials: { n: 'v' }, notes: [] });
  });

  it('leaves out a key whose path leads nowhere, and says so', () => {
    const result = applyTransforms({ a: 'top-secret' }, [
      { addKey: { key: 'n', jsonPathExpression: '{.x}' } },
    ]);
    expect(result.credentials).toEqual({ a: 'top-secret' });
    expect(result.notes).toEqual(['the credentials have nothing for the path of the key "n"']);
  });

  it.each([
    [copyOf('kube-system', 'root'), 'addKeysFrom.secretRef.namespace must be "team"'],
    [copyOf('team', 'db'), '.addKeysFrom names the Secret of this binding itself'],
    [
      { addKey: { key: 'n', jsonPathExpression: '{..a}' } },
      'jsonPathExpression has a path that is not made of',
    ],
    [{ addKey: { key: 'n', jsonPathExpression: 'a' } }, 'jsonPathExpression has no path in braces'],
    [{ addKey: { key: '..', stringValue: 'v' } }, '.addKey.key ".." is not a legal key of a Secret'],
    [{ renameKey: { from: 'a', to: 'b/c' } }, '.renameKey.to "b/c" is not a legal key of a Secret'],
    [{}, 'says nothing'],
  ])('refuses %j before the broker is called', (transform, expected) => {
    expect(transformProblem([{ removeKey: { key: 'a' } }, transform], own)).toContain(expected);
    expect(transformProblem([transform], own)).toContain('spec.secretTransforms[0]');
  });

  it('may copy from eight Secrets', () => {
    const copies = (count: number) => Array.from({ length: count }, (_, at) => copyOf('team', `s${at}`));
    expect(transformProblem(copies(8), own)).toBeUndefined();
    expect(transformProblem(copies(9), own)).toContain('8 are allowed');
  });

  it('refuse bytes that are not text, of which something else would be stored', () => {
    const added = (value: string) => transformProblem([{ addKey: { key: 'k', value } }], own);
    expect(added(Buffer.from([0xff, 0xfe, 0]).toString('base64'))).toMatch(
      /addKey\.value of "k" is not text/,
    );
    expect(added(Buffer.from('ü').toString('base64'))).toBeUndefined();
  });
});
