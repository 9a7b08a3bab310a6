import { setImmediate as turn } from 'node:timers/promises';
import { BytesInFlight } from '../../../src/admission/bytes-in-flight.ts';
import { Turns } from '../../../src/admission/turns.ts';

it('others come between one large piece of work and the next', async () => {
  const done: string[] = [];
  const turns = new Turns();
  for (const name of ['a', 'b', 'c']) turns.take(() => done.push(name));
  setImmediate(() => done.push('other'));
  expect(done).toEqual([]);
  while (done.length < 4) await turn();
  expect(done).toEqual(['a', 'other', 'b', 'c']);
  turns.take(() => done.push('d'));
  await turn();
  expect(done.at(-1)).toBe('d');
});

describe('bytes under way', () => {
  const mib = 1024 * 1024;

  it('have an end, and what is given back twice counts once', () => {
    const bytes = new BytesInFlight({ small: 1_000, large: 4 * mib });
    const first = bytes.take(600);
    expect(first).toBeDefined();
    expect(bytes.take(401)).toBeUndefined();
    first?.();
    first?.();
    expect(bytes.take(1_000)).toBeDefined();
    expect(bytes.take(1)).toBeUndefined();
  });

  it('of large reviews leave the room of small ones alone', () => {
    const bytes = new BytesInFlight({ small: 1_000, large: 4 * mib });
    expect(bytes.take(3 * mib)).toBeDefined();
    expect(bytes.take(3 * mib)).toBeUndefined();
    expect(bytes.take(1_000)).toBeDefined();
  });
});
