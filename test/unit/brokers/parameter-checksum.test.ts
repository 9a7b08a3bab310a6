import { jsonChecksum } from '../../../src/base/hash.ts';
import { parameterChecksum } from '../../../src/brokers/parameter-checksum.ts';

const key = { id: 'aaaa', text: 'one' };
const otherKey = { id: 'bbbb', text: 'two' };
const parameters = { size: 1, password: 'secret' };
const redacted = { size: 1, password: '<redacted>' };

const checksum = (of: object = parameters, by = key): string =>
  parameterChecksum(by, of as typeof parameters, redacted, []);

describe('the checksum of parameters', () => {
  it('can not be found out by trying passwords, and tells parameters apart', () => {
    expect(checksum()).toBe(checksum());
    expect(checksum()).not.toContain(jsonChecksum(parameters));
    expect(checksum(parameters, otherKey)).not.toBe(checksum());
    expect(checksum({ ...parameters, password: 'another' })).not.toBe(checksum());
  });

  it.each([
    ['of the same key', checksum()],
    ['of before there were keys', jsonChecksum(parameters)],
    ['of a key that is lost, when nothing seems to have changed', checksum(parameters, otherKey)],
  ])('is the recorded one: %s', (_case, known) => {
    const record = { parameterChecksum: known, parameters: redacted };
    expect(parameterChecksum(key, parameters, redacted, [undefined, null, {}, record])).toBe(known);
  });

  it.each([
    ['of the same key', checksum(), redacted],
    ['of before there were keys', jsonChecksum(parameters), redacted],
    ['of a key that is lost, when something has changed', checksum(parameters, otherKey), { size: 2 }],
  ])('is a new one for other parameters than recorded: %s', (_case, known, then) => {
    const changed = { ...parameters, password: 'another' };
    const record = { parameterChecksum: known, parameters: then };
    expect(parameterChecksum(key, changed, redacted, [record])).toBe(checksum(changed));
  });
});
