import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { Store, type StoreChange } from '../../../src/control/store.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';

interface Thing extends KubeObject {
  readonly spec?: { readonly owner?: string; readonly tags?: readonly string[] };
}

function thing(name: string, version: number | string, more: Partial<Thing> & { uid?: string } = {}): Thing {
  const { uid = `uid-${name}`, ...fields } = more;
  return { metadata: { namespace: 'ns', name, uid, resourceVersion: String(version) }, ...fields };
}

const newStore = (): Store<Thing> =>
  new Store<Thing>({
    freeze: true,
    indexes: {
      owner: ({ spec }) => (spec?.owner === undefined ? [] : [spec.owner]),
      tag: ({ spec }) => spec?.tags ?? [],
    },
  });
const namesOf = (things: readonly Thing[]): readonly string[] =>
  things.map(({ metadata }) => metadata.name).sort();

describe('which state is kept', () => {
  it.each([
    ['a newer version replaces an older one', thing('a', 9), thing('a', 10), '10'],
    ['an older version changes nothing', thing('a', 10), thing('a', 9), '10'],
    ['the same version changes nothing', thing('a', 10), thing('a', 10), '10'],
    [
      'versions are compared as numbers of any length',
      thing('a', '99999999999999999998'),
      thing('a', '100000000000000000000'),
      '100000000000000000000',
    ],
    ['a new incarnation replaces the old one', thing('a', 5), thing('a', 8, { uid: 'second' }), '8'],
    [
      'a late answer about the old incarnation changes nothing',
      thing('a', 8, { uid: 'second' }),
      thing('a', 5),
      '8',
    ],
    ['an opaque version always counts as news', thing('a', 'abc'), thing('a', 'aaa'), 'aaa'],
  ])('%s', (_name, first, second, kept) => {
    const store = newStore();
    store.put(first);
    store.put(second);
    expect(store.get('ns/a')?.metadata.resourceVersion).toBe(kept);
    expect(store.size).toBe(1);
  });

  it('reads its own write at once, and does not hear of it again', () => {
    const store = newStore();
    const changes: StoreChange<Thing>[] = [];
    store.put(thing('a', 1));
    store.subscribe((change) => changes.push(change));
    const answer = thing('a', 2, { spec: { owner: 'x' } });
    store.put(answer);
    expect(store.get('ns/a')?.spec).toEqual({ owner: 'x' });
    store.put(structuredClone(answer));
    expect(changes).toHaveLength(1);
  });

  it('does not bring back what was removed, when the answer of an earlier write comes late', () => {
    const store = newStore();
    store.put(thing('a', 1));
    store.remove(thing('a', 5));
    store.put(thing('a', 3));
    expect(store.get('ns/a')).toBeUndefined();
  });

  it('takes back an object that left a selector and came again', () => {
    const store = newStore();
    store.put(thing('a', 1));
    store.remove(thing('a', 5));
    store.put(thing('a', 7));
    expect(store.get('ns/a')?.metadata.resourceVersion).toBe('7');
  });

  it('ignores the removal of an earlier incarnation that comes after the new one', () => {
    const store = newStore();
    store.put(thing('a', 1));
    store.put(thing('a', 6, { uid: 'second' }));
    store.remove(thing('a', 5));
    expect(store.get('ns/a')?.metadata.uid).toBe('second');
  });

  it('forgets old removals, so that its memory stays bounded', () => {
    const store = newStore();
    for (let number = 0; number < 3_000; number++) store.remove(thing(`gone-${number}`, 10));
    store.put(thing('gone-2999', 5));
    store.put(thing('gone-0', 5));
    expect(namesOf(store.list())).toEqual(['gone-0']);
  });
});

describe('replace', () => {
  it('becomes the list: what vanished is removed, what is new or newer is kept', () => {
    const store = newStore();
    const changes: string[] = [];
    store.put(thing('stays', 1));
    store.put(thing('changes', 2));
    store.put(thing('vanishes', 3));
    store.subscribe(({ object, removed }) => changes.push(`${removed ? '-' : '+'}${object.metadata.name}`));
    store.replace([thing('stays', 1), thing('changes', 8), thing('appears', 9)], '10');
    expect(namesOf(store.list())).toEqual(['appears', 'changes', 'stays']);
    expect(changes.sort()).toEqual(['+appears', '+changes', '-vanishes']);
  });

  it('keeps what was written after the list was made', () => {
    const store = newStore();
    store.put(thing('created', 15));
    store.put(thing('changed', 16));
    store.replace([thing('changed', 3)], '10');
    expect(store.get('ns/created')?.metadata.resourceVersion).toBe('15');
    expect(store.get('ns/changed')?.metadata.resourceVersion).toBe('16');
  });

  it('takes an older list as it is when history went backwards', () => {
    const store = newStore();
    store.put(thing('a', 1_000));
    store.put(thing('b', 1_001));
    store.remove(thing('c', 1_002));
    store.replace([thing('a', 5), thing('c', 6)]);
    expect(store.list().map(({ metadata }) => metadata.resourceVersion)).toEqual(['5', '6']);
  });
});

