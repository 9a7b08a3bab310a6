import { KeptTimes } from '../../../src/control/kept-times.ts';
import type { BrokeredObject } from '../../../src/operations/operation-status.ts';
import type { OperationTask } from '../../../src/operations/kind.ts';
import { PollPace } from '../../../src/operations/poll-pace.ts';
import { isOverdue, operationDeadline, pollAgain } from '../../../src/operations/polling.ts';

const hourMs = 3_600_000;

class World {
  wallMs = Date.parse('2026-01-01T00:00:00Z');
  elapsedMs = 0;
  readonly task: OperationTask<BrokeredObject>;

  constructor() {
    const clock = { now: () => this.wallMs };
    const stopwatch = { elapsedMs: () => this.elapsedMs };
    this.task = {
      clock,
      stopwatch,
      times: new KeptTimes({ clock, stopwatch }),
      polls: new PollPace(stopwatch),
      settings: { operationTimeoutMs: 600_000, maxPollIntervalMs: 60_000 },
    } as unknown as OperationTask<BrokeredObject>;
  }

  pass(ms: number): void {
    this.wallMs += ms;
    this.elapsedMs += ms;
  }

  accepted(): BrokeredObject {
    return {
      metadata: { name: 'db', namespace: 'ns', uid: 'u-1' },
      spec: {},
      status: {
        operationStartTime: new Date(this.wallMs).toISOString(),
        operationDeadline: operationDeadline(this.task, null),
      },
    };
  }
}

describe('an operation under way, when the clock is set', () => {
  it.each([hourMs, -hourMs])('by %d ms, is overdue at its deadline, and not before or after', (jumpMs) => {
    const world = new World();
    const object = world.accepted();
    pollAgain(world.task, object);
    world.wallMs += jumpMs;
    world.pass(599_000);
    expect(isOverdue(world.task, object)).toBe(false);
    world.pass(1_000);
    expect(isOverdue(world.task, object)).toBe(true);
  });

  it.each([hourMs, -hourMs])('by %d ms, is polled as often as before', (jumpMs) => {
    const world = new World();
    const object = world.accepted();
    expect(pollAgain(world.task, object)).toMatchObject({ requeueAfterMs: 1_000 });
    world.wallMs += jumpMs;
    world.pass(40_000);
    expect(pollAgain(world.task, object)).toMatchObject({ requeueAfterMs: 10_000 });
    expect(world.task.polls.waitMs('ns/db')).toBe(10_000);
  });

  it('has no more than its whole time in a process that has just begun, whose clock is behind', () => {
    const before = new World();
    const object = before.accepted();
    const after = new World();
    after.wallMs -= hourMs;
    expect(isOverdue(after.task, object)).toBe(false);
    after.pass(600_000);
    expect(isOverdue(after.task, object)).toBe(true);
  });

  it('that the original Service Catalog began, without a deadline, is overdue after the whole time', () => {
    const world = new World();
    const { metadata, spec, status } = world.accepted();
    const object = { metadata, spec, status: { operationStartTime: status?.operationStartTime ?? null } };
    world.pass(599_000);
    expect(isOverdue(world.task, object)).toBe(false);
    world.pass(1_000);
    expect(isOverdue(world.task, object)).toBe(true);
  });
});
