import { bindNotes } from '../../../src/bindings/bind-outcome.ts';
import type { BindingAnswer } from '../../../src/osb/types.ts';

const now = Date.parse('2030-01-01T00:00:00.000Z');
const good: BindingAnswer = { credentials: { a: 'b' }, endpoints: [], warnings: [] };

describe('what the owner of a binding is told', () => {
  it('is nothing about an ordinary answer', () => {
    const metadata = { expiresAt: '2030-01-02T00:00:00.000Z', renewBefore: '2030-01-01T12:00:00.000Z' };
    expect(bindNotes({ ...good, metadata }, now)).toEqual([]);
  });

  it.each([
    ['H38 no credentials', { credentials: undefined }, 'the broker gave no credentials'],
    ['H38 empty credentials', { credentials: {} }, 'the broker gave no credentials'],
    ['H47 what was dropped', { warnings: ['endpoints[1] was ignored'] }, 'endpoints[1] was ignored'],
    [
      'H45 P68 expired credentials',
      { metadata: { expiresAt: '2029-12-31T00:00:00.000Z' } },
      'the credentials expired at 2029-12-31T00:00:00.000Z',
    ],
    [
      'H45 P67 times in the wrong order',
      { metadata: { expiresAt: '2030-01-02T00:00:00.000Z', renewBefore: '2030-01-03T00:00:00.000Z' } },
      'renew_before 2030-01-03T00:00:00.000Z is after expires_at 2030-01-02T00:00:00.000Z',
    ],
    [
      'P70 P71 what only Cloud Foundry can use',
      { syslogDrainUrl: 'syslog://user:secret@x', routeServiceUrl: 'https://x', volumeMounts: [{}] },
      'not supported on Kubernetes and ignored: syslog_drain_url, route_service_url, volume_mounts',
    ],
  ])('%s', (_name, change, note) => {
    const requires = ['syslog_drain', 'route_forwarding', 'volume_mount'];
    expect(bindNotes({ ...good, ...change } as BindingAnswer, now, requires)).toEqual([note]);
  });

  it('P70 is also what its class does not say that it requires', () => {
    const answer = { ...good, syslogDrainUrl: 'syslog://user:secret@x', volumeMounts: [{}] };
    expect(bindNotes(answer, now, ['volume_mount'])).toEqual([
      'not supported on Kubernetes and ignored: syslog_drain_url, volume_mounts',
      'without a matching "requires" in the catalog: syslog_drain_url',
    ]);
    expect(bindNotes(answer, now, undefined)[1]).toContain('syslog_drain_url, volume_mounts');
  });
});
