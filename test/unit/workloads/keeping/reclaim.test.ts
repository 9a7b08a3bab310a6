import { pausedAnnotation, reclaimAnnotation } from '../../../../src/api/group.ts';
import { parseReclaim, type Reclaim } from '../../../../src/injection/request-owner.ts';
import {
  requestedName,
  type RequestedIdentity,
  type WorkloadRef,
} from '../../../../src/api/requested-identity.ts';
import { KeptTimes } from '../../../../src/control/kept-times.ts';
import type { NamespaceView } from '../../../../src/workloads/keeping/in-use.ts';
import { hasReclaimAt, reclaimAtOf, reclaimMark } from '../../../../src/workloads/keeping/reclaim-at.ts';
import type { LastWords } from '../../../../src/workloads/keeping/last-words.ts';
import { recordOf, settledRecord } from '../../../../src/workloads/keeping/reclaim-policy.ts';
import { judge } from '../../../../src/workloads/keeping/reclaim.ts';
import { UnusedSince } from '../../../../src/workloads/keeping/unused-since.ts';
import {
  bind,
  binding,
  instance,
  instanceName,
  loginName,
  pod,
  reclaimAt,
  recorded,
  service,
  source,
  viewOf,
  workload,
} from './made-for.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const settings = {
  request: { kind: 'after', graceMs: 7 * dayMs },
  bindingMs: hourMs,
  settleMs: 600_000,
  deleteSettleMs: 10_000,
} as const;
const begin = Date.parse('2026-01-01T00:00:00Z');

type Words = ReturnType<LastWords['about']>;

/** A process that has just begun, and has heard these last words. */
function process(policy?: string, words?: Words) {
  let nowMs = 0;
  const clock = { now: () => begin + nowMs };
  const stopwatch = { elapsedMs: () => nowMs };
  const annotations = policy === undefined ? {} : { [reclaimAnnotation]: policy };
  const namespaces = { store: { get: () => ({ metadata: { name: 'n', annotations } }) } };
  const deps = {
    settings,
    times: new KeptTimes({ clock, stopwatch }),
    unused: new UnusedSince(stopwatch),
    lastWords: { about: () => words },
    stores: { namespaces } as never,
  };
  return {
    pass: (ms: number) => (nowMs += ms),
    steps: (parts: Partial<NamespaceView> = {}) => {
      const { bindings, instances } = judge(deps, 'n', viewOf(parts));
      return [...bindings, ...instances].map(({ step }) => step);
    },
  };
}

const schedule = (graceMs: number) => ({ kind: 'schedule', graceMs });
const wait = (waitMs: number) => ({ kind: 'wait', waitMs });
const none = { kind: 'none' };
const act = { kind: 'act' };
const isThere = () => true;
const past = '2025-01-01T00:00:00Z';
const there: WorkloadRef = { kind: 'Deployment', name: 'new' };
const gone: WorkloadRef = { kind: 'Deployment', name: 'other' };
const of = (workload: WorkloadRef): RequestedIdentity => ({
  of: 'workload',
  workload,
  binding: 'db',
  class: 'pg',
});

/** Both marked. */
function marked(time: string, annotations: Readonly<Record<string, string>> = {}): Partial<NamespaceView> {
  return {
    instances: [instance({ annotations: { ...annotations, ...reclaimAt(time, instanceName) } })],
    bindings: [binding({ annotations: reclaimAt(time, loginName) })],
  };
}

