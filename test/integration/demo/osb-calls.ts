import type { PostgresBroker } from '../../../demo/postgres-broker/server.ts';
import { plans, serviceId } from '../../../demo/postgres-broker/catalog.ts';

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Credentials {
  readonly type: string;
  readonly uri: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
}

export type PlanName = 'small' | 'large';

/** The requests of a platform, as plain HTTP. */
export class OsbCalls {
  readonly #broker: PostgresBroker;

  constructor(broker: PostgresBroker) {
    this.#broker = broker;
  }

  async call(method: string, path: string, body?: unknown, headers?: object): Promise<Answer> {
    const { url, username, password } = this.#broker;
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Basic ${btoa(`${username}:${password}`)}`,
        'x-broker-api-version': '2.17',
        'content-type': 'application/json',
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }

  async provision(id: string, plan: PlanName, parameters?: unknown, query = '?accepts_incomplete=true') {
    const body = {
      service_id: serviceId,
      plan_id: planId(plan),
      organization_guid: 'default',
      space_guid: 'default',
      ...(parameters === undefined ? {} : { parameters }),
    };
    return this.call('PUT', `/v2/service_instances/${encodeURIComponent(id)}${query}`, body);
  }

  async deprovision(id: string, plan: PlanName) {
    return this.call('DELETE', `/v2/service_instances/${encodeURIComponent(id)}?${hints(plan)}`);
  }

  async bind(instance: string, id: string, plan: PlanName, more?: object) {
    const body = { service_id: serviceId, plan_id: planId(plan), ...more };
    return this.call('PUT', bindingPath(instance, id), body);
  }

  async unbind(instance: string, id: string, plan: PlanName) {
    return this.call('DELETE', `${bindingPath(instance, id)}?${hints(plan)}`);
  }

  /** Polls while the operation is in progress; returns all states seen and the last answer. */
  async poll(id: string, operation: unknown) {
    const path = `/v2/service_instances/${encodeURIComponent(id)}/last_operation`;
    const seen: string[] = [];
    for (;;) {
      const answer = await this.call('GET', `${path}?operation=${encodeURIComponent(String(operation))}`);
      const state = answer.body['state'];
      seen.push(typeof state === 'string' ? state : `HTTP ${answer.status}`);
      if (state !== 'in progress') return { seen, answer };
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

export function bindingPath(instance: string, id: string): string {
  return `/v2/service_instances/${encodeURIComponent(instance)}/service_bindings/${encodeURIComponent(id)}`;
}

export function credentialsOf(answer: Answer): Credentials {
  return answer.body['credentials'] as Credentials;
}

function planId(name: PlanName): string {
  return plans.find((plan) => plan.name === name)?.id ?? '';
}

function hints(plan: PlanName): string {
  return `service_id=${serviceId}&plan_id=${planId(plan)}&accepts_incomplete=true`;
}
