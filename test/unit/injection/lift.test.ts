import { lift as liftOf, type Lift } from '../../../src/injection/lift.ts';
import { podTemplateOf, type RawWorkload } from '../../../src/injection/workload.ts';
import { workloadKindOf } from '../../../src/model/scope.ts';
import { applyIndependently, key } from './pods.ts';

const lifted = 'status.servicecatalog.k8s.io/lifted';
const db = key('bind', 'db');
const env = key('env.bind', 'db');

const lift = (kind: string, ...of: [RawWorkload, RawWorkload?]): Lift => liftOf(workloadKindOf(kind)!, ...of);

type Annotations = Record<string, string> | undefined;

function workload(own: Annotations, template: Annotations, kind = 'Deployment'): RawWorkload {
  const podTemplate = {
    metadata: template === undefined ? { labels: {} } : { annotations: template },
    spec: { containers: [] },
  };
  const spec = { template: podTemplate };
  return {
    metadata: own === undefined ? {} : { annotations: own },
    spec: kind === 'CronJob' ? { jobTemplate: { spec } } : spec,
  };
}

/** The template's annotations after the lift, as an independent implementation applies it. */
function after(kind: string, input: RawWorkload, before?: RawWorkload): Record<string, string> {
  const result = lift(kind, input, before);
  const patched = applyIndependently(input, result.operations);
  const annotations = podTemplateOf(workloadKindOf(kind)!, patched)?.metadata?.annotations ?? {};
  expect(annotations).toEqual(result.annotations);
  // Called again, as the API server does when another webhook changed something, there is nothing to do.
  expect(lift(kind, patched, before).operations).toEqual([]);
  return annotations;
}

describe.each(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob'])('%s', (kind) => {
  it('(11) what is asked for on the workload reaches its Pod template', () => {
    const input = workload(
      { [db]: 'request/pg/small', [env]: 'URL=uri', 'example.com/x': '1' },
      undefined,
      kind,
    );
    expect(after(kind, input)).toEqual({
      [db]: 'request/pg/small',
      [env]: 'URL=uri',
      [lifted]: JSON.stringify([db, env]),
    });
  });
});

it('a workload without binding annotations is left alone', () => {
  for (const input of [workload(undefined, undefined), workload({ a: 'b' }, { [db]: '' })]) {
    expect(lift('Deployment', input)).toMatchObject({ operations: [], problems: [] });
  }
});

it('all families of the vocabulary are copied', () => {
  const keys = [
    'env.bind',
    'containers.bind',
    'mount.bind',
    'type.bind',
    'provider.bind',
    'wait.bind',
    'params.bind',
    'restart.bind',
    'shape.bind',
  ]
    .map((family) => key(family, 'db'))
    .concat(db, 'conflict.servicecatalog.k8s.io/policy', 'inject.servicecatalog.k8s.io');
  const own = Object.fromEntries(keys.map((name) => [name, 'x']));
  const result = after('Deployment', workload(own, undefined));
  expect(Object.keys(result).toSorted()).toEqual([...keys, lifted].toSorted());
});

describe('what the user wrote on the template', () => {
  it('wins, with a warning when it differs', () => {
    const input = workload({ [db]: 'secret/a' }, { [db]: 'secret/b' });
    expect(after('Deployment', input)).toEqual({ [db]: 'secret/b' });
    expect(lift('Deployment', input).problems).toEqual([
      expect.objectContaining({ key: db, severity: 'warning' }),
    ]);
  });

  it('is not mentioned when it is the same', () => {
    expect(lift('Deployment', workload({ [db]: 'x' }, { [db]: 'x' }))).toMatchObject({
      operations: [],
      problems: [],
    });
  });

  it('stays when the workload’s annotation goes', () => {
    const before = workload({ [db]: 'secret/a' }, { [db]: 'secret/b' });
    expect(after('Deployment', workload({}, { [db]: 'secret/b' }), before)).toEqual({ [db]: 'secret/b' });
  });

  it('and other annotations of the template stay', () => {
    const input = workload({ [db]: '' }, { 'example.com/x': '1' });
    expect(after('Deployment', input)).toMatchObject({ 'example.com/x': '1', [db]: '' });
  });
});

