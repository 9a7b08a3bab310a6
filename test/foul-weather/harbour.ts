import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { ServiceBinding } from '../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../src/api/generated/service-instance.ts';
import { apiVersion, injectedAnnotation } from '../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../src/api/kinds.ts';
import { isConditionTrue } from '../../src/api/conditions.ts';
import { errorMessage } from '../../src/base/logger.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { isApiError } from '../../src/kube/errors.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { deployments, pods, secrets } from '../../src/kube/resources.ts';
import { insist } from './insist.ts';
import type { Random } from './random.ts';

export const namespace = 'harbour';

/** What somebody has asked for and not given back. */
export interface Order {
  readonly name: string;
  /** `manifests`: an instance and a binding of this name. `annotation`: a Deployment of this name asks for both. */
  readonly by: 'manifests' | 'annotation';
  readonly plan: 'small' | 'large';
  /** The row that was written into its database. From then on it must be there. */
  mark?: string;
  /** Given back; nothing of it may be left in the end. */
  isReturned: boolean;
  /** Not to be touched by anybody else now. */
  isHeld: boolean;
  /** Came back from a dump: held until it is ready, since what goes before anybody has seen it stays at the broker. */
  isRestored?: boolean;
}

interface Secret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

const className = 'postgresql';
const bindKey = 'bind.servicecatalog.k8s.io/db';
const callTimeoutMs = 10_000;
const mostOrders = 24;
const fewestOrders = 8;

/** The people of one namespace, who go on ordering databases, using them and giving them back in any weather. */
export class Harbour {
  readonly orders: Order[] = [];
  /** Rows that were not found again, and logins that were refused after they had worked. */
  readonly losses: string[] = [];
  readonly #client: KubeClient;
  readonly #random: Random;
  readonly #signal: AbortSignal;

  constructor(client: KubeClient, random: Random, signal: AbortSignal) {
    this.#client = client;
    this.#random = random;
    this.#signal = signal;
  }

  get wanted(): readonly Order[] {
    return this.orders.filter(({ isReturned }) => !isReturned);
  }

  /** Orders, uses and gives back until the signal aborts. */
  async work(until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      await this.#welcomeBack();
      await this.#act(this.#random.next());
      await delay(this.#random.between(100, 600), undefined, { signal: until }).catch(() => undefined);
    }
  }

  async order(by: Order['by'], plan: Order['plan']): Promise<Order> {
    const order: Order = { name: `s${this.orders.length}`, by, plan, isReturned: false, isHeld: false };
    this.orders.push(order);
    if (by === 'annotation') {
      await this.#create(deployments, deployment(order));
    } else {
      await this.#create(serviceInstances, instance(order));
      await this.#create(serviceBindings, binding(order));
    }
    return order;
  }

  /** The Secret of the order, once it is there: that of its binding, or the one that its Pod mounts. */
  async secretOf(order: Order): Promise<string | undefined> {
    if (order.by === 'manifests') {
      const found = await this.#find<ServiceBinding>(serviceBindings, order.name);
      return isConditionTrue(found?.status?.conditions, 'Ready') ? order.name : undefined;
    }
    const { items } = await this.#client.list(
      pods,
      { namespace, labelSelector: `app=${order.name}` },
      { signal: this.#signal, timeoutMs: callTimeoutMs },
    );
    const [note] = items.flatMap(({ metadata }) => metadata.annotations?.[injectedAnnotation] ?? []);
    if (note === undefined) return undefined;
    const { bindings = [] } = JSON.parse(note) as { bindings?: readonly { readonly secret: string }[] };
    return bindings[0]?.secret;
  }

  /** Logs in with the credentials in the Secret. @throws when there is no Secret, or it opens nothing */
  async open<T>(secretName: string, use: (database: Client) => Promise<T>): Promise<T> {
    const secret = await this.#find<Secret>(secrets, secretName);
    const uri = Buffer.from(secret?.data?.['uri'] ?? '', 'base64').toString();
    if (uri === '') throw new Error(`Secret ${secretName} is not there, or has no uri`);
    const database = new Client({ connectionString: uri, connectionTimeoutMillis: 5_000 });
    await database.connect();
    try {
      return await use(database);
    } finally {
      await database.end();
    }
  }

