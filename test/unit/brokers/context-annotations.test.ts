import { contextAnnotations, contextAnnotationsProblem } from '../../../src/brokers/context-annotations.ts';
import { contextOf } from '../../../src/brokers/request-context.ts';

const annotations = {
  'acme.example/tier': 'gold',
  'acme.example/team': 'shop',
  'cost-center': '42',
  'kubectl.kubernetes.io/last-applied-configuration': '{"spec":{"parameters":{"password":"x"}}}',
};

describe('the annotations that a broker is shown', () => {
  it.each<[string | undefined, readonly string[]]>([
    ['cost-center', ['cost-center']],
    ['acme.example/*', ['acme.example/tier', 'acme.example/team']],
    [' acme.example/team , cost-* ,', ['acme.example/team', 'cost-center']],
    ['*', ['acme.example/tier', 'acme.example/team', 'cost-center']],
    ['ACME.example/*', []],
  ])('P50 %j shows those of its list, and never the copy that kubectl keeps', (list, keys) => {
    expect(Object.keys(contextAnnotations(list)?.(annotations) ?? {})).toEqual(keys);
  });

  it.each([undefined, '', ' , '])('are none without a list: %j', (list) => {
    expect(contextAnnotations(list)).toBeUndefined();
  });

  it.each([
    ['a*b', '"a*b" is neither a key nor the beginning of one with a * at its end'],
    ['ok/*, two words', '"two words" is neither a key nor the beginning of one with a * at its end'],
    ['ok/*, fine', undefined],
  ])('are refused when the list can not be understood: %j', (list, problem) => {
    expect(contextAnnotationsProblem(list)).toBe(problem);
  });

  it('stand in the context of a request, also when there are none of them', () => {
    const shown = contextAnnotations('acme.example/tier');
    if (shown === undefined) throw new Error('no list');
    const namespace = { metadata: { name: 'shop', annotations } };
    const { context } = contextOf({
      clusterId: 'c',
      namespace,
      instanceName: 'db',
      annotations: { shown, ofInstance: undefined },
    });
    expect(context).toMatchObject({
      namespace_annotations: { 'acme.example/tier': 'gold' },
      instance_annotations: {},
    });
  });
});
