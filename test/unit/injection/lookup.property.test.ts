import { array, assert, constantFrom, integer, property } from 'fast-check';
import { MountTree } from '../../../src/injection/mount-tree.ts';
import { NamedList } from '../../../src/injection/named-list.ts';

/** So many that lists are not looked through. */
const many = 40;
const directory = constantFrom('/', '/a', '/a/b', '/a/b/c', '/ab', '/b', '/b/a');

describe('mounts are found alike whether there are few or many', () => {
  /** `far` of the mounts have nothing to do with any path that is asked for. */
  function treeOf(paths: readonly string[], far: number): MountTree {
    const tree = new MountTree(false);
    for (let index = 0; index < far; index++) tree.add({ name: `far${index}`, mountPath: `/far/${index}` });
    for (const [index, mountPath] of paths.entries()) tree.add({ name: `v${index}`, mountPath });
    return tree;
  }

  it.each(['what is added', 'what is left of it'])('%s', (what) => {
    const paths = array(directory, { maxLength: 12 });
    assert(
      property(paths, paths, directory, (kept, takenBack, path) => {
        const [few, full] = [0, many].map((far) => {
          const isTakenBack = what === 'what is left of it';
          const tree = treeOf(isTakenBack ? [...kept, ...takenBack] : kept, far);
          if (isTakenBack) {
            tree.around(path);
            for (let count = 0; count < takenBack.length; count++) tree.takeBack();
          }
          return tree.around(path);
        });
        expect(full?.same).toEqual(few?.same);
        expect(full?.outer).toEqual(few?.outer);
        // What is far lies inside of the root as well, and was there first.
        if (path !== '/') expect(full?.inner).toEqual(few?.inner);
      }),
    );
  });
});

it('entries are found by the last of a name, however many there are and have been', () => {
  assert(
    property(integer({ min: 0, max: many }), integer({ min: 0, max: many }), (own, added) => {
      const entries = Array.from({ length: own }, (_, index) => ({ name: `n${index % 7}`, index }));
      const list = new NamedList<{ readonly name: string; readonly index: number }>(entries);
      const all = [...entries];
      for (let index = 0; index < added; index++) {
        const entry = { name: `added${index}`, index };
        all.push(entry);
        list.add(entry);
      }
      const agrees = (): void => {
        expect(list.entries).toEqual(all);
        for (const name of ['n0', 'n6', 'added0', 'added39', 'other']) {
          expect(list.get(name)).toBe(all.findLast((entry) => entry.name === name));
        }
      };
      agrees();
      for (let count = 0; count < added; count++) {
        list.takeBack();
        all.pop();
      }
      agrees();
      expect(entries).toHaveLength(own);
    }),
  );
});