  async #welcomeBack(): Promise<void> {
    for (const order of this.orders.filter(({ isRestored }) => isRestored === true)) {
      const isBack = await this.secretOf(order).catch(() => undefined);
      if (isBack !== undefined) Object.assign(order, { isHeld: false, isRestored: false });
    }
  }

  async #act(choice: number): Promise<void> {
    const free = this.wanted.filter(({ isHeld }) => !isHeld);
    const order = this.#random.pick(free);
    if (free.length < fewestOrders || (choice < 0.3 && free.length < mostOrders)) {
      const by = this.#random.next() < 0.3 ? 'annotation' : 'manifests';
      await this.order(by, this.#random.next() < 0.7 ? 'small' : 'large');
    } else if (order === undefined) return;
    else if (choice < 0.4) await this.#giveBack(order);
    else if (choice < 0.5) await this.#touch(order);
    else await this.#use(order);
  }

  /** Writes a row the first time, and looks for it from then on. */
  async #use(order: Order): Promise<void> {
    try {
      const secret = await this.secretOf(order);
      if (secret === undefined) return;
      await this.open(secret, async (database) => {
        if (order.mark === undefined) {
          const mark = `${order.name} was here`;
          await database.query('CREATE TABLE IF NOT EXISTS marks (mark text)');
          await database.query('INSERT INTO marks VALUES ($1)', [mark]);
          order.mark = mark;
        } else if (!(await hasMark(database, order.mark))) this.losses.push(`${order.name}: its row is gone`);
      });
    } catch (error) {
      // No API server, or the Secret of a new service is not written yet. A login that worked must work on.
      if (isLogin(error) && order.mark !== undefined && !order.isHeld) {
        this.losses.push(`${order.name}: ${errorMessage(error)}`);
      }
    }
  }

  async #giveBack(order: Order): Promise<void> {
    order.isReturned = true;
    if (order.by === 'annotation') await this.#delete(deployments, order.name);
    else {
      const both = [serviceBindings, serviceInstances].map((kind) => this.#delete(kind, order.name));
      await Promise.all(both);
    }
  }

  /** An edit that asks for nothing. */
  async #touch({ name, by }: Order): Promise<void> {
    const resource = by === 'annotation' ? deployments : serviceInstances;
    const annotations = { 'example.com/touched': String(this.#random.between(0, 1e6)) };
    await insist(
      () =>
        this.#client.patch(
          resource,
          { namespace, name },
          { metadata: { annotations } },
          {
            type: 'merge',
            signal: this.#signal,
            timeoutMs: callTimeoutMs,
          },
        ),
      this.#signal,
    );
  }

  async #create(resource: typeof deployments, object: KubeObject): Promise<void> {
    const options = { signal: this.#signal, timeoutMs: callTimeoutMs };
    await insist(() => this.#client.create(resource, object, options), this.#signal);
  }

  async #delete(resource: typeof deployments, name: string): Promise<void> {
    const options = { signal: this.#signal, timeoutMs: callTimeoutMs };
    await insist(() => this.#client.delete(resource, { namespace, name }, options), this.#signal);
  }

  async #find<T extends KubeObject>(resource: typeof deployments, name: string): Promise<T | undefined> {
    const options = { signal: this.#signal, timeoutMs: callTimeoutMs };
    return insist(() => this.#client.get<T>(resource, { namespace, name }, options), this.#signal);
  }
}

export async function hasMark(database: Client, mark: string): Promise<boolean> {
  const { rowCount } = await database.query('SELECT 1 FROM marks WHERE mark = $1', [mark]);
  return (rowCount ?? 0) > 0;
}

/** PostgreSQL itself has said no: it does not know the role, the password or the database. */
function isLogin(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return !isApiError(error) && ['28P01', '28000', '3D000', '42P01'].includes(code);
}

function instance({ name, plan }: Order): ServiceInstance {
  return {
    apiVersion,
    kind: serviceInstances.kind,
    metadata: { namespace, name },
    spec: { clusterServiceClassExternalName: className, clusterServicePlanExternalName: plan },
  };
}

function binding({ name }: Order): ServiceBinding {
  return {
    apiVersion,
    kind: serviceBindings.kind,
    metadata: { namespace, name },
    spec: { instanceRef: { name } },
  };
}

function deployment({ name, plan }: Order): KubeObject {
  const labels = { app: name };
  // Equal requests of two Deployments are two services: each belongs to its workload.
  const annotations = { [bindKey]: `request/${className}/${plan}` };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name, annotations },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'main', image: 'registry.example.com/none:1' }] },
      },
    },
  } as KubeObject;
}
