import { randomUUID } from 'node:crypto';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { finalizer } from '../../../src/api/group.ts';
import { serviceInstances } from '../../../src/api/kinds.ts';
import { queryLabels } from '../../../src/api/labels.ts';
import { isFailed, isReady, ServiceWorld } from '../../support/world/service-world.ts';
import type { RecordedRequest } from '../../support/test-broker/recorded-request.ts';
import { instanceSpec, leave, leaveCatalog, oldCatalog, scopes, type Scope } from './old-catalog.ts';
import { dying, living, type OldInstance } from './old-instances.ts';

/** Everything that Service Catalog 0.3 left is taken over at once, as when Bindery comes in its place. */
interface Taken extends OldInstance {
  readonly title: string;
  readonly name: string;
  readonly scope: Scope;
  readonly id: string;
}

const cases: readonly Taken[] = scopes.flatMap((scope) =>
  [living, dying].flatMap((states, isDeleted) =>
    Object.entries(states).map(([what, state], index) => ({
      ...state,
      isDeleted: isDeleted === 1,
      title: `${isDeleted === 1 ? 'a deleted one' : 'one'} ${what} (${scope})`,
      name: `${scope}-${isDeleted === 1 ? 'dying' : 'living'}-${index}`,
      scope,
      id: randomUUID(),
    })),
  ),
);

let world: ServiceWorld;
const problems = new Map<Taken, unknown>();
let requests: readonly RecordedRequest[];

beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none', catalog: oldCatalog });
  await leaveCatalog(world);
  for (const { name, plan = 'small', scope, id, spec, status, asked, ...left } of cases) {
    await asked?.(world, id);
    await leave(world, serviceInstances, {
      ...left,
      metadata: { name, finalizers: [finalizer] },
      spec: { ...instanceSpec(scope, plan, id), ...spec },
      status: status(scope),
    });
  }
  world.broker.forget();
  world.startControllers();
  await Promise.all(
    cases.map(async (each) => hasBecome(each).catch((error: unknown) => problems.set(each, error))),
  );
  // Whoever comes last is served when all the others were looked at.
  await leave(world, serviceInstances, {
    metadata: { name: 'last' },
    spec: instanceSpec('cluster', 'small'),
    status: {},
  });
  await world.instance('last', isReady, 'is ready');
  requests = [...world.broker.requests];
}, 300_000);
afterAll(() => world?.stop());

async function hasBecome({ name, becomes, title, isAnew }: Taken): Promise<void> {
  if (becomes === 'gone') return world.gone(serviceInstances, name);
  const holds = becomes === 'ready' ? isReady : isFailed;
  await world.instance(
    name,
    (instance) => holds(instance) && isAtRest(instance) && isAnew === isNew(instance),
    `${title} becomes ${becomes}`,
  );
}

function isAtRest({ status = {} }: ServiceInstance): boolean {
  return !status.currentOperation && status.orphanMitigationInProgress !== true;
}

function isNew({ spec, status }: ServiceInstance): true | undefined {
  return (status?.instanceID ?? spec.externalID) !== spec.externalID || undefined;
}

describe('of the instances that Service Catalog 0.3 left', () => {
  it.each(cases)('$title: the broker is asked $calls', async (taken) => {
    if (problems.has(taken)) throw problems.get(taken);
    const { name, id, calls, query, becomes, isLeft, isAnew } = taken;
    const instance = await world.find<ServiceInstance>(serviceInstances, name);
    const ids = [id, instance?.status?.instanceID];
    const asked = requests.filter(({ instanceId }) => instanceId !== undefined && ids.includes(instanceId));
    expect(asked.map(({ operation, status }) => `${operation} ${status}`)).toEqual(calls);
    if (query !== undefined) expect(asked.at(-1)?.query).toMatchObject(query);
    const live = world.broker.liveInstances().map((each) => each.id);
    expect(live.includes(id)).toBe(isLeft ?? (becomes === 'ready' && isAnew !== true));
    if (instance === undefined) return;
    expect(instance.metadata.finalizers).toEqual([finalizer]);
    expect(instance.metadata.labels).toMatchObject(queryLabels(serviceInstances.kind, instance.spec));
  });

  it('nothing was asked for that no instance is named for', () => {
    const ids = new Set(world.broker.liveInstances().map(({ id }) => id));
    expect(ids.size).toBeGreaterThan(0);
    expect(world.broker.violations).toEqual([]);
  });
});