describe('indexes', () => {
  it('find objects by each of their values, as they are now', () => {
    const store = newStore();
    store.put(thing('a', 1, { spec: { owner: 'x', tags: ['red', 'blue'] } }));
    store.put(thing('b', 2, { spec: { owner: 'x', tags: ['blue', 'blue'] } }));
    store.put(thing('c', 3));
    expect(namesOf(store.byIndex('owner', 'x'))).toEqual(['a', 'b']);
    expect(namesOf(store.byIndex('tag', 'blue'))).toEqual(['a', 'b']);

    store.put(thing('a', 4, { spec: { owner: 'y', tags: ['red'] } }));
    store.remove(thing('b', 5));
    expect(namesOf(store.byIndex('owner', 'x'))).toEqual([]);
    expect(namesOf(store.byIndex('owner', 'y'))).toEqual(['a']);
    expect(namesOf(store.byIndex('tag', 'blue'))).toEqual([]);
    expect(namesOf(store.byIndex('tag', 'red'))).toEqual(['a']);
  });

  it('say which there are when asked for another', () => {
    expect(() => newStore().byIndex('broker', 'x')).toThrow('no index "broker"; there are: owner, tag');
  });

  it('leave the store as it was when one of them throws', () => {
    const store = new Store<Thing>({ indexes: { owner: ({ spec }) => [spec!.owner!] } });
    store.put(thing('good', 1, { spec: { owner: 'x' } }));
    expect(() => store.put(thing('bad', 2))).toThrow();
    expect(() =>
      store.replace([thing('bad', 2), thing('better', 3, { spec: { owner: 'y' } })], '4'),
    ).toThrow();
    expect(namesOf(store.list())).toEqual(['better']);
    expect(namesOf(store.byIndex('owner', 'y'))).toEqual(['better']);
  });
});

describe('what is kept of an object', () => {
  it('is everything but managedFields', () => {
    const store = newStore();
    const managed = { ...thing('a', 1), data: { key: 'value' } };
    store.put({ ...managed, metadata: { ...managed.metadata, managedFields: [{}] } } as Thing);
    expect(store.get('ns/a')).toEqual(managed);
  });

  it('is what the trim function leaves', () => {
    const store = new Store<Thing>({ trim: ({ metadata }) => ({ metadata }) });
    store.put(thing('a', 1, { spec: { owner: 'x' } }));
    expect(store.get('ns/a')).toEqual(thing('a', 1));
  });

  it('is trimmed once, by whichever way it comes', () => {
    interface Kept extends KubeObject {
      readonly owner: string;
    }
    const store = new Store<Kept, Thing & { readonly owner?: never }>({
      trim: ({ metadata, spec }) => ({ metadata, owner: spec?.owner ?? 'lost' }),
    });
    const raw = (name: string, version: number) => thing(name, version, { spec: { owner: 'x' } });
    store.replace([store.trim(raw('listed', 1))], '1');
    store.put(raw('watched', 2));
    store.replace([store.trim(raw('listed', 3)), store.trim(raw('watched', 2))], '3');
    expect(store.list().map(({ owner }) => owner)).toEqual(['x', 'x']);
    const removed: string[] = [];
    store.subscribe(({ object }) => removed.push(object.owner));
    store.remove(raw('watched', 4));
    expect(removed).toEqual(['x']);
    // @ts-expect-error what has been trimmed is no input any more
    expect(() => store.put({ metadata: { name: 'a' }, owner: 'x' })).not.toThrow();
  });

  it('can not be changed by whoever reads it', () => {
    const store = newStore();
    store.put(thing('a', 1, { spec: { tags: ['red'] } }));
    const tags = store.get('ns/a')?.spec?.tags as string[];
    expect(() => tags.push('blue')).toThrow('not extensible');
  });
});

