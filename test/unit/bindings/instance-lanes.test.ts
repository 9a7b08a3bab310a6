import { InstanceLanes } from '../../../src/bindings/instance-lanes.ts';

function lanes(): { lanes: InstanceLanes; woken: string[]; clock: { ms: number } } {
  const woken: string[] = [];
  const clock = { ms: 0 };
  return {
    lanes: new InstanceLanes({
      stopwatch: { elapsedMs: () => clock.ms },
      wake: (key) => woken.push(key),
      maxHoldMs: 1000,
    }),
    woken,
    clock,
  };
}

describe('P42: the bindings of an instance', () => {
  it('do not wait for each other as long as the broker takes them all at once', () => {
    const world = lanes();
    expect(['a', 'b', 'c'].map((key) => world.lanes.enter('db', key))).toEqual([0, 0, 0]);
  });

  it('go one after the other, in order of arrival, once the broker has refused that', () => {
    const world = lanes();
    expect(world.lanes.open('db', 'a')).toBe(0);
    expect(world.lanes.open('db', 'b')).toBeGreaterThan(0);
    expect(world.lanes.enter('db', 'c')).toBeGreaterThan(0);
    world.lanes.leave('b');
    expect(world.woken).toEqual([]);
    world.lanes.leave('a');
    expect(world.woken).toEqual(['b']);
    expect(world.lanes.enter('db', 'b')).toBe(0);
    world.lanes.leave('b');
    expect(world.woken).toEqual(['b', 'c']);
  });

  it('do not wait for those of another instance', () => {
    const world = lanes();
    world.lanes.open('db', 'a');
    expect(world.lanes.enter('cache', 'b')).toBe(0);
  });

  it('are free again when nobody is left', () => {
    const world = lanes();
    world.lanes.open('db', 'a');
    world.lanes.leave('a');
    expect([world.lanes.enter('db', 'b'), world.lanes.enter('db', 'c')]).toEqual([0, 0]);
  });

  it('do not wait for ever for one that does not end', () => {
    const world = lanes();
    world.lanes.open('db', 'a');
    expect(world.lanes.enter('db', 'b')).toBe(1000);
    world.clock.ms = 1000;
    expect(world.lanes.enter('db', 'b')).toBe(0);
    world.lanes.leave('a');
    expect(world.woken).toEqual([]);
    expect(world.lanes.enter('db', 'a')).toBeGreaterThan(0);
  });
});
