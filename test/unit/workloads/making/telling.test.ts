import { setCondition } from '../../../../src/api/conditions.ts';
import type { ServiceBinding } from '../../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../../src/api/generated/service-instance.ts';
import { statusOf, type Verdict } from '../../../../src/model/verdict.ts';
import { disagreement } from '../../../../src/workloads/making/agreement.ts';
import { RequestPace } from '../../../../src/workloads/making/request-pace.ts';
import { standing, type Telling } from '../../../../src/workloads/making/standing.ts';
import { admittedServices, type Ask } from '../../../../src/workloads/making/wanted-services.ts';
import { trimWorkload } from '../../../../src/workloads/workload.ts';
import { WorkloadEvents } from '../../../../src/workloads/making/workload-events.ts';

const since = '2026-01-01T00:00:00Z';

function asks(name: string, plan: string, parameters = '{}', share = 'id'): Ask {
  const words = {
    'bind.servicecatalog.k8s.io/db': `request/pg/${plan}`,
    'params.bind.servicecatalog.k8s.io/db': parameters,
    'share.bind.servicecatalog.k8s.io/db': share,
  };
  const annotations = { 'servicecatalog.k8s.io/requested-by': 'alice' };
  const metadata = { name, namespace: 'n', uid: name, annotations };
  const spec = { template: { metadata: { annotations: words } } };
  const workload = trimWorkload('Deployment', { kind: 'Deployment', metadata, spec });
  const [ask] = [...admittedServices([workload], true).bindings.values()].flatMap((wanted) => wanted.asks);
  if (ask === undefined) throw new Error('it asks for nothing');
  return ask;
}

const ask = asks('app', 'small');

function made(verdict: Verdict, observed = 1, username = 'alice'): ServiceInstance & ServiceBinding {
  return {
    metadata: { name: 'made', namespace: 'n', generation: 1 },
    spec: { instanceRef: { name: 'made' }, userInfo: { username } },
    status: statusOf(verdict, {}, observed, since),
  };
}

/** Of an older spec, which nothing has been done about since. */
function paused(): ServiceInstance & ServiceBinding {
  const object = made({ kind: 'ready', reason: 'Good', message: 'It is ready' }, 0);
  const said = { type: 'Paused', status: 'True', reason: 'Paused', message: 'It is paused' } as const;
  const conditions = setCondition(object.status?.conditions, said, since);
  return { ...object, status: { ...object.status, conditions } };
}

const ready = made({ kind: 'ready', reason: 'Good', message: 'It is ready' });

describe('those who share a service', () => {
  it('agree when plan and parameters are the same, however these are written', () => {
    const spelt = [asks('a', 'small', '{"a":1,"b":2}'), asks('b', 'small', '{"b": 2, "a": 1}')];
    expect(disagreement(spelt)).toBeUndefined();
    expect(disagreement([])).toBeUndefined();
  });

  it('are told who asks for what else, and no parameters', () => {
    const [one, two, three] = [asks('a', 'small'), asks('b', 'large'), asks('c', 'small', '{"pin":"1234"}')];
    const words = disagreement([one, two, three]);
    expect(words?.(one)).toMatch(
      /until all agree: Deployment\/b asks for plan "large"; Deployment\/c asks for other parameters$/,
    );
    expect(words?.(two)).toMatch(
      /Deployment\/a asks for plan "small"; .*\/c asks for plan "small" and other/,
    );
    expect(words?.(one)).not.toContain('1234');
  });

  it('are not told more names than anybody reads', () => {
    const others = Array.from({ length: 9 }, (_none, index) => asks(`other-${index}`, 'large'));
    expect(disagreement([ask, ...others])?.(ask)).toMatch(/; and 4 more$/);
  });
});

