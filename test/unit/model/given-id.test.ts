import { idMadeAnnotation } from '../../../src/api/group.ts';
import { hasGivenId } from '../../../src/model/given-id.ts';

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
  ])('is given %s', (_name, mark) => {
    expect(hasGivenId(object(mark))).toBe(true);
  });

  it.each<[string, string]>([
    ['its uid', 'u-1'],
    ['the time of its creation', '2026-03-01T12:00:00.750Z'],
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
