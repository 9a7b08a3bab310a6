import { orphanMitigationAnnotation } from '../../../src/api/group.ts';
import { isMitigationOff } from '../../../src/operations/clean-up-guard.ts';

function annotated(value: string | undefined) {
  return {
    metadata: { name: 'x', annotations: value === undefined ? {} : { [orphanMitigationAnnotation]: value } },
  };
}

describe('whether orphans are left where they are', () => {
  it.each<[string | undefined, string | undefined, boolean]>([
    [undefined, undefined, false],
    ['enabled', undefined, false],
    ['disabled', undefined, true],
    [undefined, 'disabled', true],
    ['enabled', 'disabled', false],
    ['disabled', 'enabled', true],
    ['off', undefined, true],
    ['', undefined, true],
  ])('P38 instance says %j, broker says %j: %j', (instance, broker, expected) => {
    expect(isMitigationOff(annotated(instance), annotated(broker))).toBe(expected);
  });

  it('depends on the instance alone when its broker is not known', () => {
    expect(isMitigationOff(annotated(undefined), undefined)).toBe(false);
  });
});
