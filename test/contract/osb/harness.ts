import { BrokerClient } from '../../../src/osb/broker-client.ts';
import type { BrokerCall, BrokerClientOptions } from '../../../src/osb/options.ts';
import type { FetchOutcome, Outcome, PollOutcome } from '../../../src/osb/outcome-types.ts';
import type {
  BindingAnswer,
  BindRequest,
  DeletionAnswer,
  InstanceAnswer,
  OriginatingIdentity,
  ProvisionRequest,
} from '../../../src/osb/types.ts';
import { sampleCatalog } from '../../support/test-broker/sample-catalog.ts';
import { TestBroker, type TestBrokerOptions } from '../../support/test-broker/test-broker.ts';

/** Never aborts. */
export const never = new AbortController().signal;

const [database, cache] = sampleCatalog().services as [Service, Service];
type Service = ReturnType<typeof sampleCatalog>['services'][number];

/** Ids of the test broker's own catalog. */
export const serviceId = database.id;
export const [smallPlan, largePlan, fixedPlan] = database.plans.map(({ id }) => id) as [
  string,
  string,
  string,
];
export const cacheService = cache.id;
export const cachePlan = (cache.plans[0] as { readonly id: string }).id;

export const identity: OriginatingIdentity = {
  platform: 'kubernetes',
  value: { username: 'duke', uid: 'u-1', groups: ['admin', 'dev'], extra: { mail: ['duke@example.org'] } },
};

export const instance = { instanceId: 'i-1', serviceId, planId: smallPlan };
export const binding = { ...instance, bindingId: 'b-1' };

export function provisionOf(more: Partial<ProvisionRequest> = {}): ProvisionRequest {
  const context = { platform: 'kubernetes', namespace: 'shop', clusterid: 'c-1' };
  return { ...instance, context, organizationGuid: 'c-1', spaceGuid: 'n-1', ...more };
}

export function bindOf(more: Partial<BindRequest> = {}): BindRequest {
  const context = { platform: 'kubernetes', namespace: 'shop', clusterid: 'c-1' };
  return { ...binding, context, appGuid: 'n-1', acceptsIncomplete: true, ...more };
}

export interface Pair {
  readonly broker: TestBroker;
  readonly client: BrokerClient;
  /** What the client reported of itself. */
  readonly calls: readonly BrokerCall[];
}

/** A broker and a client for it; both are gone afterwards, also when the test fails. */
export async function withBroker(
  test: (pair: Pair) => Promise<void>,
  options: { readonly broker?: TestBrokerOptions; readonly client?: Partial<BrokerClientOptions> } = {},
): Promise<void> {
  await using broker = await TestBroker.start(options.broker);
  const calls: BrokerCall[] = [];
  const client = clientOf(broker, { observe: (call) => calls.push(call), ...options.client });
  try {
    await test({ broker, client, calls });
  } finally {
    await broker.stop();
    await client.close();
  }
}

export function clientOf(broker: TestBroker, more: Partial<BrokerClientOptions> = {}): BrokerClient {
  const auth = broker.auth.kind === 'none' ? undefined : broker.auth;
  return new BrokerClient({
    url: broker.url,
    auth,
    allowLoopback: true,
    timeoutMs: 10_000,
    environment: {},
    ...more,
  });
}

/** Any of the five writes, with ordinary arguments. */
export const writes = {
  provision: async (client: BrokerClient, signal = never) => client.provision(provisionOf(), signal),
  update: async (client: BrokerClient, signal = never) =>
    client.update({ ...instance, planId: largePlan }, signal),
  deprovision: async (client: BrokerClient, signal = never) => client.deprovision(instance, signal),
  bind: async (client: BrokerClient, signal = never) => client.bind(bindOf(), signal),
  unbind: async (client: BrokerClient, signal = never) =>
    client.unbind({ ...binding, acceptsIncomplete: true }, signal),
} as const satisfies Readonly<
  Record<
    string,
    (
      client: BrokerClient,
      signal?: AbortSignal,
    ) => Promise<Outcome<InstanceAnswer | BindingAnswer | DeletionAnswer>>
  >
>;

export const writeNames = Object.keys(writes) as readonly (keyof typeof writes)[];

/** Any of the ten operations, with ordinary arguments. */
export const operations = {
  ...writes,
  catalog: (client: BrokerClient) => client.catalog({}, never),
  getInstance: (client: BrokerClient) => client.getInstance(instance, never),
  getBinding: (client: BrokerClient) => client.getBinding(binding, never),
  pollInstance: (client: BrokerClient) => client.pollInstance(instance, never),
  pollBinding: (client: BrokerClient) => client.pollBinding(binding, never),
} as const;

export const operationNames = Object.keys(operations) as readonly (keyof typeof operations)[];

/** An instance and a binding at the broker, and no trace of the requests that made them. */
export async function prepare({ broker, client }: Pair): Promise<void> {
  expectDone(await client.provision(provisionOf(), never));
  expectDone(await client.bind(bindOf(), never));
  broker.forget();
}

export function expectDone<T>(outcome: Outcome<T> | FetchOutcome<T>): T {
  if (outcome.kind !== 'done') throw new Error(`expected done, not ${JSON.stringify(outcome)}`);
  return outcome.body;
}

/** Polls as long as the operation is in progress. */
export async function pollToTheEnd(poll: () => Promise<PollOutcome>): Promise<PollOutcome> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const outcome = await poll();
    if (outcome.kind !== 'in-progress') return outcome;
  }
  throw new Error('the operation never ended');
}

/** Waits until so many requests have arrived at the broker. */
export async function arrived(broker: TestBroker, count = 1): Promise<void> {
  while (broker.requests.length < count) await new Promise(setImmediate);
}
