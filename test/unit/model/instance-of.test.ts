import { instanceAsked, instanceKeyOf, instanceOf } from '../../../src/model/instance-of.ts';

describe('the instance of a binding', () => {
  it('is one of the namespace of the binding, whatever has that name elsewhere', () => {
    const bindings = ['here', 'there'].map((namespace) => ({
      metadata: { name: 'login', namespace },
      spec: { instanceRef: { name: 'db' } },
    }));
    expect(bindings.map(instanceOf)).toEqual([
      { namespace: 'here', name: 'db' },
      { namespace: 'there', name: 'db' },
    ]);
    expect(bindings.map(instanceKeyOf)).toEqual(['here/db', 'there/db']);
  });

  it.each([
    [{ instanceRef: { name: 'db' } }, { namespace: 'here', name: 'db' }],
    [{ instanceRef: { name: '' } }, undefined],
    [{ instanceRef: { name: 7 } }, undefined],
    [{ instanceRef: 'db' }, undefined],
    [{}, undefined],
  ])('is asked for by %j as %j', (spec, place) => {
    expect(instanceAsked('here', spec)).toEqual(place);
  });
});