describe('how a wish stands', () => {
  const words = (instance: ServiceInstance, binding: ServiceBinding): string => {
    const told = standing(ask, instance, binding);
    return told === undefined ? '' : `${told.type} ${told.reason}: ${told.message}`;
  };

  it.each<[string, ServiceInstance, ServiceBinding, RegExp]>([
    ['both are ready', ready, ready, /^Normal Bound: Secret "app-db-\w+" has the credentials for .*"pg"$/],
    [
      'another person had it',
      made({ kind: 'ready', reason: 'Good', message: '' }, 1, 'bob'),
      ready,
      /; "alice" asks for it now, and "bob" did before, or as well$/,
    ],
    [
      'the broker works',
      made({ kind: 'working', reason: 'Provisioning', message: 'Nearly there' }),
      ready,
      /^Normal Provisioning: ServiceInstance "made": Nearly there$/,
    ],
    [
      'it is tried again',
      made({ kind: 'retrying', reason: 'X', message: 'No', nextAttemptTime: '2026-01-01T00:00:09Z' }),
      ready,
      /^Warning Provisioning: ServiceInstance "made": No\. It is tried again\.$/,
    ],
    [
      'it is refused',
      ready,
      made({ kind: 'stalled', reason: 'X', message: 'Never', failedReason: 'X' }),
      /^Warning Blocked: ServiceBinding "made": Never$/,
    ],
    [
      'there is no such class',
      made({ kind: 'working', reason: 'ReferencesNonexistentServiceClass', message: 'There is none' }),
      ready,
      /^Warning Blocked: .*There is none$/,
    ],
    [
      'a request is in flight',
      made({ kind: 'working', reason: 'RequestInFlight', message: '' }),
      ready,
      /^$/,
    ],
    ['it is paused', paused(), ready, /^Warning Blocked: ServiceInstance "made": It is paused$/],
    [
      'the conditions are of an older spec',
      made({ kind: 'ready', reason: 'X', message: '' }, 0),
      ready,
      /^$/,
    ],
    [
      'the binding has not heard that its instance is ready',
      ready,
      made({ kind: 'working', reason: 'ErrorInstanceNotReady', message: 'Waits' }),
      /^$/,
    ],
  ])('when %s', (_when, instance, binding, expected) => {
    expect(words(instance, binding)).toMatch(expected);
  });
});

describe('what is told on a workload', () => {
  const bound: Telling = { type: 'Normal', reason: 'Bound', message: 'Here', since };
  const blocked: Telling = { type: 'Warning', reason: 'Blocked', message: 'Not yet' };

  function teller(nowMs = Date.parse(since)) {
    const said: string[] = [];
    let elapsed = 0;
    const events = new WorkloadEvents({
      events: { record: (_object, _type, reason, message) => void said.push(`${reason}: ${message}`) },
      clock: { now: () => nowMs },
      stopwatch: { elapsedMs: () => elapsed },
    });
    return { events, said, pass: (ms: number) => void (elapsed += ms) };
  }

  it('is said once, until it changes', () => {
    const { events, said } = teller();
    expect(events.stands('n/pg', ask, bound)).toBeUndefined();
    events.stands('n/pg', ask, bound);
    events.stands('n/pg', ask, { ...bound, message: 'There' });
    events.stands('n/pg', ask, bound);
    expect(said).toEqual(['Bound: Here', 'Bound: There', 'Bound: Here']);
  });

  it('is repeated while it holds somebody up, since Events are forgotten', () => {
    const { events, said, pass } = teller();
    expect(events.stands('n/pg', ask, blocked)).toBe(1_800_000);
    pass(1_000_000);
    expect(events.stands('n/pg', ask, blocked)).toBe(800_000);
    pass(800_000);
    events.stands('n/pg', ask, blocked);
    expect(said).toEqual(['Blocked: Not yet', 'Blocked: Not yet']);
  });

  it('is not told anew by a process that finds it well for long', () => {
    const { events, said } = teller(Date.parse(since) + 3_600_000);
    events.stands('n/pg', ask, bound);
    events.stands('n/pg', ask, blocked);
    events.stands('n/pg', ask, bound);
    expect(said).toEqual(['Blocked: Not yet', 'Bound: Here']);
  });

  it('is forgotten with the wish', () => {
    const { events, said } = teller();
    events.stands('n/pg', ask, bound);
    events.retain('n/pg', []);
    events.stands('n/pg', ask, bound);
    expect(said).toHaveLength(2);
  });
});

describe('what was refused', () => {
  it('is tried again by itself, later each time, and at once when something else is asked for', () => {
    let elapsed = 0;
    const pace = new RequestPace({ elapsedMs: () => elapsed });
    expect(pace.waitMs('n', 'a', 'small')).toBe(0);
    expect(pace.failed('n', 'a', 'small')).toBeLessThanOrEqual(500);
    expect(pace.waitMs('n', 'a', 'small')).toBeGreaterThan(0);
    expect(pace.waitMs('n', 'a', 'large')).toBe(0);
    expect(pace.waitMs('n', 'b', 'small')).toBe(0);
    elapsed = 500;
    expect(pace.waitMs('n', 'a', 'small')).toBe(0);
    expect(pace.failed('n', 'a', 'small', 7_000)).toBe(7_000);
    for (let attempt = 0; attempt < 20; attempt++)
      expect(pace.failed('n', 'a', 'small')).toBeLessThanOrEqual(30_000);
    pace.retain('n', () => false);
    expect(pace.waitMs('n', 'a', 'small')).toBe(0);
  });
});
