import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  accepted,
  asyncRequired,
  concurrent,
  conflict,
  created,
  gone,
  notFound,
  ok,
  refused,
} from './answer.ts';
import type { Answer } from './answer.ts';
import { serviceId, type Plan } from './catalog.ts';
import type { DatabaseOptions, Databases, Login } from './databases.ts';
import { KeyedQueue } from './keyed-queue.ts';
import type { InstanceParameters } from './parameters.ts';
import type { BindRequest, ProvisionRequest, UpdateRequest } from './requests.ts';

export interface BrokerDeps {
  readonly databases: Databases;
  /** Where the databases are reached; part of the credentials. */
  readonly address: { readonly host: string; readonly port: number };
  /** How long an asynchronous operation takes at least, so that there is something to poll. */
  readonly asynchronousMs: number;
  readonly onFailure: (what: string, error: unknown) => void;
}

interface Instance {
  plan: Plan;
  parameters: InstanceParameters;
  state: 'creating' | 'ready' | 'failed' | 'deleting';
  operation: string;
  readonly bindings: Map<string, Binding>;
}

interface Binding {
  readonly plan: Plan;
  readonly predecessorId: string | undefined;
  readonly login: Login;
}

/**
 * The broker's decisions: what exists, and the answer to each request about it. It remembers in memory, since
 * its databases do not outlive it either. Requests for one instance are answered one after the other.
 */
export class Broker {
  readonly #deps: BrokerDeps;
  readonly #instances = new Map<string, Instance>();
  readonly #queue = new KeyedQueue();
  readonly #background = new Set<Promise<void>>();

  constructor(deps: BrokerDeps) {
    this.#deps = deps;
  }

