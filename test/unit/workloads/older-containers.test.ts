import { isOlderUser } from '../../../src/workloads/older-containers.ts';

const before = Date.parse('2026-05-01T12:00:00Z');
const running = (startedAt?: string): object => ({ running: startedAt === undefined ? {} : { startedAt } });
const early = running('2026-05-01T11:00:00Z');
const late = running('2026-05-01T13:00:00Z');
const waiting = { waiting: { reason: 'CreateContainerConfigError' } };

function pod(states: readonly object[], phase = 'Running', secret = 'creds'): object {
  return {
    metadata: { name: 'p', namespace: 'ns' },
    spec: { containers: [{ name: 'app', envFrom: [{ secretRef: { name: secret } }] }] },
    status: { phase, containerStatuses: states.map((state) => ({ state })) },
  };
}

const cases: readonly (readonly [string, object, boolean])[] = [
  ['one that was started before', pod([early]), true],
  ['one that was started since', pod([late]), false],
  ['one of two that was started before', pod([late, early]), true],
  ['one that does not say when', pod([running()]), true],
  ['one that waits for the Secret', pod([waiting], 'Pending'), false],
  ['one that has ended, and is started anew', pod([{ terminated: { exitCode: 1 } }]), false],
  ['a Pod that has ended', pod([early], 'Succeeded'), false],
  ['a Pod of another Secret', pod([early], 'Running', 'other'), false],
  ['a Pod that nobody has told of', pod([]), false],
];

describe('who may have read a Secret before', () => {
  it.each(cases)('%s', (_what, raw, isOlder) => {
    expect(isOlderUser(raw as never, 'creds', before)).toBe(isOlder);
  });
});
