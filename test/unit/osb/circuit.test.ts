import { Circuit } from '../../../src/osb/circuit.ts';
import type { CircuitState } from '../../../src/osb/options.ts';

function setup(): { circuit: Circuit; states: CircuitState[]; pass: (ms: number) => void } {
  let nowMs = 0;
  const states: CircuitState[] = [];
  const circuit = new Circuit(
    { failureThreshold: 3, initialOpenMs: 1000, maxOpenMs: 3000 },
    { stopwatch: { elapsedMs: () => nowMs }, onChange: (state) => states.push(state) },
  );
  return { circuit, states, pass: (ms) => (nowMs += ms) };
}

function failTimes(circuit: Circuit, times: number): void {
  for (let index = 0; index < times; index++) {
    expect(circuit.tryPass()).toBeUndefined();
    circuit.failed();
  }
}

describe('a circuit', () => {
  it('opens after so many failures in a row', () => {
    const { circuit, states } = setup();
    failTimes(circuit, 2);
    expect(circuit.state).toBe('closed');
    failTimes(circuit, 1);
    expect(circuit.state).toBe('open');
    expect(circuit.tryPass()).toBe(1000);
    expect(states).toEqual(['open']);
  });

  it('counts anew after an answer', () => {
    const { circuit } = setup();
    failTimes(circuit, 2);
    circuit.answered();
    failTimes(circuit, 2);
    expect(circuit.state).toBe('closed');
  });

  it('lets one try after a time, and closes when it is answered', () => {
    const { circuit, states, pass } = setup();
    failTimes(circuit, 3);
    pass(999);
    expect(circuit.tryPass()).toBe(1);
    pass(1);
    expect(circuit.tryPass()).toBeUndefined();
    expect(circuit.state).toBe('half-open');
    expect(circuit.tryPass()).toBe(1000);
    circuit.answered();
    expect(circuit.tryPass()).toBeUndefined();
    expect(states).toEqual(['open', 'half-open', 'closed']);
  });

  it('opens for longer and longer, up to a limit', () => {
    const { circuit, pass } = setup();
    failTimes(circuit, 3);
    const waits: (number | undefined)[] = [];
    for (let trial = 0; trial < 3; trial++) {
      pass(3000);
      failTimes(circuit, 1);
      waits.push(circuit.tryPass());
    }
    expect(waits).toEqual([2000, 3000, 3000]);
  });

  it('starts over with the first time after it was closed', () => {
    const { circuit, pass } = setup();
    failTimes(circuit, 3);
    pass(1000);
    failTimes(circuit, 1);
    pass(2000);
    expect(circuit.tryPass()).toBeUndefined();
    circuit.answered();
    failTimes(circuit, 3);
    expect(circuit.tryPass()).toBe(1000);
  });

  it('lets the next one try when a trial said nothing', () => {
    const { circuit, pass } = setup();
    failTimes(circuit, 3);
    pass(1000);
    expect(circuit.tryPass()).toBeUndefined();
    circuit.undecided();
    expect(circuit.tryPass()).toBeUndefined();
  });

  it('closes when an answer comes to what was sent before it opened', () => {
    const { circuit } = setup();
    failTimes(circuit, 3);
    circuit.answered();
    expect(circuit.state).toBe('closed');
  });
});
