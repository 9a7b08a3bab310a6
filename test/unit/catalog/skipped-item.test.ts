import { describeSkipped, skipped } from '../../../src/catalog/skipped-item.ts';

describe('a note about a part of the catalog that was left out', () => {
  it('fits into the status, whatever the broker wrote', () => {
    const note = skipped('p'.repeat(5_000), 'n'.repeat(5_000), 'r'.repeat(5_000));
    expect(Object.values(note).map((text) => text.length)).toEqual([1024, 1024, 1024]);
    expect(skipped('path', undefined, 'reason')).toEqual({ path: 'path', reason: 'reason' });
  });

  it('H36 holds no control characters, and no half characters', () => {
    const note = skipped('a\nb', 'x\u001b[31mred\u202e', 'y\ud800');
    expect(note).toEqual({ path: 'a b', name: 'x red ', reason: 'y\ufffd' });
  });
});

describe('the description of all notes', () => {
  it('counts them and tells the first three', () => {
    const notes = ['a', 'b', 'c', 'd', 'e'].map((name) => skipped(`services[id=${name}]`, name, 'is broken'));
    expect(describeSkipped(notes.slice(0, 1))).toBe(
      '1 part of the catalog could not be used: services[id=a] ("a"): is broken.',
    );
    expect(describeSkipped(notes)).toBe(
      '5 parts of the catalog could not be used: services[id=a] ("a"): is broken; services[id=b] ("b"): is broken; ' +
        'services[id=c] ("c"): is broken; see status.skippedItems.',
    );
  });

  it('is short, however long the notes are', () => {
    const long = skipped('p'.repeat(1_000), 'n'.repeat(1_000), 'r'.repeat(1_000));
    expect(describeSkipped([long, long, long, long]).length).toBeLessThan(2_100);
  });
});