describe('what nobody asks for any more', () => {
  it('gets its time: a login an hour, an instance what cluster or namespace say', () => {
    expect(process().steps()).toEqual([schedule(hourMs), schedule(7 * dayMs)]);
    expect(process('30d').steps()).toEqual([schedule(hourMs), schedule(30 * dayMs)]);
  });

  it.each<[string, readonly object[]]>([
    ['30d', [schedule(hourMs), schedule(30 * dayMs)]],
    ['5m', [schedule(300_000), schedule(300_000)]],
    ['keep', [schedule(hourMs), none]],
    ['delete', [schedule(0), schedule(0)]],
    ['what?', [schedule(hourMs), none]],
  ])('gets the time that was recorded on it: %s', (value, expected) => {
    const said = parseReclaim(value);
    expect(process('1d', [said]).steps({ instances: [instance({ annotations: recorded(value) })] })).toEqual(
      expected,
    );
  });

  it.each<[string, string, string | undefined, Words, readonly object[]]>([
    ['nobody was heard to go', 'delete', undefined, undefined, [schedule(hourMs), schedule(7 * dayMs)]],
    ['nobody was heard to go', '5m', '30d', undefined, [schedule(hourMs), schedule(30 * dayMs)]],
    ['nobody was heard to go', '30d', '1d', undefined, [schedule(hourMs), schedule(30 * dayMs)]],
    ['nobody was heard to go', '', 'delete', undefined, [schedule(hourMs), schedule(7 * dayMs)]],
    ['who went said', 'delete', undefined, [{ kind: 'keep' }], [schedule(hourMs), none]],
    ['who went said', 'delete', undefined, [undefined], [schedule(hourMs), schedule(7 * dayMs)]],
    [
      'one of them said',
      'delete',
      undefined,
      [{ kind: 'delete' }, undefined],
      [schedule(hourMs), schedule(7 * dayMs)],
    ],
    ['who went said', '', undefined, [{ kind: 'delete' }], [schedule(hourMs), schedule(7 * dayMs)]],
    ['who went said', '', 'delete', [undefined], [schedule(0), schedule(0)]],
  ])(
    'goes no sooner than recorded and said last: %s, %j, %j, %j',
    (_who, record, namespace, words, expected) => {
      const instances = [instance({ annotations: recorded(record) })];
      expect(process(namespace, words).steps({ instances })).toEqual(expected);
    },
  );

  it('goes as is recorded once its time is written, whoever looks: the record was settled with it', () => {
    const steps = process().steps(marked('2026-01-08T00:00:00Z', recorded('5m')));
    expect(steps).toEqual([schedule(300_000), schedule(300_000)]);
    const day: Reclaim = { kind: 'after', graceMs: dayMs };
    expect([settledRecord(day, day), settledRecord({ kind: 'delete' }, day)]).toEqual(['', 'delete']);
  });

  it.each<[string, RequestedIdentity, readonly WorkloadRef[], readonly object[]]>([
    ['another one has a login at it', service, [there], [schedule(hourMs), none]],
    ['only others had logins', service, [gone], [schedule(0), schedule(0)]],
    [
      'nobody can look its kind up',
      of({ kind: 'Rollout', name: 'app' }),
      [gone],
      [schedule(hourMs), schedule(7 * dayMs)],
    ],
    [
      'nobody can look one up',
      service,
      [{ kind: 'Foo', name: 'bar' }],
      [schedule(hourMs), schedule(7 * dayMs)],
    ],
    [
      'its name is generated',
      service,
      [{ kind: 'Pod', name: 'run-' }],
      [schedule(hourMs), schedule(7 * dayMs)],
    ],
  ])('and would go at once, when %s', (_why, identity, owners, expected) => {
    const made = instance({ annotations: recorded('delete') }, identity);
    const logins = owners.map((workload) =>
      binding({}, { of: 'login', workload, binding: 'db', instance: made.metadata.name, parameters: '' }),
    );
    const isThere = ({ name }: WorkloadRef): boolean => name === there.name;
    expect(
      process(undefined, [{ kind: 'delete' }]).steps({ instances: [made], bindings: logins, isThere }),
    ).toEqual(expected);
  });

  it('stays as long as its workload is there when it would go at once', () => {
    const instances = [instance({ annotations: recorded('delete') })];
    expect(process(undefined, [{ kind: 'delete' }]).steps({ instances, isThere })).toEqual([
      schedule(hourMs),
      none,
    ]);
    expect(process('delete', [undefined]).steps({ isThere })).toEqual([schedule(hourMs), none]);
    const gone = process();
    expect(
      gone.steps({ ...marked('2026-01-05T00:00:00Z', recorded('delete')), isThere: () => false }),
    ).toEqual([schedule(0), schedule(0)]);
  });

  it('that was shared stays for each workload that has a login', () => {
    const shared: RequestedIdentity = { of: 'share', share: 'money', class: 'postgresql' };
    const name = requestedName('n', shared);
    const login: RequestedIdentity = {
      of: 'login',
      workload: { kind: 'Deployment', name: 'b' },
      binding: 'db',
      instance: name,
      parameters: '',
    };
    const instances = [instance({ annotations: recorded('delete') }, shared)];
    const bindings = [binding({}, login)];
    const brief = process(undefined, [{ kind: 'delete' }]);
    expect(brief.steps({ instances, bindings, isThere })).toEqual([schedule(hourMs), none]);
    expect(brief.steps({ instances, bindings })).toEqual([schedule(0), schedule(0)]);
    expect(process().steps({ instances, bindings: [] })).toEqual([schedule(7 * dayMs)]);
  });

  it('gets another time when there is less to wait for: who shared its instance is gone', () => {
    const view = marked('2026-01-01T01:00:00Z', recorded('5m'));
    expect(process().steps(view)).toEqual([schedule(300_000), schedule(300_000)]);
  });

  it('waits until its time', () => {
    const { steps, pass } = process();
    const view = marked('2026-01-01T01:00:00Z');
    expect(steps(view)).toEqual([wait(hourMs), wait(hourMs)]);
    pass(hourMs - 1);
    expect(steps(view)).toEqual([wait(1), wait(1)]);
    pass(1);
    expect(steps(view)).toEqual([act, act]);
  });

  it('waits until this process has known for ten minutes that it is unused, whatever is written', () => {
    const { steps, pass } = process();
    expect(steps(marked(past))).toEqual([wait(600_000), wait(600_000)]);
    pass(599_999);
    expect(steps(marked(past))).toEqual([wait(1), wait(1)]);
    pass(1);
    expect(steps(marked(past))).toEqual([act, act]);
    expect(process().steps(marked(past))).toEqual([wait(600_000), wait(600_000)]);
  });

  it('waits ten seconds where it is to be deleted at once', () => {
    const { steps, pass } = process();
    const view = marked(past, recorded('delete'));
    expect(steps(view)).toEqual([wait(10_000), wait(10_000)]);
    pass(10_000);
    expect(steps(view)).toEqual([act, act]);
    expect(steps({ ...view, isThere })).toEqual([wait(590_000), { kind: 'cancel', why: 'It is to be kept' }]);
  });

  it('stays while it is paused, and so does the instance of a login that is', () => {
    const { steps, pass } = process();
    const paused = { [pausedAnnotation]: 'true' };
    steps(marked(past));
    pass(600_000);
    expect(steps(marked(past, paused))).toEqual([act, none]);
    const bindings = [binding({ annotations: { ...reclaimAt(past, loginName), ...paused } })];
    expect(steps({ ...marked(past), bindings })).toEqual([none, none]);
  });

  it('begins anew when it has been used meanwhile', () => {
    const { steps, pass } = process();
    steps(marked(past));
    pass(600_000);
    expect(steps(marked('2025-01-02T00:00:00Z'))).toEqual([wait(600_000), wait(600_000)]);
  });

  it('stays while it has a login whose time has not come', () => {
    const { steps, pass } = process();
    const bindings = [binding({ annotations: reclaimAt('2026-01-01T01:00:00Z', loginName) })];
    steps({ ...marked(past), bindings });
    pass(600_000);
    expect(steps({ ...marked(past), bindings })).toEqual([wait(hourMs - 600_000), none]);
  });

  it('begins anew when it was restored or copied: the mark names another uid', () => {
    const restored = instance({ uid: 'new', annotations: reclaimAt(past, instanceName) });
    const { steps, pass } = process();
    pass(600_000);
    expect(steps({ instances: [restored], bindings: [] })).toEqual([schedule(7 * dayMs)]);
  });

  it('begins anew when its mark can not be read', () => {
    for (const mark of ['soon', past, `${past} uid-of-${instanceName} x`, `never uid-of-${instanceName}`]) {
      const instances = [instance({ annotations: { 'servicecatalog.k8s.io/reclaim-at': mark } })];
      expect(process().steps({ instances, bindings: [] })).toEqual([schedule(7 * dayMs)]);
    }
  });
});