describe('what was copied', () => {
  const note = { [lifted]: JSON.stringify([db]) };
  const before = workload({ [db]: 'secret/a' }, { [db]: 'secret/a', ...note });

  it('follows the workload', () => {
    const input = workload({ [db]: 'secret/b' }, { [db]: 'secret/a', ...note });
    expect(after('Deployment', input, before)).toEqual({ [db]: 'secret/b', ...note });
  });

  it('goes when the workload’s annotation goes', () => {
    expect(after('Deployment', workload({}, { [db]: 'secret/a', ...note, x: 'y' }), before)).toEqual({
      x: 'y',
    });
  });

  it('comes again when a client that does not know it replaces the template', () => {
    const input = workload({ [db]: 'secret/a' }, {});
    expect(after('Deployment', input, before)).toEqual({ [db]: 'secret/a', ...note });
  });

  it('comes again as it was, though the template wins over it', () => {
    const old = workload(
      { [db]: 'secret/a', [env]: 'A=b' },
      { [db]: 'secret/mine', [env]: 'A=b', [lifted]: JSON.stringify([env]) },
    );
    const input = workload({ [db]: 'secret/a', [env]: 'A=b' }, { [db]: 'secret/mine' });
    expect(after('Deployment', input, old)).toEqual({
      [db]: 'secret/mine',
      [env]: 'A=b',
      [lifted]: JSON.stringify([env]),
    });
  });

  it('is the user’s own from the moment they edit it on the template', () => {
    const input = workload({ [db]: 'secret/a' }, { [db]: 'secret/mine', ...note });
    expect(after('Deployment', input, before)).toEqual({ [db]: 'secret/mine' });
  });

  it('comes back with a rollback that restores both', () => {
    const current = workload({ [db]: 'secret/b' }, { [db]: 'secret/b', ...note });
    const rolledBack = workload({ [db]: 'secret/a' }, { [db]: 'secret/a', ...note });
    expect(after('Deployment', rolledBack, current)).toEqual({ [db]: 'secret/a', ...note });
  });

  it('is brought in line in a copy of the workload that was made with changes', () => {
    const input = workload({ [db]: 'secret/new' }, { [db]: 'secret/a', ...note });
    expect(after('Deployment', input)).toEqual({ [db]: 'secret/new', ...note });
  });

  it.each(['not json', '{}', '[1, null]', '["example.com/x"]'])(
    'a note %j means nothing was copied',
    (text) => {
      const input = workload({}, { [db]: 'secret/a', 'example.com/x': '1', [lifted]: text });
      expect(after('Deployment', input)).toEqual({ [db]: 'secret/a', 'example.com/x': '1' });
    },
  );
});

describe('a template that was there before', () => {
  const hash = 'hash.servicecatalog.k8s.io/db';
  const restart = key('restart.bind', 'db');
  const note = { [lifted]: JSON.stringify([db, restart]) };
  const own = { [db]: 'binding/b', [restart]: 'on-change' };
  const before = workload(own, { ...own, ...note, [hash]: '1f' });

  it('is left as it is when nobody changes what is asked for: no new Pods because of us', () => {
    const unlifted = workload({ [db]: 'secret/a' }, { a: 'b' });
    const scaled = { ...unlifted, spec: { ...(unlifted.spec as object), replicas: 3 } };
    expect(after('Deployment', scaled, unlifted)).toEqual({ a: 'b' });
    expect(lift('Deployment', scaled, unlifted).problems).toEqual([
      expect.objectContaining({ key: db, severity: 'warning' }),
    ]);
  });

  it('gets what was written beside it when that changes', () => {
    const unlifted = workload({ [db]: 'secret/a' }, { a: 'b' });
    expect(after('Deployment', workload({ [db]: 'secret/c' }, { a: 'b' }), unlifted)).toMatchObject({
      [db]: 'secret/c',
    });
  });

  it.each([
    ['the digest of a Secret', { ...own, ...note }],
    ['copies and the digest', {}],
  ])('keeps what a manifest drops: %s', (_what, template) => {
    expect(after('Deployment', workload(own, template), before)).toEqual({ ...own, ...note, [hash]: '1f' });
  });

  it('keeps the digest when something else is asked for as well', () => {
    const more = { ...own, [key('bind', 'q')]: 'binding/q' };
    expect(after('Deployment', workload(more, {}), before)).toMatchObject({ ...more, [hash]: '1f' });
  });

  it('loses the digest, where a manifest drops it, with the wish to be restarted', () => {
    expect(after('Deployment', workload({ [db]: 'binding/b' }, {}), before)).not.toHaveProperty([hash]);
  });

  it('does not get a digest back that somebody changed', () => {
    const input = workload(own, { ...own, ...note, [hash]: '2e' });
    expect(after('Deployment', input, before)).toHaveProperty([hash], '2e');
  });
});

