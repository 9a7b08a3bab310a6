import { trimPod } from '../../../../src/workloads/pod.ts';
import { rawPod, withDb, type PodParts } from './watched.ts';

const viewOf = (parts: PodParts) => trimPod(rawPod(parts)).injection;
const db = { name: 'db', binding: 'orders', secret: 'creds', isThere: true };

describe('what a Pod asked for and what it has', () => {
  it.each<[string, PodParts, object]>([
    ['it has what was injected', withDb, { asked: [db], isNoted: true }],
    [
      'it has not what nobody injected',
      { asks: { db: 'binding/orders' } },
      { asked: [{ ...db, secret: 'orders', isThere: false }], isNoted: false },
    ],
    [
      'a note alone is no proof: it may have been copied',
      { ...withDb, secrets: [] },
      { asked: [{ ...db, isThere: false }] },
    ],
    [
      'a binding without files needs nothing in the spec: its variables may be the Pod’s own',
      { ...withDb, secrets: [], note: { bindings: [{ name: 'db', secret: 'creds' }] } },
      { asked: [db] },
    ],
    [
      'it was asked for later than the others',
      { ...withDb, asks: { ...withDb.asks, cache: 'secret/cache' } },
      { asked: [{ name: 'cache', secret: 'cache', isThere: false }, db], isNoted: true },
    ],
    [
      'a note that had no room says nothing against it',
      { asks: withDb.asks, note: { shortened: true } },
      { asked: [{ name: 'db', isThere: true }] },
    ],
    [
      'PodPresets brought more, or were left out',
      {
        note: {
          bindings: [{ name: 'p', secret: 'creds', volume: 'v' }],
          presets: ['proxy'],
          leftOut: [{ preset: 'clash', why: 'env A is taken' }],
        },
        secrets: ['creds'],
      },
      {
        asked: [],
        brought: ['creds'],
        presets: ['proxy'],
        leftOut: [{ preset: 'clash', why: 'env A is taken' }],
      },
    ],
    ['it was skipped', { asks: withDb.asks, note: { skipped: 'db: env A' } }, { skipped: 'db: env A' }],
    [
      'a key is missing in its Secret',
      {
        ...withDb,
        waiting: {
          reason: 'CreateContainerConfigError',
          message: "couldn't find key url in Secret shop/creds",
        },
      },
      { missingKey: { secret: 'creds', key: 'url' } },
    ],
  ])('%s', (_what, parts, view) => {
    expect(viewOf(parts)).toMatchObject(view);
  });

  it.each<[string, PodParts]>([
    ['asks for nothing', {}],
    ['has ended', { ...withDb, phase: 'Succeeded' }],
    ['has failed', { ...withDb, phase: 'Failed' }],
    ['is going', { ...withDb, isGoing: true }],
    ['has opted out', { asks: withDb.asks, annotations: { 'inject.servicecatalog.k8s.io': 'disabled' } }],
    ['is static', { asks: withDb.asks, annotations: { 'kubernetes.io/config.mirror': 'x' } }],
    ['has a note that nobody can read', { annotations: { 'status.servicecatalog.k8s.io/injected': '[' } }],
  ])('is not kept of a Pod that %s', (_what, parts) => {
    expect(viewOf(parts)).toBeUndefined();
  });

  it.each([
    ['of another Secret', "couldn't find key url in Secret shop/other", 'CreateContainerConfigError'],
    ['of a Secret that is not there', 'secret "creds" not found', 'CreateContainerConfigError'],
    ['of another reason', "couldn't find key url in Secret shop/creds", 'ImagePullBackOff'],
  ])('has no missing key in words %s', (_what, message, reason) => {
    expect(viewOf({ ...withDb, waiting: { reason, message } })?.missingKey).toBeUndefined();
  });

  it('is the same object for Pods that are alike', () => {
    expect(viewOf({ ...withDb, name: 'web-7d9f-1' })).toBe(viewOf({ ...withDb, name: 'web-7d9f-2' }));
  });

  it('is bounded, whatever somebody writes as a note', () => {
    const leftOut = Array.from({ length: 1_000 }, (_, at) => ({ preset: `p${at}`, why: '' }));
    expect(viewOf({ note: { leftOut } })?.leftOut.length ?? 0).toBeLessThanOrEqual(20);
    const long = 'x'.repeat(254);
    const bindings = [{ name: long, secret: 'creds', volume: 'v' }];
    const forged = { bindings, presets: [long], leftOut: [{ preset: long, why: '' }] };
    expect(viewOf({ note: forged, secrets: ['creds'] })).toBeUndefined();
    expect(viewOf({ note: { leftOut: [{ preset: 'p', why: 'x'.repeat(40_000) }] } })).toBeUndefined();
    const [one] = viewOf({ note: { leftOut: [{ preset: 'p', why: 'x'.repeat(4_000) }] } })?.leftOut ?? [];
    expect(one?.why).toHaveLength(250);
  });
});