describe('subscribers', () => {
  it('hear what it was and what it is', () => {
    const store = newStore();
    const changes: StoreChange<Thing>[] = [];
    const unsubscribe = store.subscribe((change) => changes.push(change));
    store.put(thing('a', 1));
    store.put(thing('a', 2));
    store.remove(thing('a', 3));
    unsubscribe();
    store.put(thing('b', 4));
    expect(changes).toEqual([
      { object: thing('a', 1), removed: false },
      { object: thing('a', 2), previous: thing('a', 1), removed: false },
      { object: thing('a', 3), previous: thing('a', 2), removed: true },
    ]);
  });

  it('all hear of a change, though the first one throws', () => {
    const store = newStore();
    const heard: string[] = [];
    store.subscribe(() => {
      throw new Error('a defect');
    });
    store.subscribe(({ object }) => heard.push(object.metadata.name));
    expect(() => store.put(thing('a', 1))).toThrow('a defect');
    expect(() => store.replace([thing('b', 2), thing('c', 3)], '4')).toThrow('a defect');
    expect(heard).toEqual(['a', 'b', 'c', 'a']);
  });
});

describe('with a list for each namespace', () => {
  const at = (namespace: string, name: string, version: number): Thing => ({
    metadata: { namespace, name, uid: `${namespace}-${name}`, resourceVersion: String(version) },
  });

  it('a list says nothing of what is in other namespaces', () => {
    const store = newStore();
    const [a, b] = [store.within('a'), store.within('b')];
    a.replace([at('a', 'one', 1)], '5');
    b.replace([at('b', 'two', 2)], '9');
    a.replace([], '12');
    expect(namesOf(store.list())).toEqual(['two']);
    b.replace([]);
    expect(store.size).toBe(0);
  });

  it('a new object of a namespace whose list is older is kept', () => {
    const store = newStore();
    store.within('a').replace([], '5');
    store.within('b').replace([], '9');
    store.put(at('a', 'one', 7));
    store.put(at('b', 'past', 8));
    expect(namesOf(store.list())).toEqual(['one']);
  });

  it('what was removed in one stays removed when another is listed again', () => {
    const store = newStore();
    store.within('a').replace([at('a', 'one', 3)], '5');
    store.within('a').remove(at('a', 'one', 6));
    store.within('b').replace([], '9');
    store.put(at('a', 'one', 6));
    expect(store.size).toBe(0);
  });

  it('of Namespaces each has the list of its name', () => {
    const store = newStore();
    const named = (name: string): Thing => ({ metadata: { name, uid: name, resourceVersion: '1' } });
    store.within('a').replace([named('a')], '5');
    store.within('b').replace([named('b')], '5');
    store.within('a').replace([], '6');
    expect(namesOf(store.list())).toEqual(['b']);
  });
});

it('equals the server after any history, in whatever order write answers, events and lists come', () => {
  const names = ['a', 'b', 'c'];
  const action = record({
    what: constantFrom('write', 'delete', 'hear', 'hear', 'hear', 'answer', 'list'),
    name: constantFrom(...names),
    owner: constantFrom('x', 'y', 'z'),
    pick: integer({ min: 0, max: 1_000 }),
  });
  assert(
    property(array(action, { maxLength: 80 }), (actions) => {
      const store = newStore();
      const server = new Map<string, Thing>();
      /** What the watch has yet to tell, in order; and answers of writes on their way, in any order. */
      let watch: { readonly object: Thing; readonly removed: boolean }[] = [];
      const answers: Thing[] = [];
      let version = 1;
      const hear = (): void => {
        const event = watch.shift();
        if (event?.removed) store.remove(event.object);
        else if (event !== undefined) store.put(event.object);
      };
      for (const { what, name, owner, pick } of actions) {
        const known = server.get(name);
        if (what === 'write') {
          const uid = known?.metadata.uid ?? `uid-${version}`;
          const object = thing(name, ++version, { uid, spec: { owner } });
          server.set(name, object);
          watch.push({ object, removed: false });
          answers.push(object);
        } else if (what === 'delete' && known !== undefined) {
          server.delete(name);
          const object = { ...known, metadata: { ...known.metadata, resourceVersion: String(++version) } };
          watch.push({ object, removed: true });
        } else if (what === 'answer' && answers.length > 0) {
          for (const answer of answers.splice(pick % answers.length, 1)) store.put(answer);
        } else if (what === 'list') {
          // A new list-watch cycle: the list shows the server as it is, the watch goes on from there.
          store.replace([...server.values()], String(version));
          watch = [];
        } else hear();
      }
      while (watch.length > 0) hear();
      answers.forEach((answer) => store.put(answer));
      const byName = (left: Thing, right: Thing): number =>
        left.metadata.name < right.metadata.name ? -1 : 1;
      const expected = [...server.values()].sort(byName);
      expect([...store.list()].sort(byName)).toEqual(expected);
      for (const owner of ['x', 'y', 'z']) {
        const owned = expected.filter(({ spec }) => spec?.owner === owner);
        expect(namesOf(store.byIndex('owner', owner))).toEqual(namesOf(owned));
      }
    }),
    { numRuns: 500 },
  );
});
