import { randomUUID } from 'node:crypto';
import { apiVersion, finalizer } from '../../../src/api/group.ts';
import { isConditionTrue } from '../../../src/api/conditions.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { secrets } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import type { RecordedRequest } from '../../support/test-broker/recorded-request.ts';
import { dyingBindings, livingBindings, type OldBinding } from './old-bindings.ts';
import {
  askBroker,
  condition,
  instanceSpec,
  leave,
  leaveCatalog,
  oldCatalog,
  properties,
  scopes,
  type Scope,
} from './old-catalog.ts';

/** Everything that Service Catalog 0.3 left is taken over at once, as when Bindery comes in its place. */
interface Taken extends OldBinding {
  readonly title: string;
  readonly name: string;
  readonly scope: Scope;
  readonly id: string;
}

const cases: readonly Taken[] = scopes.flatMap((scope) =>
  [livingBindings, dyingBindings].flatMap((states, isDeleted) =>
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
let requests: readonly RecordedRequest[];
const problems = new Map<Taken, unknown>();

beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none', catalog: oldCatalog });
  await leaveCatalog(world);
  for (const each of cases) await leaveBinding(each);
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
  await world.createBinding('last', 'last');
  await world.binding('last', isReady, 'is ready');
  requests = [...world.broker.requests];
}, 300_000);
afterAll(() => world?.stop());

/** Each of an instance of its own, which is ready. */
async function leaveBinding({ name, scope, id, status, asked, isDeleted, hasSecret }: Taken): Promise<void> {
  const instanceId = randomUUID();
  await askBroker(world, 'PUT', instanceId);
  await leave(world, serviceInstances, {
    metadata: { name, finalizers: [finalizer] },
    spec: instanceSpec(scope, 'small', instanceId),
    status: {
      conditions: [condition('Ready', 'True', 'ProvisionedSuccessfully')],
      currentOperation: '',
      provisionStatus: 'Provisioned',
      deprovisionStatus: 'Required',
      reconciledGeneration: 1,
      observedGeneration: 1,
      externalProperties: properties(scope, 'small'),
    },
  });
  await asked?.(world, `${instanceId}/service_bindings/${id}`);
  const binding = await leave(world, serviceBindings, {
    metadata: { name, finalizers: [finalizer] },
    spec: { instanceRef: { name }, externalID: id, secretName: name },
    status,
    isDeleted,
  });
  if (hasSecret === true) await leaveSecret(binding);
}

async function leaveSecret({ metadata: { name, uid = '' } }: KubeObject): Promise<void> {
  const owner = { apiVersion, kind: serviceBindings.kind, name, uid, controller: true };
  const metadata = {
    namespace: world.namespace,
    name,
    ownerReferences: [{ ...owner, blockOwnerDeletion: true }],
  };
  await world.client.create(secrets, { metadata, stringData: { password: 'as it was' } } as KubeObject);
}

async function hasBecome({ name, becomes, title }: Taken): Promise<void> {
  if (becomes === 'gone') return world.gone(serviceBindings, name);
  const type = becomes === 'ready' ? 'Ready' : 'Failed';
  await world.binding(
    name,
    ({ status = {} }) =>
      isConditionTrue(status.conditions, type) &&
      !status.currentOperation &&
      status.orphanMitigationInProgress !== true,
    `${title} becomes ${becomes}`,
  );
}

describe('of the bindings that Service Catalog 0.3 left', () => {
  it.each(cases)('$title: the broker is asked $calls', async (taken) => {
    if (problems.has(taken)) throw problems.get(taken);
    const { name, id, calls, query, becomes, isLeft, hasSecret } = taken;
    const binding = await world.find<ServiceBinding>(serviceBindings, name);
    const ids = [id, binding?.status?.bindingID];
    const asked = requests.filter(({ bindingId }) => bindingId !== undefined && ids.includes(bindingId));
    expect(asked.map(({ operation, status }) => `${operation} ${status}`)).toEqual(calls);
    if (query !== undefined) expect(asked.at(-1)?.query).toMatchObject(query);
    const live = world.broker.liveBindings().map((each) => each.id);
    expect(live.includes(id)).toBe(isLeft ?? becomes === 'ready');
    const secret = await world.find(secrets, name);
    expect(secret !== undefined).toBe(becomes === 'ready');
    if (becomes === 'ready' && hasSecret === true) {
      expect(await world.secret(name)).toMatchObject({ password: 'as it was' });
    }
  });

  it('nothing was asked of their instances, and nothing that a platform may not ask', () => {
    const made = world.broker.liveInstances().length;
    const asked = requests.filter(({ bindingId, instanceId }) => instanceId && bindingId === undefined);
    expect(asked.map(({ operation }) => operation)).toEqual(['provision']);
    expect(made).toBe(cases.length + 1);
    expect(world.broker.violations).toEqual([]);
  });
});