  async provision(id: string, request: ProvisionRequest, acceptsIncomplete: boolean): Promise<Answer> {
    return this.#queue.run(id, async () => {
      const { plan, parameters } = request;
      const known = this.#instances.get(id);
      if (known !== undefined && known.state !== 'failed') return repeatedProvision(known, request);
      if (plan.asynchronous && !acceptsIncomplete) return asyncRequired;
      const operation = `provision-${randomUUID()}`;
      const instance: Instance = { plan, parameters, state: 'creating', operation, bindings: new Map() };
      this.#instances.set(id, instance);
      if (plan.asynchronous) {
        this.#later(id, async () => {
          await this.#create(id, instance);
        });
        return accepted(operation);
      }
      if (await this.#create(id, instance)) return created;
      this.#instances.delete(id);
      return refused(500, 'the database could not be created');
    });
  }

  async update(id: string, request: UpdateRequest): Promise<Answer> {
    return this.#queue.run(id, async () => {
      const instance = this.#instances.get(id);
      if (instance === undefined) return notFound;
      if (instance.state !== 'ready') return concurrent;
      const plan = request.plan ?? instance.plan;
      const parameters = { ...instance.parameters, ...request.parameters };
      await this.#deps.databases.configure(id, databaseOptions(plan, parameters));
      Object.assign(instance, { plan, parameters });
      return ok;
    });
  }

  async deprovision(id: string, acceptsIncomplete: boolean): Promise<Answer> {
    return this.#queue.run(id, async () => {
      const instance = this.#instances.get(id);
      if (instance === undefined) return gone;
      if (instance.state === 'deleting') return accepted(instance.operation);
      if (instance.state === 'creating') return concurrent;
      if (!instance.plan.asynchronous) {
        await this.#remove(id, instance);
        return ok;
      }
      if (!acceptsIncomplete) return asyncRequired;
      Object.assign(instance, { state: 'deleting', operation: `deprovision-${randomUUID()}` });
      this.#later(id, async () => this.#remove(id, instance));
      return accepted(instance.operation);
    });
  }

  async bind(instanceId: string, id: string, request: BindRequest): Promise<Answer> {
    return this.#queue.run(instanceId, async () => {
      const instance = this.#instances.get(instanceId);
      if (instance === undefined) return notFound;
      if (instance.state !== 'ready') return concurrent;
      const known = instance.bindings.get(id);
      if (known !== undefined) {
        const same = known.plan === request.plan && known.predecessorId === request.predecessorId;
        return same ? { status: 200, body: { credentials: this.#credentials(known.login) } } : conflict;
      }
      if (request.predecessorId !== undefined && !instance.bindings.has(request.predecessorId)) {
        return refused(404, 'predecessor_binding_id is not a binding of this instance');
      }
      const login = await this.#deps.databases.createLogin(instanceId, id);
      instance.bindings.set(id, { ...request, login });
      return { status: 201, body: { credentials: this.#credentials(login) } };
    });
  }

  async unbind(instanceId: string, id: string): Promise<Answer> {
    return this.#queue.run(instanceId, async () => {
      const instance = this.#instances.get(instanceId);
      if (instance?.bindings.has(id) !== true) return gone;
      if (instance.state !== 'ready') return concurrent;
      await this.#deps.databases.dropLogin(instanceId, id);
      instance.bindings.delete(id);
      return ok;
    });
  }

  instance(id: string): Answer {
    const instance = this.#instances.get(id);
    if (instance === undefined || instance.state === 'creating' || instance.state === 'failed')
      return notFound;
    const body = { service_id: serviceId, plan_id: instance.plan.id, parameters: instance.parameters };
    return { status: 200, body };
  }

  binding(instanceId: string, id: string): Answer {
    const binding = this.#instances.get(instanceId)?.bindings.get(id);
    if (binding === undefined) return notFound;
    return { status: 200, body: { credentials: this.#credentials(binding.login) } };
  }

  /** The state of an instance's last operation; 410 once a deletion is through. */
  lastOperation(id: string, operation: string | undefined): Answer {
    const instance = this.#instances.get(id);
    if (instance === undefined) return operation?.startsWith('deprovision-') === true ? gone : notFound;
    const descriptions = {
      creating: ['in progress', 'creating the database'],
      deleting: ['in progress', 'removing the database'],
      ready: ['succeeded', 'the database is ready'],
      failed: ['failed', 'the database could not be created or removed'],
    } as const;
    const [state, description] = descriptions[instance.state];
    return { status: 200, body: { state, description } };
  }

  /** Resolves when no background operation is running. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#background);
  }

  /** True when the database is there; false when it could not be made, and then nothing is left of it. */
  async #create(id: string, instance: Instance): Promise<boolean> {
    const { databases, onFailure } = this.#deps;
    try {
      await databases.create(id, databaseOptions(instance.plan, instance.parameters));
      instance.state = 'ready';
      return true;
    } catch (error: unknown) {
      instance.state = 'failed';
      onFailure('create a database', error);
      await databases.drop(id).catch((again: unknown) => onFailure('remove a half-made database', again));
      return false;
    }
  }

  async #remove(id: string, instance: Instance): Promise<void> {
    const { databases } = this.#deps;
    // A platform unbinds first; but a login that it lost track of must not keep the database for ever.
    for (const bindingId of instance.bindings.keys()) {
      await databases.dropLogin(id, bindingId);
      instance.bindings.delete(bindingId);
    }
    await databases.drop(id);
    this.#instances.delete(id);
  }

  #later(id: string, task: () => Promise<void>): void {
    const { asynchronousMs, onFailure } = this.#deps;
    const work = delay(asynchronousMs, undefined, { ref: false }).then(task);
    const settled: Promise<void> = work
      .catch((error: unknown) => {
        onFailure('finish an operation', error);
        const instance = this.#instances.get(id);
        if (instance !== undefined) instance.state = 'failed';
      })
      .finally(() => this.#background.delete(settled));
    this.#background.add(settled);
  }

  #credentials(login: Login): object {
    const { host, port } = this.#deps.address;
    const { database, username, password } = login;
    const uri = `postgresql://${username}:${password}@${host}:${port}/${database}`;
    return { type: 'postgresql', uri, host, port, database, username, password };
  }
}

function repeatedProvision(known: Instance, request: ProvisionRequest): Answer {
  if (known.state === 'deleting') return concurrent;
  const same =
    known.plan === request.plan && JSON.stringify(known.parameters) === JSON.stringify(request.parameters);
  if (!same) return conflict;
  return known.state === 'creating' ? accepted(known.operation) : ok;
}

function databaseOptions(plan: Plan, parameters: InstanceParameters): DatabaseOptions {
  return {
    connectionLimit: parameters.connectionLimit ?? plan.connectionLimit,
    extensions: parameters.extensions ?? [],
  };
}
