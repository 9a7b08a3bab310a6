import { tellWorkloads } from '../../../../src/workloads/feedback/tell-workloads.ts';
import { watched, watchedWith, withDb, type PodParts } from './watched.ts';

const place = { namespace: 'shop', labels: undefined, own: 'bindery-system' };
const tell = (pods: readonly PodParts[], labels?: Readonly<Record<string, string>>) =>
  tellWorkloads(watched(...pods), { ...place, labels }).map(
    ({ standing: { type, reason, message } }) => `${type} ${reason}: ${message}`,
  );
const without = { asks: withDb.asks };
const restart = 'Their Pods have to be made anew: kubectl rollout restart deployment/web';

it.each<[string, readonly PodParts[], readonly string[]]>([
  ['have what they ask for', [withDb], ['Normal Injected: Pods are made with "db"']],
  ['ask for nothing', [{ note: { presets: ['proxy'] } }], []],
  [
    'were made when nobody injected, a thousand of them',
    Array.from({ length: 1_000 }, (_, at) => ({ ...without, name: `web-7d9f-${at}` })),
    [
      `Warning NotInjected: Pods run without "db", which they ask for: when they were made, the webhook was not called, or they did not ask yet. ${restart}`,
    ],
  ],
  [
    'nobody made, and can not be changed',
    [{ ...without, name: 'job', isBare: true }],
    [
      'Warning NotInjected: Pods run without "db", which they ask for: when they were made, the webhook was not called, or they did not ask yet. A Pod that is there gets nothing more: it has to be made anew',
    ],
  ],
  [
    'asked too late for one of two',
    [{ ...withDb, asks: { ...withDb.asks, cache: 'secret/cache' } }],
    [
      `Warning NotInjected: Pods run without "cache", which they ask for: they were made before they asked for it. ${restart}`,
    ],
  ],
  [
    'were skipped',
    [{ ...without, note: { skipped: 'db: env A' } }],
    [
      `Warning NotInjected: Pods run without "db", which they ask for: their conflict policy is skip, and something is in the way (db: env A). Take that away, or set the policy to keep-mine. ${restart}`,
    ],
  ],
  [
    'wait for a key that the Secret does not have',
    [
      {
        ...withDb,
        waiting: {
          reason: 'CreateContainerConfigError',
          message: "couldn't find key url in Secret shop/creds",
        },
      },
    ],
    [
      'Warning KeyMissing: Pods can not start: Secret "creds" has no key "url", which env.bind.servicecatalog.k8s.io/db or a variable names. "kubectl describe secret creds" shows the keys that it has',
    ],
  ],
  [
    'run without a preset',
    [{ ...withDb, note: { ...withDb.note, leftOut: [{ preset: 'proxy', why: 'env A is taken' }] } }],
    [
      'Warning PresetLeftOut: Pods run without PodPreset "proxy", which chooses them: env A is taken',
      'Normal Injected: Pods are made with "db"',
    ],
  ],
])('of Pods that %s', (_what, pods, expected) => {
  expect(tell(pods)).toEqual(expected);
});

it('a namespace that has opted out says how to come back', () => {
  expect(tell([without], { 'inject.servicecatalog.k8s.io': 'disabled' })).toEqual([
    `Warning NotInjected: Pods run without "db", which they ask for: namespace "shop" has opted out of injection. To change that: kubectl label namespace shop inject.servicecatalog.k8s.io-. ${restart}`,
  ]);
});

it.each<[string, PodParts, readonly string[]]>([
  [
    'runs',
    withDb,
    [
      `Warning NotInjected: Pods run without "db", which they ask for: they were given Secret "creds", and ServiceBinding "orders", which came later, writes Secret "other". ${restart}`,
    ],
  ],
  [
    'waits, and is replaced',
    {
      ...withDb,
      phase: 'Pending',
      note: { bindings: [{ name: 'db', secret: 'creds', volume: 'v', awaits: 'orders' }] },
    },
    [],
  ],
])('a Pod whose binding writes another Secret than it was given: it %s', (_what, pod, expected) => {
  const pods = watchedWith((binding) => (binding === 'orders' ? 'other' : undefined), [pod]);
  const told = tellWorkloads(pods, { ...place, labels: undefined });
  expect(told.map(({ standing: { type, reason, message } }) => `${type} ${reason}: ${message}`)).toEqual(
    expected,
  );
});
