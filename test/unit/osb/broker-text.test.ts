import { brokerText } from '../../../src/osb/broker-text.ts';

describe('text of a broker', () => {
  it.each([
    ['a newline and a tab', 'one\r\n\ttwo', 'one two'],
    ['terminal colours', '\u001b[31mred\u001b[0m', 'red'],
    ['a line separator', 'a\u2028b', 'a b'],
    ['marks that turn the writing direction', 'safe\u202Eexe.txt', 'safe exe.txt'],
    ['zero-width marks', 'pass\u200Bword', 'pass word'],
    ['half a surrogate pair', 'a\ud800b', 'a\ufffdb'],
    ['spaces around', '  a  ', 'a'],
  ])('is cleaned of %s', (_name, raw, clean) => {
    expect(brokerText(raw)).toBe(clean);
  });

  it.each([undefined, null, 7, {}, ['a'], '', ' \n '])('is nothing for %j', (value) => {
    expect(brokerText(value)).toBeUndefined();
  });

  it('is cut to one kibibyte between characters', () => {
    const cut = brokerText('ü'.repeat(5000)) ?? '';
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(1024);
    expect(cut).toMatch(/^ü+…$/);
  });

  it('stays whole when it just fits', () => {
    expect(brokerText('x'.repeat(1024))).toBe('x'.repeat(1024));
  });

  it('loses our own secrets, wherever they stand', () => {
    expect(brokerText('Basic abcd1234 refused, abcd1234!', ['abcd1234'])).toBe('Basic *** refused, ***!');
  });

  it('does not lose a secret so short that it is in every text', () => {
    expect(brokerText('a bad day', ['a'])).toBe('a bad day');
  });
});
