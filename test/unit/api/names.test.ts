import { escapeName } from '../../../src/api/names.ts';

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
