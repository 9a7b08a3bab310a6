import { translatePaths } from '../../../support/kubelet-lite/translate-paths.ts';

describe('mount paths in a text', () => {
  const mounts = ['/bindings/db', '/bindings/db/nested', '/etc/app/', '/a+b'];
  const existsHere = (path: string): boolean => path === '/etc';

  it.each([
    ['a mount path', '/bindings/db', '/r/bindings/db'],
    ['a file below it', '/bindings/db/uri', '/r/bindings/db/uri'],
    ['a parent that this machine does not have', '/bindings', '/r/bindings'],
    ['a parent that this machine has', '/etc', '/etc'],
    ['another file of a parent that it has', '/etc/passwd', '/etc/passwd'],
    ['a mount path that is written with a slash at its end', '/etc/app/x.yaml', '/r/etc/app/x.yaml'],
    [
      'another path below a missing parent, and one that only begins alike',
      '/bindings/db2 /bindings.d',
      '/r/bindings/db2 /bindings.d',
    ],
    ['an option', '--config=/bindings/db/uri', '--config=/r/bindings/db/uri'],
    ['a list', '/usr/bin:/bindings/db:/a+b', '/usr/bin:/r/bindings/db:/r/a+b'],
    ['a shell command', 'cat "/bindings/db/uri" >/tmp/x', 'cat "/r/bindings/db/uri" >/tmp/x'],
    ['a file URL', 'file:///bindings/db/ca.crt', 'file:///r/bindings/db/ca.crt'],
    ['the path of another URL', 'https://host/bindings/db', 'https://host/bindings/db'],
    ['a path with the same end', '/other/bindings/db', '/other/bindings/db'],
    ['no path at all', 'nothing', 'nothing'],
  ])('%s', (_case, text, translated) => {
    expect(translatePaths(text, mounts, '/r', existsHere)).toBe(translated);
  });

  it('nothing is rewritten without mounts', () => {
    expect(translatePaths('/bindings', [], '/r')).toBe('/bindings');
  });
});