describe('between a CronJob and its Pod template', () => {
  const between = (annotations: Annotations, own: Annotations = {}): RawWorkload => ({
    metadata: { annotations: own },
    spec: { jobTemplate: { metadata: { annotations }, spec: { template: { metadata: {}, spec: {} } } } },
  });

  it('annotations of its Jobs reach the template', () => {
    expect(after('CronJob', between({ [db]: 'request/pg/small' }))).toHaveProperty([db], 'request/pg/small');
  });

  it('they win over those of the CronJob, being nearer', () => {
    const input = between({ [db]: 'secret/near' }, { [db]: 'secret/far', [env]: 'A=b' });
    expect(after('CronJob', input)).toMatchObject({ [db]: 'secret/near', [env]: 'A=b' });
  });

  it('they are taken away again', () => {
    const stored = applyIndependently(
      between({ [db]: '' }),
      lift('CronJob', between({ [db]: '' })).operations,
    );
    const { spec } = stored as { spec: { jobTemplate: object } };
    const input = { ...stored, spec: { jobTemplate: { ...spec.jobTemplate, metadata: {} } } };
    expect(after('CronJob', input, stored)).toEqual({});
  });

  it('a key that is misspelt there is found', () => {
    const { problems } = lift('CronJob', between({ [key('bnd', 'db')]: '' }));
    expect(problems).toEqual([expect.objectContaining({ severity: 'mistake' })]);
  });
});

describe('whose a Job of a CronJob is', () => {
  const mark = 'status.servicecatalog.k8s.io/workload';
  const job = (template: Annotations, owner?: string): RawWorkload => ({
    ...workload({}, template, 'Job'),
    metadata: {
      name: 'nightly-2',
      ownerReferences:
        owner === undefined
          ? []
          : [{ apiVersion: owner, kind: 'CronJob', name: 'nightly', uid: 'u', controller: true }],
    },
  });

  it.each<[string, RawWorkload, string | undefined]>([
    ['is written on its template', job({ [db]: '' }, 'batch/v1'), 'CronJob/nightly'],
    [
      'is written over what stands there',
      job({ [db]: '', [mark]: 'CronJob/other' }, 'batch/v1'),
      'CronJob/nightly',
    ],
    ['is not written where nothing is asked for', job({ a: 'b' }, 'batch/v1'), undefined],
    ['is not believed without a CronJob', job({ [db]: '', [mark]: 'CronJob/other' }), undefined],
    [
      'is not believed of another group',
      job({ [db]: '', [mark]: 'CronJob/other' }, 'example.com/v1'),
      undefined,
    ],
  ])('%s', (_what, input, expected) => {
    expect(after('Job', input)[mark]).toBe(expected);
  });

  it('is not written on templates of people', () => {
    for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob'])
      expect(after(kind, workload({ [db]: '' }, undefined, kind))).not.toHaveProperty([mark]);
  });
});

describe('objects that others make', () => {
  const owned = (kind: string, input: RawWorkload): RawWorkload => ({
    ...input,
    metadata: {
      ...input.metadata,
      ownerReferences: [{ apiVersion: 'apps/v1', kind, name: 'o', uid: 'u', controller: true }],
    },
  });

  it('a ReplicaSet of a Deployment is never touched', () => {
    const result: Lift = lift('ReplicaSet', owned('Deployment', workload({ [db]: '' }, { a: 'b' })));
    expect(result).toEqual({ operations: [], annotations: { a: 'b' }, problems: [] });
  });

  it('a ReplicaSet of nobody is', () => {
    expect(after('ReplicaSet', workload({ [db]: '' }, undefined))).toHaveProperty([db]);
  });

  it('a Job of a CronJob keeps what was copied into the template of the CronJob', () => {
    const stampedOut = owned('CronJob', workload({}, { [db]: 'secret/a', [lifted]: JSON.stringify([db]) }));
    expect(after('Job', stampedOut)).toEqual({ [db]: 'secret/a' });
  });

  it('a Job of a CronJob gets what its own metadata says', () => {
    expect(after('Job', owned('CronJob', workload({ [db]: '' }, undefined)))).toHaveProperty([db]);
  });
});

it('the Pods of a Job can not be changed later; this is said, once per key', () => {
  const before = workload({}, undefined);
  const result = lift('Job', workload({ [db]: 'secret/a', [env]: 'A=b' }, undefined), before);
  expect(result.operations).toEqual([]);
  expect(result.problems.map(({ key: name }) => name)).toEqual([db, env]);
  expect(lift('Job', before, before).problems).toEqual([]);
});

it('a template without metadata, a spec of nonsense', () => {
  const bare: RawWorkload = { metadata: { annotations: { [db]: '' } }, spec: { template: { spec: {} } } };
  expect(after('Deployment', bare)).toHaveProperty([db]);
  for (const spec of [undefined, null, 'x', [], { template: 3 }]) {
    expect(lift('Deployment', { metadata: { annotations: { [db]: '' } }, spec }).operations).toEqual([]);
  }
});

it('(45) keys with slashes, tildes and inherited names', () => {
  const own = JSON.parse(
    `{"${key('bind', 'constructor')}":"","__proto__":"x","${key('bind', 'a~b')}":""}`,
  ) as Record<string, string>;
  const result = after('Deployment', workload(own, undefined));
  expect(Object.keys(result).toSorted()).toEqual(
    [key('bind', 'a~b'), key('bind', 'constructor'), lifted].toSorted(),
  );
});