describe('what somebody asks for', () => {
  const asking = { workloads: [workload('Deployment', { metadata: { annotations: { [bind]: source } } })] };

  it('has no time', () => {
    expect(process().steps(asking)).toEqual([none, none]);
  });

  it('loses the one that it had, and the reason is told', () => {
    const { steps, pass } = process();
    pass(600_000);
    const why = 'Deployment "app" asks for it';
    expect(steps({ ...marked(past), ...asking })).toEqual([
      { kind: 'cancel', why },
      { kind: 'cancel', why },
    ]);
  });

  it('is the login whose Secret a Pod names, and its instance', () => {
    const pods = [pod({ spec: { volumes: [{ name: 'v', secret: { secretName: loginName } }] } })];
    expect(process().steps({ ...marked(past), pods })).toMatchObject([
      { kind: 'cancel', why: 'Pod "app-0" needs it' },
      { kind: 'cancel', why: `ServiceBinding "${loginName}" uses it` },
    ]);
  });
});

describe('the policy that is recorded on an instance', () => {
  const fallback = { kind: 'after', graceMs: 7 * dayMs } as const;
  const after = (graceMs: number) => ({ kind: 'after', graceMs }) as const;
  it.each([
    ['of one', [after(hourMs)], '1h'],
    ['of nobody: what the cluster says, at any time', [undefined], ''],
    ['of the longest', [after(hourMs), { kind: 'delete' }, after(30 * dayMs)], '30d'],
    ['of one that keeps', [after(hourMs), { kind: 'keep' }], 'keep'],
    ['of deletion alone', [{ kind: 'delete' }, { kind: 'delete' }], 'delete'],
    ['of what the cluster says, where that is longer', [after(hourMs), undefined], ''],
    ['of odd times', [after(90_000)], '90s'],
    ['of minutes', [after(600_000)], '10m'],
  ] as const)('is that %s', (_what, reclaims, expected) => {
    expect(recordOf(reclaims, fallback)).toBe(expected);
  });
});

it('a mark is read as it was written', () => {
  const object = binding();
  const time = '2026-01-01T00:00:00Z';
  const annotations = { 'servicecatalog.k8s.io/reclaim-at': reclaimMark(time, object) };
  const other = binding({ annotations });
  expect([reclaimAtOf(other), hasReclaimAt(other), hasReclaimAt(object)]).toEqual([time, true, false]);
});
