import { applyTransforms, transformProblem } from '../../../src/bindings/transforms.ts';

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
    ['in order', [{ renameKey: { from: 'a', to: 'b' } }, { removeKey: { key: 'b' } }], { c: 2 }],
  ])('%s', (_name, transforms, expected) => {
    expect(applyTransforms({ a: '1', c: 2 }, transforms)).toEqual(expected);
  });

  it('works on a broker that sent nothing', () => {
    expect(applyTransforms({}, [{ addKey: { key: 'n', stringValue: 'v' } }])).toEqual({ n: 'v' });
  });

  it.each([
    [
      { addKeysFrom: { secretRef: { namespace: 'kube-system', name: 'root' } } },
      'addKeysFrom is not supported',
    ],
    [{ addKey: { key: 'n', jsonPathExpression: '{.a}' } }, 'jsonPathExpression is not supported'],
    [{}, 'says nothing'],
  ])('refuses %j before the broker is called', (transform, expected) => {
    expect(transformProblem([{ removeKey: { key: 'a' } }, transform])).toContain(expected);
    expect(transformProblem([transform])).toContain('spec.secretTransforms[0]');
  });
});
