import { JsonText } from '../../../src/base/json-text.ts';
import { differences } from '../../../src/instances/service-differences.ts';

const recorded = (parameters: Readonly<Record<string, unknown>>, planID = 'small') => ({
  planID,
  parameters,
});

describe('what a broker shows', () => {
  it.each<[string, Readonly<Record<string, unknown>>, object, readonly string[]]>([
    ['is the same', { a: 1, b: [1, { c: 2 }] }, { a: 1, b: [1, { c: 2 }] }, []],
    ['has more, by default', { a: 1 }, { a: 1, b: 2 }, []],
    ['has less, as it keeps some to itself', { a: 1, b: 2 }, { a: 1 }, []],
    ['has another value', { a: 1, b: 2 }, { a: 1, b: 3 }, ['b']],
    ['has another value further down', { a: { b: { c: 1 } } }, { a: { b: { c: 2, d: 3 } } }, ['a.b.c']],
    ['has another kind of value', { a: { b: 1 } }, { a: 1 }, ['a']],
    ['has another list', { a: [1, 2] }, { a: [2, 1] }, ['a']],
    ['spells numbers as texts', { a: 1, b: true }, { a: '1', b: 'true' }, []],
    ['has what came from a Secret', { password: '<redacted>' }, { password: 'hunter2' }, []],
    ['is too large to be on record', { '<omitted>': '9999 bytes, sha256:x' }, { a: 1 }, []],
    ['has names that every object has', { a: 1 }, { toString: 1 }, []],
    ['is asked for names that every object has', { toString: 1 }, {}, []],
  ])('that %s', (_what, known, parameters, expected) => {
    const found = differences(recorded(known), undefined, { parameters: parameters as never });
    expect(found).toEqual({ planId: undefined, parameters: expected });
  });

  it('may be large, and be kept as text', () => {
    const parameters = new JsonText('{"a":2}');
    expect(differences(recorded({ a: 1 }), undefined, { parameters }).parameters).toEqual(['a']);
  });

  it('may be another plan, or say nothing of it', () => {
    expect(differences(recorded({}), undefined, { planId: 'large' }).planId).toBe('large');
    expect(differences(recorded({}), undefined, { planId: 'small' }).planId).toBeUndefined();
    expect(differences(recorded({}), undefined, {}).planId).toBeUndefined();
  });

  it('may be what an update asked for whose end nobody knows', () => {
    const attempted = recorded({ a: 2 }, 'large');
    const found = (planId: string, a: number) =>
      differences(recorded({ a: 1 }), attempted, { planId, parameters: { a } });
    expect(found('large', 2)).toEqual({ planId: undefined, parameters: [] });
    expect(found('small', 1)).toEqual({ planId: undefined, parameters: [] });
    expect(found('huge', 3)).toEqual({ planId: 'huge', parameters: ['a'] });
  });
});
