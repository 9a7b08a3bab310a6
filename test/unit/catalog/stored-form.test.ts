import { parseExact } from '../../../src/base/json.ts';
import { storedForm } from '../../../src/catalog/stored-form.ts';

describe('a value as the API server gives it back', () => {
  // Seen on kube-apiserver 1.36.3: integers are exact within 64 bits, everything else is a double.
  it.each([
    ['1.0', '1'],
    ['649.00', '649'],
    ['9.90', '9.9'],
    ['1e3', '1000'],
    ['1E-7', '1e-7'],
    ['-0', '0'],
    ['-0.0', '0'],
    ['9007199254740993', '9007199254740993'],
    ['9223372036854775807', '9223372036854775807'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['9223372036854775808', '9223372036854776000'],
    ['12345678901234567890', '12345678901234567000'],
    ['"\\ud800x"', '"\ufffdx"'],
    ['{"a":[1.50,{"b":null,"c":true}]}', '{"a":[1.5,{"b":null,"c":true}]}'],
    ['{"__proto__":1.0}', '{"__proto__":1}'],
  ])('%s is %s', (text, stored) => {
    expect(JSON.stringify(storedForm(parseExact(text)))).toBe(stored);
  });

  it.each(['1e400', '[1,[-1e400]]', '{"a":{"b":1e999}}'])('%s can not be stored', (text) => {
    expect(storedForm(parseExact(text))).toBeUndefined();
  });
});
