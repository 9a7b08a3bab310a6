import { idMadeAnnotation } from '../../../src/api/group.ts';
import { cameBack, clusterOfBefore, hasGivenId } from '../../../src/model/given-id.ts';

const creationTimestamp = '2026-03-01T12:00:00Z';

function object(mark: string | undefined, status: object = {}, spec: object = { externalID: 'id' }) {
  const annotations = mark === undefined ? {} : { [idMadeAnnotation]: mark };
  return { metadata: { name: 'db', uid: 'u-1', creationTimestamp, annotations }, spec, status };
}

describe('the id of an object', () => {
  it.each<[string, string | undefined]>([
    ['without a mark', undefined],
    ['with a mark that says nothing', ''],
    ['with a mark that is no time', 'true'],
    ['with the uid of an object that was', 'u-0'],
    ['with a time before this object, as a backup has it', '2026-02-01T12:00:00.000Z'],
    ['with a time long after it', '2026-03-01T12:05:00.000Z'],
    ['with the uid of an object that was, and a cluster', 'u-0/0123456789abcdef'],
    ['with its time in words that no policy knows', 'Sun, 01 Mar 2026 12:00:00 GMT'],
    ['with its time in another zone', '2026-03-01T13:00:00+01:00'],
    ['that a person chose here', 'given/0123456789abcdef'],
  ])('is given %s', (_name, mark) => {
    expect(hasGivenId(object(mark))).toBe(true);
  });

  it.each<[string, string]>([
    ['its uid', 'u-1'],
    ['the time of its creation', '2026-03-01T12:00:00.750Z'],
    ['its uid, and a cluster', 'u-1/0123456789abcdef'],
    ['that time, and a cluster', '2026-03-01T12:00:00.750Z/0123456789abcdef'],
    ['that time by a clock that is half a minute late', '2026-03-01T11:59:30.000Z'],
  ])('is a made one with %s', (_name, mark) => {
    expect(hasGivenId(object(mark))).toBe(false);
  });

  it.each<[string, object]>([
    ['instance', { instanceID: 'fresh' }],
    ['binding', { bindingID: 'fresh' }],
  ])('is a made one when the %s has had a fresh one since', (_kind, status) => {
    expect(hasGivenId(object(undefined, status))).toBe(false);
    expect(hasGivenId(object(undefined, { instanceID: 'id' }))).toBe(true);
  });

  it('is none while there is none', () => {
    expect(hasGivenId(object(undefined, {}, {}))).toBe(false);
  });
});

describe('an object', () => {
  it.each<[string, boolean, string | undefined]>([
    ['with a mark of before', true, 'before/0123456789abcdef'],
    ['with a mark of another object', true, 'u-0/0123456789abcdef'],
    ['with a mark of an earlier version', true, 'u-0'],
    ['whose id a person chose', false, 'given/0123456789abcdef'],
    ['without a mark', false, undefined],
  ])('%s came back: %j', (_case, back, mark) => {
    expect(cameBack(object(mark))).toBe(back);
  });

  const here = '0123456789abcdef';
  const there = 'fedcba9876543210';
  it.each<[string, string | undefined, string | undefined, object?]>([
    ['of this cluster', `u-0/${here}`, undefined],
    ['of another one', `u-0/${there}`, there],
    ['of another one, by the time of its creation', `2026-03-01T12:00:00.750Z/${there}`, there],
    ['of another one, where a person chose it', `given/${there}`, there],
    ['of another one, which is used here by now', `before/${there}`, undefined, { instanceID: 'id' }],
    ['of another one, in whose place there is a fresh one', `u-0/${there}`, undefined, { bindingID: 'x' }],
    ['of an earlier version', 'u-0', undefined],
    ['that is none of ours', 'u-0/elsewhere', undefined],
    ['that is not there', undefined, undefined],
  ])('has the cluster of its id with a mark %s', (_case, mark, cluster, status = {}) => {
    expect(clusterOfBefore(object(mark, status), here)).toBe(cluster);
  });
});
