import { Circuit } from '../../../src/osb/circuit.ts';
import { Gate } from '../../../src/osb/gate.ts';
import { Limiter } from '../../../src/osb/limiter.ts';
import type { Reply } from '../../../src/osb/reply.ts';
import { answer, fault } from './replies.ts';

const never = new AbortController().signal;

function setup(): {
  send: (reply: Reply) => Promise<Reply>;
  limiter: Limiter;
  circuit: Circuit;
  pass: (ms: number) => void;
  sent: () => number;
} {
  let nowMs = 0;
  let count = 0;
  const clock = { now: () => nowMs };
  const stopwatch = { elapsedMs: () => nowMs };
  const limiter = new Limiter({ maxConcurrent: 1, maxWaiting: 0 });
  const circuit = new Circuit({ failureThreshold: 2 }, { stopwatch });
  const gate = new Gate({ limiter, circuit, clock, stopwatch });
  const send = async (reply: Reply): Promise<Reply> =>
    gate.pass(async () => {
      count++;
      return reply;
    }, never);
  return { send, limiter, circuit, pass: (ms) => (nowMs += ms), sent: () => count };
}

describe('the gate before a broker', () => {
  it('opens the circuit when the broker can not be reached, and goes on saying why', async () => {
    const { send, sent, pass } = setup();
    await send(fault('ConnectionRefused', false));
    await send(fault('Timeout', true));
    expect(await send(answer(200))).toMatchObject({
      reason: 'CircuitOpen',
      message: expect.stringContaining('because of Timeout: ') as unknown,
      sent: false,
      retryAfterMs: 1000,
    });
    expect(sent()).toBe(2);
    pass(1000);
    expect(await send(answer(200))).toMatchObject({ status: 200 });
  });

  it.each([500, 404, 401])('sees a broker that answers, with %d too', async (status) => {
    const { send, circuit } = setup();
    for (let index = 0; index < 5; index++) await send(answer(status));
    expect(circuit.state).toBe('closed');
  });

  it('does not count what says nothing about the broker', async () => {
    const { send, circuit } = setup();
    for (let index = 0; index < 5; index++) await send(fault('Cancelled', true));
    for (let index = 0; index < 5; index++) await send(fault('AddressRefused', false));
    expect(circuit.state).toBe('closed');
  });

  it.each([429, 503])('keeps the pause that a %d asks for, up to a minute', async (status) => {
    const { send, sent, pass } = setup();
    await send(answer(status, '{}', { retryAfter: '3600' }));
    expect(await send(answer(200))).toMatchObject({ reason: 'Busy', sent: false, retryAfterMs: 60_000 });
    expect(sent()).toBe(1);
    pass(60_000);
    expect(await send(answer(200))).toMatchObject({ status: 200 });
  });

  it('makes no pause of a Retry-After on anything else', async () => {
    const { send } = setup();
    await send(answer(200, '{}', { retryAfter: '3600' }));
    expect(await send(answer(200))).toMatchObject({ status: 200 });
  });

  it('refuses what would be too much at once', async () => {
    const { send, limiter } = setup();
    await limiter.enter(never);
    expect(await send(answer(200))).toMatchObject({ kind: 'fault', reason: 'Busy', sent: false });
    limiter.leave();
    expect(await send(answer(200))).toMatchObject({ status: 200 });
    expect(limiter.running).toBe(0);
  });
});
