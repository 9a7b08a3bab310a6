import { matchesSelector } from '../../../src/api/selector.ts';
import { parseSelector } from '../../../src/api/parse-selector.ts';

const properties = ['name', 'spec.free', 'size'];
const object: Readonly<Record<string, string>> = { name: 'mysql', 'spec.free': 'true', size: '5' };

describe('a selector', () => {
  const cases: readonly [selector: string, matches: boolean][] = [
    ['', true],
    ['   ', true],
    ['name', true],
    ['!name', false],
    ['name=mysql', true],
    ['name==mysql', true],
    ['name = mysql', true],
    ['  name  ==  mysql  ', true],
    ['name=postgres', false],
    ['name=MySQL', false],
    ['name!=mysql', false],
    ['name != postgres', true],
    ['name in (mysql)', true],
    ['name in (a,b)', false],
    ['name in ( a , mysql )', true],
    ['name in(a,mysql)', true],
    ['name notin (mysql)', false],
    ['name notin (a, b)', true],
    ['name=', false],
    ['name!=', true],
    ['name in (,mysql)', true],
    ['name in ()', false],
    ['size>4', true],
    ['size > 5', false],
    ['size<6', true],
    ['size < -1', false],
    ['name<6', false],
    ['name=mysql,spec.free=true', true],
    ['name=mysql, spec.free=false', false],
    ['name in (a,mysql),spec.free notin (false),size', true],
    ['name,!spec.free', false],
    ['name in (in, notin, mysql)', true],
  ];

  it.each(cases)('%j says %s', (text, expected) => {
    const parsed = parseSelector(text, properties);
    if (parsed.kind === 'invalid') throw new Error(parsed.message);
    expect(matchesSelector(parsed.requirements, (property) => object[property])).toBe(expected);
  });

  it('about a property that is absent holds only for its absence and for other values', () => {
    const holds = ['!name', 'name!=x', 'name notin (x)', 'name', 'name=x', 'name in (x)', 'name>1'].map(
      (text) => {
        const parsed = parseSelector(text, properties);
        return parsed.kind === 'selector' && matchesSelector(parsed.requirements, () => undefined);
      },
    );
    expect(holds).toEqual([true, true, true, false, false, false, false]);
  });

  it.each([
    ['spec.url=x', '"spec.url" is not one of name, spec.free, size'],
    ['=x', '"=" is not one of'],
    ['name=x,', 'the end is not one of'],
    [',name=x', '"," is not one of'],
    ['name x', '"x" is not an operator'],
    ['name in a', '"(" is expected before "a"'],
    ['name in (a', '")" is expected before the end'],
    ['name in (a b)', '")" is expected before "b"'],
    ['name=a b', '"," is expected before "b"'],
    ['name===a', '"," is expected before "="'],
    ['size>x', '"x" is not an integer'],
    ['!', 'the end is not one of'],
    ['!name=x', '"," is expected before "="'],
  ])('%j is invalid', (text, message) => {
    expect(parseSelector(text, properties)).toEqual({
      kind: 'invalid',
      message: expect.stringContaining(message),
    });
  });
});
