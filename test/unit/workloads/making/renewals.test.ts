import type { ServiceBinding } from '../../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../../src/api/generated/service-instance.ts';
import type { Making, Outcome } from '../../../../src/workloads/making/making.ts';
import { Renewals } from '../../../../src/workloads/making/renewals.ts';
import { madePodAsWorkload, type Workload } from '../../../../src/workloads/workload.ts';
import { bind, binding, instance, instanceName, loginName, source } from '../keeping/made-for.ts';

const metadata = {
  name: 'app-7d9f-x',
  namespace: 'n',
  annotations: { [bind]: source },
  labels: { 'pod-template-hash': '7d9f' },
  ownerReferences: [
    { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'app-7d9f', uid: 'u', controller: true },
  ],
};

function pod(name = 'app-7d9f-x'): Workload {
  const found = madePodAsWorkload({ metadata: { ...metadata, name } });
  if (found === undefined) throw new Error('the Pod asks for nothing');
  return found;
}

const ask = { workload: pod(), wish: {} as never };

/** What becomes of a login at each of these moments, milliseconds. */
async function fates(
  moments: readonly number[],
  there: { readonly instance?: ServiceInstance; readonly asked?: boolean; readonly login?: ServiceBinding },
): Promise<readonly (Outcome<ServiceBinding> | undefined)[]> {
  let nowMs = 0;
  const stopwatch = { elapsedMs: () => nowMs };
  const renewals = new Renewals(stopwatch);
  const making = {
    namespace: 'n',
    instance: instanceName,
    service: `n/${instanceName}`,
    asked: new Map(there.asked === true ? [[loginName, {}]] : []),
    stores: {
      serviceInstances: { store: { get: () => there.instance } },
      serviceBindings: { store: { get: () => there.login } },
    },
  } as unknown as Making;
  const found: (Outcome<ServiceBinding> | undefined)[] = [];
  for (const moment of moments) {
    nowMs = moment;
    const [login] = renewals.missing(making, [pod(), pod('app-7d9f-y')], true);
    found.push(login && (await renewals.renew(making, login, [])));
  }
  return found;
}

describe('a login that a Pod waits for', () => {
  it('is nobody else to make when a workload asks for it, or when it is there', async () => {
    expect(await fates([0], { asked: true, instance: instance() })).toEqual([undefined]);
    expect(await fates([0], { login: binding(), instance: instance() })).toEqual([undefined]);
  });

  it('is waited for a moment, for what else is known may be older', async () => {
    expect(await fates([0, 400], { instance: instance() })).toEqual([
      { isWaiting: true, againMs: 1_000 },
      { isWaiting: true, againMs: 600 },
    ]);
  });

  it.each([
    ['is gone', undefined],
    ['is going', instance({ deletionTimestamp: '2026-01-01T00:00:00Z' })],
  ])('is not made for an instance that %s, and after a while that is told', async (_what, known) => {
    const there = known === undefined ? {} : { instance: known };
    const [, early, late] = await fates([0, 10_000, 30_000], there);
    expect(early).toEqual({ isWaiting: true, againMs: 20_000 });
    expect(late?.blocked?.(ask)).toMatch(
      new RegExp(`^Secret "${loginName}" is not made any more: ServiceInstance ".*" is gone`),
    );
  });

  it('is not made at an instance that was not made for its workload', async () => {
    const known = { ...instance(), metadata: { name: instanceName, namespace: 'n' } };
    const [, late] = await fates([0, 30_000], { instance: known });
    expect(late?.blocked?.(ask)).toContain('is not taken over');
  });

  it('is not made where nobody knows who asked', async () => {
    const [, late] = await fates([0, 30_000], { instance: instance() });
    expect(late?.blocked?.(ask)).toContain('nobody is on record as asking for Deployment/app');
  });
});
