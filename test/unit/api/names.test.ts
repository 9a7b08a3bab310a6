import { escapeName, generatedName } from '../../../src/api/names.ts';

describe('the Kubernetes name of a class or plan', () => {
  it.each([
    ['simple', 'simple'],
    ['4f6e6cf6-ffdd-425f-a2c7-3c9258ad2468', '4f6e6cf6-ffdd-425f-a2c7-3c9258ad2468'],
    ['contains-escape-char-z', 'contains-escape-char-z7az'],
    ['ContainsCaps', 'z43zontainsz43zaps'],
    ['.starts-and-ends-with-periods.', 'z2ezstarts-and-ends-with-periodsz2ez'],
    ['-starts-and-ends-with-dashes-', 'z2dzstarts-and-ends-with-dashesz2dz'],
    ['adjacent.-specialchars', 'adjacent.z2dzspecialchars'],
    ['otherorderadjacent-.specialchars', 'otherorderadjacent-z2ezspecialchars'],
    ['two..dots', 'two.z2ezdots'],
    // An escape separates: what follows it is judged anew.
    ['three...dots', 'three.z2ez.dots'],
    ['two--dashes', 'two--dashes'],
    ['Svc-A', 'z53zvc-z41z'],
    ['under_score and space', 'underz5fzscorez20zandz20zspace'],
    ['schön', 'schzf6zn'],
    ['\u{1F600}', 'z1f600z'],
  ])('of %j is %s', (id, name) => {
    expect(escapeName(id)).toBe(name);
  });

  it('longer than 63 characters is cut and ends in the MD5 of the id', () => {
    expect(escapeName('thisnameisreallyreallywaytoolonghowcouldanyonepossiblyreadthisplansname')).toBe(
      'thisnameisreallyreallywaytoolo-3f54131bf8c96c7d946ee1d7a32136dd',
    );
  });

  it('does not keep a dot at the cut', () => {
    const name = escapeName(`${'a'.repeat(29)}.${'b'.repeat(40)}`);
    expect(name).toMatch(/^a{29}-[0-9a-f]{32}$/);
  });

  it.each([63, 64])('of %i plain characters is cut only above 63', (length) => {
    const id = 'a'.repeat(length);
    expect(escapeName(id) === id).toBe(length <= 63);
  });
});

describe('the name of what an annotation asks for', () => {
  const request = 'request/postgresql/small';

  it('is the binding name and eight hexadecimal digits', () => {
    expect(generatedName('db', request)).toMatch(/^db-[0-9a-f]{8}$/);
  });

  it('is the same for the same request, however its parameters are spelt', () => {
    expect(generatedName('db', request, '{"a": 1, "b": [2]}')).toBe(
      generatedName('db', request, '{"b":[2],"a":1}'),
    );
  });

  it.each([
    ['another source', generatedName('db', 'request/postgresql/large')],
    ['other parameters', generatedName('db', request, '{"a":1}')],
    ['a Secret for parameters', generatedName('db', request, 'secret:s/key')],
    ['another name', generatedName('cache', request)],
  ])('differs for %s', (_difference, other) => {
    expect(other).not.toBe(generatedName('db', request));
  });

  it('tells parameters apart that JavaScript numbers could not', () => {
    const withNumber = (number: string): string => generatedName('db', request, `{"id": ${number}}`);
    expect(withNumber('12345678901234567890')).not.toBe(withNumber('12345678901234567891'));
  });

  it('does not depend on where source and parameters are joined', () => {
    expect(generatedName('db', 'a', 'bc')).not.toBe(generatedName('db', 'ab', 'c'));
  });

  it('never exceeds 63 characters and stays a legal object name', () => {
    const names = [
      'a'.repeat(63),
      `${'a'.repeat(53)}.${'b'.repeat(9)}`,
      `${'a'.repeat(52)}..${'b'.repeat(9)}`,
    ];
    for (const name of names) {
      const generated = generatedName(name, request);
      expect(generated.length).toBeLessThanOrEqual(63);
      expect(generated).toMatch(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
      expect(generated).not.toContain('.-');
    }
  });

  it('keeps long names apart that differ only in what is cut off', () => {
    const long = 'a'.repeat(60);
    expect(generatedName(`${long}x`, request)).not.toBe(generatedName(`${long}y`, request));
  });
});
