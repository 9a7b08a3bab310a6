import { array, assert, nat, property, uint8Array } from 'fast-check';
import { ByteBuffer } from '../../../src/base/byte-buffer.ts';

describe('a byte buffer', () => {
  it('gives back what came, however it was cut, whatever was expected, and never changes a piece', () => {
    const pieces = array(uint8Array({ maxLength: 40 }), { maxLength: 40 });
    assert(
      property(pieces, nat({ max: 600 }), (parts, expectedBytes) => {
        const buffer = new ByteBuffer(expectedBytes);
        const given = parts.map((part) => Buffer.from(part));
        for (const piece of given) buffer.append(piece);
        const whole = Buffer.concat(parts);
        expect(buffer.size).toBe(whole.length);
        expect(buffer.take().equals(whole)).toBe(true);
        expect(given.map((piece) => [...piece])).toEqual(parts.map((part) => [...part]));
        expect([buffer.size, buffer.take().length]).toEqual([0, 0]);
      }),
    );
  });
});
