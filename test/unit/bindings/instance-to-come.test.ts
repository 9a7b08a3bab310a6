import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { InstanceToCome } from '../../../src/bindings/instance-to-come.ts';
import { binding, foreign, instance, instanceName } from '../workloads/keeping/made-for.ts';

/** When it is seen first, by the stopwatch. */
const firstMs = 10_000;
const ready = { type: 'Ready', status: 'False', reason: 'X', message: '', lastTransitionTime: '' } as const;
const said = { conditions: [ready] };
const inFlight = { ...said, currentOperation: 'Provision' } as const;

function made(status: ServiceInstance['status']): ServiceInstance {
  return { ...instance(), ...(status && { status }) };
}

describe('a login that waits for the instance that was made with it', () => {
  it.each<[string, ServiceInstance]>([
    ['of which nothing was said', made(undefined)],
    ['that has been asked for', made(inFlight)],
  ])('says nothing for a while when it is one %s', (_what, known) => {
    const toCome = new InstanceToCome();
    const login = binding();
    const waits = [0, 1_500, 5_000, 9_000].map((ms) => toCome.waitMs(login, known, firstMs + ms));
    expect(waits).toEqual([5_000, 3_500, 0, 0]);
  });

  it.each<[string, ServiceInstance | undefined]>([
    ['is not there', undefined],
    ['takes long', made({ ...inFlight, asyncOpInProgress: true })],
    ['was refused once', made({ ...inFlight, attempts: 1 })],
    ['is held up', made(said)],
    ['is being deleted', instance({ deletionTimestamp: '2026-01-01T00:00:00Z' })],
  ])('says at once that it waits for one that %s', (_what, known) => {
    expect(new InstanceToCome().waitMs(binding(), known, firstMs)).toBe(0);
  });

  it('is told anew when something was said of it before', () => {
    const told = { ...binding(), status: said };
    expect(new InstanceToCome().waitMs(told, made(inFlight), firstMs)).toBe(0);
  });

  it('does not keep its deletion waiting', () => {
    const going = binding({ deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(new InstanceToCome().waitMs(going, made(inFlight), firstMs)).toBe(0);
  });

  it('is told at once when a person made it', () => {
    expect(new InstanceToCome().waitMs(foreign('mine', instanceName), made(inFlight), firstMs)).toBe(0);
  });
});
