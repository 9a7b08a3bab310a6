import { TestBroker, type TestBrokerOptions } from '../../support/test-broker/test-broker.ts';
import { serviceId, smallPlan } from './harness.ts';

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
}

export interface Ask {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

const version = { 'x-broker-api-version': '2.17', 'x-broker-api-request-identity': 'r-1' };
export const instancePath = '/v2/service_instances/i-1';
export const bindingPath = `${instancePath}/service_bindings/b-1`;
export const hints = `service_id=${serviceId}&plan_id=${smallPlan}`;
export const ids = { service_id: serviceId, plan_id: smallPlan };
export const provisionBody = { ...ids, organization_guid: 'o', space_guid: 's' };
export const incomplete = 'accepts_incomplete=true';

/** Speaks with the broker as curl would: the client under test is not used here. */
async function ask(broker: TestBroker, method: string, path: string, request: Ask = {}): Promise<Answer> {
  const { auth } = broker;
  const authorization =
    auth.kind === 'basic'
      ? `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`
      : '';
  const response = await fetch(`${broker.url}${path}`, {
    method,
    headers: { authorization, ...version, 'content-type': 'application/json', ...request.headers },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
  });
  const text = await response.text();
  const body = (text === '' ? {} : JSON.parse(text)) as Answer['body'];
  return { status: response.status, body, headers: response.headers };
}

export async function withTestBroker(
  test: (
    broker: TestBroker,
    asks: (method: string, path: string, request?: Ask) => Promise<Answer>,
  ) => Promise<void>,
  options: TestBrokerOptions = {},
): Promise<void> {
  await using broker = await TestBroker.start(options);
  await test(broker, async (method, path, request) => ask(broker, method, path, request));
}

export const provision = `${instancePath}?${incomplete}`;
